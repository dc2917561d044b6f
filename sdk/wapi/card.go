package wapi

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// readCard reads the product's part of an answer. The page does not settle where its fields lie, so
// they are looked for in retdata, in lists and objects inside it, and beside it.
func readCard(e *Envelope, asked shared.Side) *shared.Result {
	cards := findCards(e.root.last(NameRetData))
	cards = append(cards, &node{kind: kindObject, kids: e.root.kids}) // beside it
	card, others := mergeCards(cards)

	res := &shared.Result{VendorCode: strconv.Itoa(e.Code), Status: shared.PictureStatus(card[NameImageStatus])}
	res.Side = sideShown(card, res.Status, asked)
	if res.Status == "" {
		res.Status = shared.StatusUnknown
		if hasFields(card, shared.SidePortrait) || hasFields(card, shared.SideEmblem) {
			res.Status = shared.StatusNormal
		}
	}
	res.Fields = make(map[shared.FieldName]shared.Field, len(cardNames))
	for _, n := range cardNames {
		res.Fields[n.Field] = readField(n.Field, card[n.Name], res.Side)
	}
	if check, err := strconv.Atoi(card[NameNumberType]); err == nil {
		c := shared.NumberCheck(check)
		res.Number.Vendor = &c
	}
	if others > 0 {
		res.Findings = append(res.Findings, shared.Finding{
			Code: shared.FindingSeveralCards, Severity: shared.SeverityWarning, Count: others + 1,
			Message: "the picture shows more than one card; the first one is given",
		})
	}
	res.Extras = extras(e, card)
	return res
}

// findCards returns the objects inside n that hold fields of the product, in document order.
func findCards(n *node) []*node {
	if n == nil {
		return nil
	}
	if n.kind == kindText && strings.HasPrefix(n.value, "{") {
		// An object written as a text, as platforms that wrap others' answers do.
		if inner, _, err := parseJSON([]byte(n.value)); err == nil {
			return findCards(inner)
		}
	}
	for _, k := range n.kids {
		if n.kind == kindObject && k.kind != kindObject && k.kind != kindList && productName(k.name) {
			return []*node{n}
		}
	}
	var found []*node
	for _, k := range n.kids {
		found = append(found, findCards(k)...)
	}
	return found
}

func productName(name string) bool {
	if name == NameImageStatus || name == NameNumberType {
		return true
	}
	for _, n := range cardNames {
		if n.Name == name {
			return true
		}
	}
	return false
}

// mergeCards puts objects together that do not contradict each other (the two sides of one card, or
// fields beside retdata), and counts those that do: other people's cards.
func mergeCards(cards []*node) (merged map[string]string, others int) {
	merged = map[string]string{}
	for _, c := range cards {
		own := map[string]string{}
		for _, k := range c.kids {
			if (k.kind == kindText || k.kind == kindNull) && !envelopeName(k.name) {
				own[k.name] = strings.TrimSpace(k.value)
			}
		}
		if contradicts(merged, own) {
			others++
			continue
		}
		for name, value := range own {
			if merged[name] == "" {
				merged[name] = value
			}
		}
	}
	return merged, others
}

func envelopeName(name string) bool {
	return name == NameCodeID || name == NameMessage || name == NameTime || name == NameRetData
}

// contradicts reports whether two objects have different values for a field of the card.
func contradicts(a, b map[string]string) bool {
	for _, n := range cardNames {
		if x, y := a[n.Name], b[n.Name]; x != "" && y != "" && x != y {
			return true
		}
	}
	return false
}

func hasFields(card map[string]string, side shared.Side) bool {
	for _, n := range cardNames {
		if n.Field.Side() == side && card[n.Name] != "" {
			return true
		}
	}
	return false
}

// sideShown tells the side by the fields that were read, and where there are none, by what was asked
// for and whether the vendor says that it saw that.
func sideShown(card map[string]string, status shared.PictureStatus, asked shared.Side) shared.Side {
	portrait, emblem := hasFields(card, shared.SidePortrait), hasFields(card, shared.SideEmblem)
	switch {
	case portrait && emblem:
		return shared.SideBoth
	case portrait:
		return shared.SidePortrait
	case emblem:
		return shared.SideEmblem
	case status == shared.StatusNormal:
		return asked
	case status == shared.StatusReversedSide && asked == shared.SidePortrait:
		return shared.SideEmblem
	case status == shared.StatusReversedSide && asked == shared.SideEmblem:
		return shared.SidePortrait
	}
	return shared.SideDetect
}

// readField makes a field of its text. One of the side shown that has none could not be read.
func readField(name shared.FieldName, raw string, side shared.Side) shared.Field {
	f := shared.Field{Raw: raw, State: shared.FieldAbsent, Confidence: shared.Confidence{Origin: shared.ConfidenceNone}}
	switch {
	case raw != "" && strings.ContainsRune(raw, utf8.RuneError): // damaged on the way
		f.State = shared.FieldIllegible
	case raw != "":
		// What has no normal form is kept tidied; the verification says what is wrong with it.
		f.State = shared.FieldPresent
		f.Value, _ = idcard.Normalize(name, raw)
	case side == shared.SideBoth || side == name.Side():
		f.State = shared.FieldIllegible
	}
	if f.State == shared.FieldPresent && f.Value == "" { // nothing but blanks
		f.State = shared.FieldIllegible
	}
	return f
}

// The bounds on what is kept of a vendor's additions.
const (
	maxExtras     = 32
	maxExtraBytes = 1024
)

// extras returns what the answer holds besides the documented names, and the vendor's text.
func extras(e *Envelope, card map[string]string) map[string]string {
	out := map[string]string{}
	if e.Message != "" {
		out["wapi.message"] = shared.CapVendorText(e.Message)
	}
	for name, value := range card {
		if len(out) < maxExtras && value != "" && !productName(name) && len(name)+len(value) <= maxExtraBytes {
			out["wapi."+name] = value
		}
	}
	return out
}
