package shared

// Code is the stable name of one kind of failure. It is an error itself, so that
// errors.Is(err, shared.CodeQuotaExhausted) works on whatever wraps an [Error].
type Code string

// Error makes a Code usable as the target of errors.Is.
func (c Code) Error() string { return "idrec: " + string(c) }

// Class says who can do something about a failure. It is an error too, for errors.Is.
type Class string

// Error makes a Class usable as the target of errors.Is.
func (c Class) Error() string { return "idrec: class " + string(c) }

// The classes.
const (
	ClassInput         Class = "input"         // this picture or request: give another one
	ClassConfiguration Class = "configuration" // settings or credentials: correct them
	ClassPaused        Class = "paused"        // somebody must pay or permit; then the same request goes through
	ClassTransient     Class = "transient"     // try the same request again later
	ClassUnclear       Class = "unclear"       // it may have been billed: settle it before asking again
	ClassInternal      Class = "internal"      // a defect of a program
)

// The codes of class input.
const (
	CodeInvalidRequest    Code = "invalid_request"
	CodeNotAPicture       Code = "not_a_picture"
	CodePictureEmpty      Code = "picture_empty"
	CodePictureBroken     Code = "picture_broken"
	CodePictureTooSmall   Code = "picture_too_small"
	CodePictureTooLarge   Code = "picture_too_large"
	CodePictureBlank      Code = "picture_blank"
	CodePictureUnreadable Code = "picture_unreadable"
	CodePictureChanged    Code = "picture_changed"
	CodeFormatUnsupported Code = "format_unsupported"
	CodeMessageTooLarge   Code = "message_too_large"
	CodeURLInvalid        Code = "url_invalid"
	CodeURLTooLong        Code = "url_too_long"
	CodeURLRefused        Code = "url_refused"
	CodeURLFailed         Code = "url_failed"
	CodeKeyReused         Code = "key_reused"
	CodeForgotten         Code = "forgotten"
	CodeVendorMessage     Code = "vendor_message"
)

// The codes of class configuration.
const (
	CodeConfigurationInvalid Code = "configuration_invalid"
	CodeNotConfigured        Code = "not_configured"
	CodeNotSupported         Code = "not_supported"
	CodeSignatureRefused     Code = "signature_refused"
	CodeAppIDUnknown         Code = "appid_unknown"
	CodeCredentialsLatched   Code = "credentials_latched"
	CodeClockSkew            Code = "clock_skew"
	CodeNoSuchAPI            Code = "no_such_api"
	CodeNoSuchSubAPI         Code = "no_such_sub_api"
	CodeHostNotFound         Code = "host_not_found"
	CodeTLSUntrusted         Code = "tls_untrusted"
	CodeHTTPRefused          Code = "http_refused"
	CodePluginNotFound       Code = "plugin_not_found"
	CodePluginRefused        Code = "plugin_refused"
	CodePluginFailed         Code = "plugin_failed"
)

// The codes of class paused.
const (
	CodeAddressNotAllowed   Code = "address_not_allowed"
	CodeApplicationDisabled Code = "application_disabled"
	CodeAPINotIncluded      Code = "api_not_included"
	CodeAPINotOrdered       Code = "api_not_ordered"
	CodeTermExpired         Code = "term_expired"
	CodeNoAPIOrdered        Code = "no_api_ordered"
	CodeAPISuspended        Code = "api_suspended"
	CodeQuotaExhausted      Code = "quota_exhausted"
	CodeBalanceTooLow       Code = "balance_too_low"
	CodeBudgetExhausted     Code = "budget_exhausted"
)

// The codes of class transient.
const (
	CodeCanceled            Code = "canceled"
	CodeDeadlineExceeded    Code = "deadline_exceeded"
	CodeUpstreamUnreachable Code = "upstream_unreachable"
	CodeUploadInterrupted   Code = "upload_interrupted"
	CodeUpstreamBusy        Code = "upstream_busy"
	CodeUpstreamUnstable    Code = "upstream_unstable"
	CodeVendorServerError   Code = "vendor_server_error"
	CodeVendorUnknownError  Code = "vendor_unknown_error"
	CodePluginUnavailable   Code = "plugin_unavailable"
	CodeLedgerUnavailable   Code = "ledger_unavailable"
	CodeOverloaded          Code = "overloaded"
)

// The codes of class unclear.
const (
	CodeOutcomeUnknown    Code = "outcome_unknown"
	CodeAnswerLost        Code = "answer_lost"
	CodeAnswerUnreadable  Code = "answer_unreadable"
	CodeUnknownVendorCode Code = "unknown_vendor_code"
	CodeGatewayError      Code = "gateway_error"
)

// The codes of class internal.
const (
	CodeAppIDMissing     Code = "appid_missing"
	CodeSignatureMissing Code = "signature_missing"
	CodeParameterCount   Code = "parameter_count"
	CodeTimeNotInteger   Code = "time_not_integer"
	CodePanic            Code = "panic"
	CodeInternal         Code = "internal"
)

// CodeInfo is a row of the table of codes.
type CodeInfo struct {
	Code      Code
	Class     Class
	Retryable bool   // whether the same request may go through later without anybody changing it
	Exit      int    // what the CLI exits with when nothing weighs more
	Meaning   string // for people, one clause
	Do        string // what the user should do, one clause
}

// Codes returns the table of codes: the same for every provider, in the order of their classes.
func Codes() []CodeInfo { return append([]CodeInfo(nil), codeTable...) }

// Info returns the row of c. For a code that is not in the table, from a newer peer, ok is false and
// the row says internal, not retryable.
func (c Code) Info() (info CodeInfo, ok bool) {
	if i, found := codeIndex[c]; found {
		return codeTable[i], true
	}
	return CodeInfo{Code: c, Class: ClassInternal, Exit: 70, Meaning: "a code that this version does not know", Do: "update the host"}, false
}

// Class returns the class of c.
func (c Code) Class() Class {
	info, _ := c.Info()
	return info.Class
}

var codeIndex = func() map[Code]int {
	m := make(map[Code]int, len(codeTable))
	for i, r := range codeTable {
		m[r.Code] = i
	}
	return m
}()

const (
	exitFailed  = 65
	exitLater   = 75
	exitRefused = 77
	exitConfig  = 78
	exitPlugin  = 69
	exitDefect  = 70
)

var codeTable = []CodeInfo{
	{CodeInvalidRequest, ClassInput, false, exitFailed, "the request is malformed", "correct what the message names"},
	{CodeNotAPicture, ClassInput, false, exitFailed, "the content is no picture, whatever its name says", "give a jpg, png, bmp, gif, webp or tiff"},
	{CodePictureEmpty, ClassInput, false, exitFailed, "the picture has no bytes", "copy or take it again"},
	{CodePictureBroken, ClassInput, false, exitFailed, "the picture is damaged or cut short", "copy or take it again"},
	{CodePictureTooSmall, ClassInput, false, exitFailed, "the picture has too few pixels to be read", "take it again, larger"},
	{CodePictureTooLarge, ClassInput, false, exitFailed, "the picture is beyond the limits that the message names", "make it smaller"},
	{CodePictureBlank, ClassInput, false, exitFailed, "the picture shows one flat colour", "take it again"},
	{CodePictureUnreadable, ClassInput, false, exitFailed, "the picture could not be opened or read", "check that the file exists and may be read"},
	{CodePictureChanged, ClassInput, false, exitFailed, "the picture changed while it was read, or is not the one named", "try again when nobody writes to it"},
	{CodeFormatUnsupported, ClassInput, false, exitFailed, "a picture format that the provider does not take", "convert it to jpg or png"},
	{CodeMessageTooLarge, ClassInput, false, exitFailed, "the picture is larger than the 32 MiB that cross by value", "give it by path, or make it smaller"},
	{CodeURLInvalid, ClassInput, false, exitFailed, "the picture's address is not an http or https URL", "correct the address"},
	{CodeURLTooLong, ClassInput, false, exitFailed, "the picture's address is longer than the vendor takes", "shorten it, or let idrec fetch the picture"},
	{CodeURLRefused, ClassInput, false, exitFailed, "the picture's address is not on the allow-list, or private", "allow the host in the configuration, or give the picture itself"},
	{CodeURLFailed, ClassInput, false, exitFailed, "the picture could not be fetched from its address", "check the address, or give the picture itself"},
	{CodeForgotten, ClassInput, false, exitFailed, "this picture was paid for, and its answer was deleted on request or by age", "to pay for it again, ask with unsafe_buy_again"},
	{CodeKeyReused, ClassInput, false, exitFailed, "the caller's key was used for another picture", "use one key for one picture"},
	{CodeVendorMessage, ClassInput, false, exitFailed, "the vendor answered with a text of its own", "read the vendor's text"},

	{CodeConfigurationInvalid, ClassConfiguration, false, exitConfig, "a setting is missing or wrong", "correct the setting that the message names"},
	{CodeNotConfigured, ClassConfiguration, false, exitConfig, "the plugin was not configured before its first call", "configure it first"},
	{CodeNotSupported, ClassConfiguration, false, exitConfig, "the provider does not offer this", "ask its description for what it offers"},
	{CodeSignatureRefused, ClassConfiguration, false, exitRefused, "the vendor says that the signature does not verify", "check the secret"},
	{CodeAppIDUnknown, ClassConfiguration, false, exitRefused, "the vendor does not know the appid", "check the appid"},
	{CodeCredentialsLatched, ClassConfiguration, false, exitRefused, "the credentials were refused before; nothing more is sent with them", "correct them and configure again"},
	{CodeClockSkew, ClassConfiguration, false, exitConfig, "this machine's clock is off by more than the vendor allows", "set the clock"},
	{CodeNoSuchAPI, ClassConfiguration, false, exitConfig, "the vendor has no such API at this URL", "check the URL's path"},
	{CodeNoSuchSubAPI, ClassConfiguration, false, exitConfig, "the vendor has no such sub-API, or closed it", "check the URL's path"},
	{CodeHostNotFound, ClassConfiguration, false, exitConfig, "the vendor's host name does not exist", "check the URL's host"},
	{CodeTLSUntrusted, ClassConfiguration, false, exitConfig, "the vendor's certificate is not trusted", "check the URL, and the CA file if a proxy re-signs"},
	{CodeHTTPRefused, ClassConfiguration, false, exitConfig, "the server refused with an HTTP status, or redirected", "check the URL"},
	{CodePluginNotFound, ClassConfiguration, false, exitPlugin, "no such plugin beside the host or in its folder", "check the name, or give a path"},
	{CodePluginRefused, ClassConfiguration, false, exitPlugin, "the plugin's file is not the one that was pinned, or not safe to run", "check the file and its SHA-256"},
	{CodePluginFailed, ClassConfiguration, false, exitPlugin, "the plugin did not start or does not speak this protocol", "run it by hand to see what it says, and check its version"},

	{CodeAddressNotAllowed, ClassPaused, true, exitLater, "this machine's IP address is not on the account's list", "add the address that the vendor's text names"},
	{CodeApplicationDisabled, ClassPaused, true, exitLater, "the application is disabled at the vendor", "enable it"},
	{CodeAPINotIncluded, ClassPaused, true, exitLater, "the application does not include this API", "add the API to it"},
	{CodeAPINotOrdered, ClassPaused, true, exitLater, "this API was not ordered", "order it"},
	{CodeTermExpired, ClassPaused, true, exitLater, "the order of this API has expired", "renew it"},
	{CodeNoAPIOrdered, ClassPaused, true, exitLater, "the account has no API ordered at all", "order it"},
	{CodeAPISuspended, ClassPaused, true, exitLater, "the vendor suspended this API", "wait, or ask the vendor"},
	{CodeQuotaExhausted, ClassPaused, true, exitLater, "no calls are left", "buy calls"},
	{CodeBalanceTooLow, ClassPaused, true, exitLater, "the balance is too low", "recharge the account"},
	{CodeBudgetExhausted, ClassPaused, true, exitLater, "the budget that you set is spent", "raise the budget"},

	{CodeCanceled, ClassTransient, true, exitLater, "the caller gave up before anything was sent", "ask again"},
	{CodeDeadlineExceeded, ClassTransient, true, exitLater, "the time was over before anything was sent", "allow more time"},
	{CodeUpstreamUnreachable, ClassTransient, true, exitLater, "no connection to the vendor", "check the network, then try again"},
	{CodeUploadInterrupted, ClassTransient, true, exitLater, "the connection broke while the picture was sent", "try again"},
	{CodeUpstreamBusy, ClassTransient, true, exitLater, "the vendor's gateway is busy (429, 503, 408)", "try again later, or lower the rate"},
	{CodeUpstreamUnstable, ClassTransient, true, exitLater, "too many unclear answers lately; nothing is sent until the vendor recovers", "try again later"},
	{CodeVendorServerError, ClassTransient, true, exitLater, "the vendor had a server error and says it did not bill", "try again later"},
	{CodeVendorUnknownError, ClassTransient, true, exitLater, "the vendor had an unknown error and says it did not bill", "try again later"},
	{CodePluginUnavailable, ClassTransient, true, exitLater, "the plugin process is not there, and nothing was sent", "try again"},
	{CodeLedgerUnavailable, ClassTransient, true, exitLater, "the record of calls cannot be written, so nothing is sent", "see to the disk or the database"},
	{CodeOverloaded, ClassTransient, true, exitLater, "more calls are waiting than the queue takes", "try again later, or lower the concurrency"},

	{CodeOutcomeUnknown, ClassUnclear, false, exitFailed, "it was sent and no answer arrived: it may be billed", "see whether it was billed before asking again"},
	{CodeAnswerLost, ClassUnclear, false, exitFailed, "it was billed, and the answer was lost on the way", "ask again only if you accept to pay again"},
	{CodeAnswerUnreadable, ClassUnclear, false, exitFailed, "the answer is not of the documented form: it may be billed", "see whether it was billed before asking again"},
	{CodeUnknownVendorCode, ClassUnclear, false, exitFailed, "the vendor answered with a code that its page does not list: it may be billed", "see whether it was billed before asking again"},
	{CodeGatewayError, ClassUnclear, false, exitFailed, "a gateway failed after it took the request (500, 502, 504): it may be billed", "see whether it was billed before asking again"},

	{CodeAppIDMissing, ClassInternal, false, exitDefect, "the vendor saw no appid", "report it"},
	{CodeSignatureMissing, ClassInternal, false, exitDefect, "the vendor saw no signature: the body arrived cut, twice", "look for a proxy that cuts bodies, or report it"},
	{CodeParameterCount, ClassInternal, false, exitDefect, "the vendor counted other parameters than it expects", "report it"},
	{CodeTimeNotInteger, ClassInternal, false, exitDefect, "the vendor could not read the time parameter", "report it"},
	{CodePanic, ClassInternal, false, exitDefect, "the provider's code panicked in this call", "report it"},
	{CodeInternal, ClassInternal, false, exitDefect, "a defect", "report it"},
}
