package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

var (
	//go:embed page/page.css
	pageStyle string
	//go:embed page/page.js
	pageScript string
	//go:embed page/page.html
	pageText string

	pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"t": messages.English.Text}).Parse(pageText))
	// pageTexts are what the template says.
	pageTexts = regexp.MustCompile(`{{t "([^"]*)"}}`)
)

// PageOptions say how a report is to be.
type PageOptions struct {
	Language messages.Language
	Mask     bool
	Passed   source.Passed
	Made     time.Time
	// Thumbnail is a small JPEG of a picture that needs a look, nil for none; it shows nothing of its
	// holder unless that was asked for. Nil: there are no pictures.
	Thumbnail func(p Picture) []byte
}

// page is a report on its way. What it says stands once in a table, and rows name it by number.
type page struct {
	*output
	o        PageOptions
	results  numbering
	findings numbering
	shown    bool // some row has pictures
}

// numbering gives texts their numbers, from 0.
type numbering struct {
	texts []string
	known map[string]int
}

func (t *numbering) of(texts []string) []int {
	numbers := make([]int, len(texts))
	for i, text := range texts {
		n, known := t.known[text]
		if !known {
			if t.known == nil {
				t.known = map[string]int{}
			}
			n = len(t.texts)
			t.known[text] = n
			t.texts = append(t.texts, text)
		}
		numbers[i] = n
	}
	return numbers
}

// WritePage writes the report: one page of HTML that needs nothing else and can reach nothing. Its rows
// are data, of which its script shows fifty at a time.
func WritePage(w io.Writer, b *Binder, o PageOptions) error {
	buffer := bufio.NewWriterSize(w, 64<<10)
	p := &page{output: &output{w: buffer}, o: o}
	p.head()
	figures := NewFigures(o.Passed)
	p.raw([]byte(`<script type="application/json" id="rows">[`))
	p.separator = []byte(",\n")
	for c, err := range b.Cases() {
		if err != nil {
			return err
		}
		figures.Add(c)
		p.add(json.Marshal(p.row(c))) // which escapes < and >
	}
	p.raw([]byte("]</script>\n"))
	p.body(figures.Sections(o.Language), b.Paired())
	if p.err == nil {
		p.err = buffer.Flush()
	}
	return p.err
}

func (p *page) row(c Case) []any {
	card := c.Card(p.o.Mask)
	price := ""
	if m := c.Price(); m != 0 {
		price = m.String()
	}
	row := []any{
		c.Pictures[0].N, printable(c.Label(p.o.Mask)), len(c.Pictures), p.results.of(c.Results(p.o.Language)), printable(card[shared.FieldFullName]),
		printable(card[shared.FieldSex]), printable(card[shared.FieldNumber]), printable(until(p.o.Language, card[shared.FieldValidUntil])), p.findings.of(c.Notes(p.o.Language)), price, c.Level(),
	}
	if c.Level() == Fine || p.o.Thumbnail == nil {
		return row
	}
	var pictures [][]byte // base64 in JSON
	for _, picture := range c.Pictures {
		if data := p.o.Thumbnail(picture); data != nil {
			pictures = append(pictures, data)
			p.shown = true
		}
	}
	if pictures != nil {
		row = append(row, pictures)
	}
	return row
}

// allowed is a source for a Content-Security-Policy (CSP Level 3, 2.3.1): the text with this digest only.
func allowed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// write executes a part of the page's template, which escapes all that stands in it.
func (p *page) write(part string, values any) {
	if p.err != nil {
		return
	}
	t, err := pageTemplate.Clone()
	if err == nil {
		err = t.Funcs(template.FuncMap{"t": p.o.Language.Text}).ExecuteTemplate(p.w, part, values)
	}
	p.err = err
}

func (p *page) head() {
	language := map[messages.Language]string{messages.Chinese: "zh-CN"}[p.o.Language]
	if language == "" {
		language = "en"
	}
	p.write("head", struct {
		Language, StyleSum, ScriptSum string
		Style                         template.CSS
	}{language, allowed(pageStyle), allowed(pageScript), template.CSS(pageStyle)}) //nolint:gosec // G203: the style is ours
}

func (p *page) body(sections []Section, paired bool) {
	tiles := slices.Clone(sections[0].Figures)
	sections = slices.DeleteFunc(sections[1:], func(s Section) bool {
		for _, f := range s.Figures {
			if f.Money != nil {
				f.Label += p.o.Language.Text(" (yuan)")
				tiles = append(tiles, f)
			}
		}
		return s.Figures[0].Money != nil
	})
	p.write("body", struct {
		Made     string
		Mask     bool
		Tiles    []Figure
		Sections []Section
		Heads    []string
		More     map[string]any
		Script   template.JS
	}{p.o.Made.Format(time.DateTime), p.o.Mask, tiles, sections, pageHeads(paired, !p.o.Mask, p.shown), map[string]any{
		"paired": paired, "named": !p.o.Mask, "pictures": p.shown, "results": texts(p.results.texts), "findings": texts(p.findings.texts), "and": p.o.Language.Text("; "),
		"resultsHead": p.o.Language.Text("Result"), "findingsHead": p.o.Language.Text("Findings"),
	}, template.JS(pageScript)}) //nolint:gosec // G203: the script is ours
}

// until is the end of a card's validity as people read it.
func until(l messages.Language, value string) string {
	if value == shared.LongTerm {
		return l.Text(value)
	}
	return value
}

// texts are never null in JSON.
func texts(s []string) []string { return slices.Concat([]string{}, s) }

// Value is the figure as a report shows it.
func (f Figure) Value() string {
	if f.Money != nil {
		return f.Money.String()
	}
	return grouped(f.Count)
}

// grouped writes a number with a thin space between thousands.
func grouped(n int) string {
	text := []byte{}
	for i := 0; n > 0 || i == 0; i++ {
		if i > 0 && i%3 == 0 {
			text = append([]byte("\u202F"), text...)
		}
		text = append([]byte{byte('0' + n%10)}, text...)
		n /= 10
	}
	return string(text)
}

// pageHeads are the heads of the report's columns. Where nothing is named, the number is name enough.
func pageHeads(paired, named, shown bool) []string {
	heads := []string{"#"}
	switch {
	case named && paired:
		heads = append(heads, "Case")
	case named:
		heads = append(heads, "Picture")
	}
	if paired {
		heads = append(heads, "Pictures")
	}
	heads = append(heads, "Result", "Name", "Sex", "Number", "Valid until", "Findings", "Yuan")
	if shown {
		heads = append(heads, "Look")
	}
	return heads
}
