package wapi

import "github.com/seed-6b91b535/idrec/shared"

// Success is the vendor code of a billed answer, whatever it says of the picture.
const Success = 10000

// VendorCode is a row of the platform's table of status codes, and what this client makes of it.
type VendorCode struct {
	Number  int
	Meaning string // the vendor's, in English
	// Code is the error that a caller sees; empty for [Success].
	Code    shared.Code
	Outcome shared.Outcome
	Basis   shared.Basis
	// Resends is how often such an answer is sent again within one call, if its bound allows it.
	Resends int

	resend resend
}

// VendorCodes returns the table, in the order of the numbers. An answer with any other number has an
// unknown outcome.
func VendorCodes() []VendorCode {
	out := append([]VendorCode(nil), vendorCodes...)
	for i := range out {
		out[i].Outcome, out[i].Basis = shared.OutcomeRejected, shared.BasisDocumented
		if out[i].Number == Success {
			out[i].Outcome = shared.OutcomeBilled
		}
		out[i].Resends = resendRules[out[i].resend].max
	}
	return out
}

// messageCode is the code whose meaning stands in its text alone.
const messageCode = 10019

// The vendor's page bills 10000 and nothing else; so every other code that it lists is a documented
// rejection. 10016 is not on the page, and codes that sibling APIs show (10023 accepted, answer by
// callback; 10024 debug data; 10025 no data) are not either.
var vendorCodes = []VendorCode{
	{Number: Success, Meaning: "success"},
	{Number: 10001, Meaning: "appid missing", Code: shared.CodeAppIDMissing},
	{Number: 10002, Meaning: "sign missing", Code: shared.CodeSignatureMissing, resend: resendCutBody},
	{Number: 10003, Meaning: "sign does not verify", Code: shared.CodeSignatureRefused},
	{Number: 10004, Meaning: "clock differs by over 10 minutes", Code: shared.CodeClockSkew, resend: resendClock},
	{Number: 10005, Meaning: "appid wrong", Code: shared.CodeAppIDUnknown},
	{Number: 10006, Meaning: "this IP address is not authorised", Code: shared.CodeAddressNotAllowed},
	{Number: 10007, Meaning: "application disabled", Code: shared.CodeApplicationDisabled},
	{Number: 10008, Meaning: "the application does not include this API", Code: shared.CodeAPINotIncluded},
	{Number: 10009, Meaning: "no such API", Code: shared.CodeNoSuchAPI},
	{Number: 10010, Meaning: "this API was not ordered", Code: shared.CodeAPINotOrdered},
	{Number: 10011, Meaning: "the API's term has expired", Code: shared.CodeTermExpired},
	{Number: 10012, Meaning: "no API ordered at all", Code: shared.CodeNoAPIOrdered},
	{Number: 10013, Meaning: "the API is suspended", Code: shared.CodeAPISuspended},
	{Number: 10014, Meaning: "unknown error", Code: shared.CodeVendorUnknownError, resend: resendUnknown},
	{Number: 10015, Meaning: "wrong number of parameters", Code: shared.CodeParameterCount},
	{Number: 10017, Meaning: "time is not an integer", Code: shared.CodeTimeNotInteger},
	{Number: 10018, Meaning: "no calls left", Code: shared.CodeQuotaExhausted},
	{Number: messageCode, Meaning: "free text, in the message", Code: shared.CodeVendorMessage},
	{Number: 10020, Meaning: "no such sub-API, perhaps closed", Code: shared.CodeNoSuchSubAPI},
	{Number: 10021, Meaning: "server error", Code: shared.CodeVendorServerError, resend: resendServer},
	{Number: 10022, Meaning: "balance too low", Code: shared.CodeBalanceTooLow},
}

var vendorCodeIndex = func() map[int]VendorCode {
	m := make(map[int]VendorCode, len(vendorCodes))
	for _, c := range vendorCodes {
		m[c.Number] = c
	}
	return m
}()
