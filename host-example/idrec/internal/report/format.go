// Package report writes what a run found: records as NDJSON, JSON or CSV, a table for people, the
// summary, and the lines that say what to do about what failed.
package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/journal"
	"github.com/seed-6b91b535/idrec/shared"
)

// Format is a form of output.
type Format string

// The formats.
const (
	Table  Format = "table" // for the screen only
	JSON   Format = "json"  // one array
	NDJSON Format = "ndjson"
	CSV    Format = "csv"
	// CSVMark is CSV behind a byte order mark: without one, Excel takes UTF-8 for the code page of the
	// country.
	CSVMark Format = "csv-bom"
	// XLSX is a spreadsheet. It is made of the records when the run is at its end, and only in a file.
	XLSX Format = "xlsx"
)

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xEF\xBB\xBF"

// Formats are the names for --output.
const Formats = "table, json, ndjson, csv, csv-bom or xlsx"

// ParseFormat reads a format as users write it.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Table, JSON, NDJSON, CSV, CSVMark, XLSX:
		return f, nil
	}
	return "", exit.Errorf(exit.Usage, "unknown output format: use %s", Formats)
}

// FormatOf is the format that a file's name asks for: NDJSON, unless it ends in .json, .csv or .xlsx.
func FormatOf(name string) Format {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		return JSON
	case ".csv":
		return CSV
	case ".xlsx":
		return XLSX
	}
	return NDJSON
}

// Frame is what stands around the records of the format.
func (f Format) Frame() journal.Frame {
	switch f {
	case JSON:
		return journal.Frame{Header: []byte("[\n"), Separator: []byte(",\n"), Footer: []byte("\n]\n")}
	case CSV:
		return journal.Frame{Header: csvLine(columns())}
	case CSVMark:
		return journal.Frame{Header: append([]byte(byteOrderMark), csvLine(columns())...)}
	case NDJSON, Table, XLSX:
	}
	return journal.Frame{}
}

// Encode writes one record.
func (f Format) Encode(r shared.Record) ([]byte, error) {
	if f == CSV || f == CSVMark {
		return csvLine(csvRow(r)), nil
	}
	return f.encode(r)
}

// encode writes a value in a form that is of JSON.
func (f Format) encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	if f == JSON {
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
	}
	return b.Bytes(), nil
}

// columns are the names of the CSV columns: those of the record, a card's fields without their prefix.
func columns() []string {
	c := []string{"source", "sha256", "case", "provider", "side", "status", "usable"}
	for _, n := range shared.CardFields() {
		c = append(c, string(n))
	}
	return append(c, "number_check_vendor", "number_check_computed", "findings", "outcome", "basis", "answered_by", "price_yuan",
		"unrecorded", "attempts", "elapsed_ms", "request_key", "call_id", "error_code", "error_class", "error_message", "vendor_code",
		"vendor_text", "retryable")
}

func csvRow(r shared.Record) []string {
	row := []string{r.Source, r.SHA256, r.Case, r.Provider, string(r.Side), string(r.Status), optional(r.Usable, strconv.FormatBool)}
	for _, n := range shared.CardFields() {
		row = append(row, r.Card[n])
	}
	var checks shared.NumberChecks
	if r.NumberCheck != nil {
		checks = *r.NumberCheck
	}
	check := func(c shared.NumberCheck) string { return strconv.Itoa(int(c)) }
	var findings []string
	for _, f := range r.Findings {
		findings = append(findings, string(f.Code))
	}
	outcome, basis, price, attempts := r.Outcome, r.Basis, r.PriceYuan, r.Attempts
	key, call := r.RequestKey, r.CallID
	failure := make([]string, 6)
	if e := r.Error; e != nil {
		outcome, basis, price, attempts, key, call = e.Outcome, e.Basis, e.PriceYuan, &e.Attempts, e.RequestKey, e.CallID
		failure = []string{string(e.Code), string(e.Class), e.Message, e.VendorCode, e.VendorText, strconv.FormatBool(e.Retryable)}
	}
	unrecorded := ""
	if r.Unrecorded {
		unrecorded = "true"
	}
	row = append(row, optional(checks.Vendor, check), optional(checks.Computed, check), strings.Join(findings, ";"),
		string(outcome), string(basis), string(r.AnsweredBy), optional(price, shared.Money.String), unrecorded, optional(attempts, strconv.Itoa),
		optional(r.ElapsedMS, func(ms float64) string { return strconv.FormatFloat(ms, 'f', -1, 64) }), key, call)
	return append(row, failure...)
}

func optional[T any](p *T, format func(T) string) string {
	if p == nil {
		return ""
	}
	return format(*p)
}

func csvLine(cells []string) []byte {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = inert(c)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(safe) // a buffer takes everything
	w.Flush()
	return b.Bytes()
}

// inert keeps a spreadsheet from running a cell's text as a formula: what is printed on a card, or
// sent by a vendor, is not to be trusted with that. The apostrophe is the spreadsheets' own mark for
// text. A plain number keeps its sign. Where Chinese or Japanese is typed, spreadsheets take the wide forms of the
// signs for them too.
func inert(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); cell == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}
