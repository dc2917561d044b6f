package idcard

import "github.com/seed-6b91b535/idrec/shared"

// VerifyCase judges the results of one person's pictures together: whether both sides are there,
// whether sides that were read twice say the same, and whether the term on one picture fits the birth
// on another. What [Verify] finds on a single picture is not repeated. Results that are nil or could
// not be read count for nothing.
//
// Two cards of one person may differ in name, address, authority and term, because people move and
// cards are renewed: that is a warning. They cannot differ in number, birth or sex. No finding of a
// case depends on the day of asking, so the second parameter has no say yet.
func VerifyCase(results []*shared.Result, _ Date) []shared.Finding {
	var cards []card
	for _, res := range results {
		if res != nil && (card{res}).read() {
			cards = append(cards, card{res})
		}
	}
	var findings []shared.Finding
	for _, side := range []struct {
		side    shared.Side
		message string
	}{{shared.SidePortrait, "no picture of the portrait side could be read"}, {shared.SideEmblem, "no picture of the emblem side could be read"}} {
		if !anyShows(cards, side.side) {
			findings = append(findings, shared.Finding{Code: shared.FindingCaseIncomplete, Severity: shared.SeverityWarning, Message: side.message})
		}
	}
	for _, name := range shared.CardFields() {
		if n := versions(cards, name); n > 1 {
			f := shared.Finding{Code: shared.FindingCaseMismatch, Severity: shared.SeverityWarning, Field: name, Count: n,
				Message: "the pictures of this case do not agree in this field"}
			switch name {
			case shared.FieldNumber, shared.FieldBirthDate, shared.FieldSex:
				f.Severity = shared.SeverityError
			case shared.FieldFullName, shared.FieldEthnicity, shared.FieldAddress, shared.FieldAuthority,
				shared.FieldValidFrom, shared.FieldValidUntil:
			}
			findings = append(findings, f)
		}
	}
	return append(findings, caseTerm(cards)...)
}

func anyShows(cards []card, side shared.Side) bool {
	for _, c := range cards {
		if c.shows(side) {
			return true
		}
	}
	return false
}

// versions counts the different values of a field in a case. A number is the same in its old form of
// 15 digits and in that of 18.
func versions(cards []card, name shared.FieldName) int {
	seen := map[string]bool{}
	for _, c := range cards {
		value, _ := c.text(name)
		if name == shared.FieldNumber {
			if n, problems, ok := c.number(); ok && problems.readable() {
				value = n.Upgrade().Text()
			}
		}
		if value != "" {
			seen[value] = true
		}
	}
	return len(seen)
}

// caseTerm judges the terms against the birth. A picture that has both was judged by Verify, and so
// was a term that no card has.
func caseTerm(cards []card) []shared.Finding {
	for _, portrait := range cards {
		if portrait.birth() == (Date{}) {
			continue
		}
		for _, emblem := range cards {
			if t, ok := emblem.term(); ok && emblem.birth() == (Date{}) && t.usual() {
				if f := termFindings(t, portrait); f != nil {
					return f
				}
			}
		}
	}
	return nil
}
