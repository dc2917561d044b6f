package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

// In returns the summary for people, on one line.
func (t *Tally) In(l messages.Language) string {
	parts := messages.List{messages.Of("%d recognised", t.kinds[batch.Recognised])}
	for _, k := range []struct {
		n      int
		format string
	}{
		{t.kinds[batch.Unusable], "%d unusable"}, {t.kinds[batch.Failed], "%d failed"}, {t.kinds[batch.Unclear], "%d unclear (may be billed)"},
		{t.kinds[batch.Later], "%d left for later"}, {t.kinds[batch.Blocked], "%d blocked"}, {t.undone, "%d not asked"},
	} {
		if k.n > 0 {
			parts = append(parts, messages.Of(k.format, k.n))
		}
	}
	text := []string{l.Format("%s: %s", pictures(t.Pictures()), parts)}
	if t.unchanged > 0 {
		text = append(text, l.Format("%d of them from an earlier run", t.unchanged))
	}
	paid := l.Format("paid %s yuan", t.paid.String())
	if t.suspected > 0 {
		paid = l.Format("paid %s yuan, perhaps %s more", t.paid.String(), t.suspected.String())
	}
	text = append(text, paid)
	for _, c := range t.costs() {
		text = append(text, c.In(l))
	}
	if t.passed.Total() > 0 {
		text = append(text, l.Format("passed over by their names: %s", t.passed.List()))
	}
	return strings.Join(text, l.Text("; "))
}

// String is the summary in English.
func (t *Tally) String() string { return t.In(messages.English) }

func pictures(n int) messages.Message { return messages.Plural(n, "1 picture", "%d pictures") }

// namedItems is how many items a line names.
const namedItems = 5

// Problems are a line for each kind of failure: what happened, to which pictures, and what to do; then
// what somebody should look at. The vendor's own words may name this machine's address, so they are for
// the screen only.
func (t *Tally) Problems(screen bool) []messages.Localizer {
	var lines []messages.Localizer
	codes := slices.SortedFunc(maps.Keys(t.failures), func(a, b shared.Code) int {
		return cmp.Compare(t.failures[a].items[0], t.failures[b].items[0])
	})
	for _, c := range codes {
		f := t.failures[c]
		info, _ := c.Info()
		line := messages.Of("%s: %s", f.names(), f.text(info))
		switch {
		case f.err == nil && info.Class != shared.ClassUnclear || f.err != nil && f.err.Class() != shared.ClassUnclear:
		case f.billed:
			line = messages.Of("%s: the same command with --unsafe-buy-again pays again", line)
		default:
			line = messages.Of("%s: idrec ledger list --unclear lists such calls and idrec ledger settle settles them; the same command with --unsafe-resend-ambiguous sends it again", line)
		}
		lines = append(lines, line)
		if screen && f.err != nil && f.err.VendorText != "" {
			lines = append(lines, messages.Of("the vendor says: %q", f.err.VendorText))
		}
	}
	return append(lines, t.looks()...)
}

// looks are lines on what somebody should look at.
func (t *Tally) looks() []messages.Localizer {
	var lines []messages.Localizer
	if n := t.kinds[batch.Unusable]; n > 0 && !t.AcceptUnusable {
		line := messages.Of("%s answered as unusable: see status in the records, and take them again", pictures(n))
		if len(t.statuses) > 0 {
			line = messages.Of("%s answered as unusable (%s): see status in the records, and take them again", pictures(n), counts(t.statuses))
		}
		lines = append(lines, line)
	}
	if t.found > 0 {
		lines = append(lines, messages.Of("%s with findings (%s): compare with the card; see findings in the records", pictures(t.found), counts(t.findings)))
	}
	return lines
}

// costs say what it can cost at most to go on.
func (t *Tally) costs() messages.List {
	var all messages.List
	if n := t.toGo(); n > 0 && t.price > 0 {
		all = append(all, messages.Of("%d to go, for at most %s yuan", n, t.toGoCost().String()))
	}
	if n := t.kinds[batch.Unclear]; n > 0 && t.unclear > 0 {
		all = append(all, messages.Of("%d unclear, for at most %s yuan more if they are sent again", n, t.unclear.String()))
	}
	return all
}

// toGo is how many pictures another run may get an answer for.
func (t *Tally) toGo() int { return t.kinds[batch.Later] + t.kinds[batch.Blocked] + t.undone }

// toGoCost is what they cost at most.
func (t *Tally) toGoCost() shared.Money { return shared.Money(t.toGo()) * t.price }

// Unfinished reports whether the same command again may get further.
func (t *Tally) Unfinished() bool {
	if t.toGo() > 0 {
		return true
	}
	return slices.ContainsFunc([]shared.Code{shared.CodePictureUnreadable, shared.CodePictureChanged, shared.CodeURLFailed},
		func(c shared.Code) bool { return t.failures[c] != nil })
}

// Unclear is how many pictures may be billed without an answer.
func (t *Tally) Unclear() int { return t.kinds[batch.Unclear] }

// counts lists codes with how many pictures have them, the most common first.
func counts(m map[string]int) messages.List {
	codes := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(cmp.Compare(m[b], m[a]), cmp.Compare(a, b)) })
	var all messages.List
	for _, c := range codes {
		all = append(all, messages.Of("%s %d", messages.Word(c), m[c]))
	}
	return all
}

// text says what happened and what to do.
func (f *failure) text(info shared.CodeInfo) messages.Localizer {
	if f.err != nil && f.count == 1 {
		return exit.Failure(f.err)
	}
	return messages.Of("%s (%s): %s", messages.Word(info.Meaning), string(info.Code), messages.Word(info.Do))
}

func (f *failure) names() messages.Localizer {
	if f.count == 1 {
		return messages.Of("picture %s", source.Alias(f.items[0]))
	}
	slices.Sort(f.items)
	var names []string
	for i, n := range f.items {
		if i == namedItems {
			names = append(names, "…")
			break
		}
		names = append(names, source.Alias(n))
	}
	return messages.Of("%d pictures (%s)", f.count, strings.Join(names, " "))
}
