package shared

// Severity says how much a [Finding] weighs.
type Severity string

// The severities.
const (
	SeverityInfo    Severity = "info"    // worth knowing
	SeverityWarning Severity = "warning" // unusual; real cards exist with it
	SeverityError   Severity = "error"   // cannot be on a real card that was read right
)

// FindingCode is the stable name of a kind of finding.
type FindingCode string

// The findings that recognizers and layers report. Providers may add their own with a prefix and a
// dot, as in "local.glare".
const (
	FindingNumberFormat     FindingCode = "number_format"      // not the form of any resident number
	FindingNumberCheckDigit FindingCode = "number_check_digit" // GB 11643 check character differs
	FindingNumberSequence   FindingCode = "number_sequence"    // sequence 000
	FindingNumberRegion     FindingCode = "number_region"      // unknown province
	FindingNumberLegacy     FindingCode = "number_legacy"      // 15 digits, or 3 letters and 12 digits
	FindingBirthMismatch    FindingCode = "birth_mismatch"     // printed birth and number differ
	FindingSexMismatch      FindingCode = "sex_mismatch"       // printed sex and number differ
	FindingBirthInvalid     FindingCode = "birth_invalid"      // no such day, in the future, or too old
	FindingSexInvalid       FindingCode = "sex_invalid"        // neither 男 nor 女
	FindingEthnicityUnknown FindingCode = "ethnicity_unknown"  // not in GB/T 3304
	FindingNameSuspicious   FindingCode = "name_suspicious"    // characters that no name has
	FindingTermInvalid      FindingCode = "term_invalid"       // no dates, or until before from
	FindingTermUnexpected   FindingCode = "term_unexpected"    // not 5, 10, 20 years or long-term by age
	FindingExpired          FindingCode = "expired"            // valid_until is past
	FindingNotYetValid      FindingCode = "not_yet_valid"      // valid_from is in the future
	FindingFieldMissing     FindingCode = "field_missing"      // a field of the side shown was not read
	FindingVendorCheck      FindingCode = "vendor_check"       // the vendor's own number check differs from ours
	FindingReversedSide     FindingCode = "reversed_side"      // the other side than the one asked for
	FindingSeveralCards     FindingCode = "several_cards"      // more than one person's card; see Count
	FindingURLByVendor      FindingCode = "url_by_vendor"      // the vendor fetched the picture itself
	FindingCaseMismatch     FindingCode = "case_mismatch"      // the sides of a case do not belong together
	FindingCaseIncomplete   FindingCode = "case_incomplete"    // a side is missing in a case
)

// Finding is something that a check found in what was read. It is a value for programs to act on; its
// Message is for people and holds nothing personal.
type Finding struct {
	Code     FindingCode `json:"code"`
	Severity Severity    `json:"severity"`
	Field    FieldName   `json:"field,omitempty"`
	Message  string      `json:"message"`
	Count    int         `json:"count,omitempty"`
}
