package source

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/shared"
)

// entry is a line of a manifest; in CSV the columns have the same names.
type entry struct {
	Source  string `json:"source"`
	Side    string `json:"side"`
	Case    string `json:"case"`
	Key     string `json:"key"`
	Subject string `json:"subject"`
	Purpose string `json:"purpose"`
	SHA256  string `json:"sha256"`
}

// manifest reads NDJSON, or CSV whose first line names the columns. Files are named relative to the
// manifest's folder.
func (e *expander) manifest(name string, stdin io.Reader) error {
	folder := filepath.Dir(name)
	in := stdin
	if name == "-" {
		if stdin == nil {
			return exit.Errorf(exit.Usage, "standard input can be read once only: give - once")
		}
		folder = "."
	} else {
		f, err := os.Open(name)
		if err != nil {
			return exit.Errorf(exit.NoInput, "the manifest cannot be opened: check that it exists and may be read")
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	r := bufio.NewReader(in)
	// A byte order mark, as spreadsheets write it, is no part of the first name.
	if mark, err := r.Peek(3); err == nil && bytes.Equal(mark, []byte("\xEF\xBB\xBF")) {
		_, _ = r.Discard(3)
	}
	first, err := firstByte(r)
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return exit.Errorf(exit.NoInput, "the manifest cannot be read")
	case first == '{':
		return e.ndjson(r, folder)
	}
	return e.csv(r, folder)
}

func firstByte(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != ' ' && b != '\t' && b != '\r' && b != '\n' {
			return b, r.UnreadByte()
		}
	}
}

func (e *expander) ndjson(r io.Reader, folder string) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	for lines.Scan() {
		n++
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.DisallowUnknownFields()
		var en entry
		if err := d.Decode(&en); err != nil || d.More() {
			return exit.Errorf(exit.Usage, "manifest line %d is not a JSON object with source and, if wanted, side, case, key, subject, purpose, sha256 as texts", n)
		}
		if err := e.entry(en, n, folder); err != nil {
			return err
		}
	}
	if lines.Err() != nil {
		return exit.Errorf(exit.Usage, "manifest line %d is too long or cannot be read", n+1)
	}
	return nil
}

func (e *expander) csv(r io.Reader, folder string) error {
	rows := csv.NewReader(r)
	head, err := rows.Read()
	if err != nil {
		return exit.Errorf(exit.Usage, "manifest line 1 is neither JSON nor CSV")
	}
	for i, name := range head {
		head[i] = strings.ToLower(strings.TrimSpace(name))
		if new(entry).column(head[i]) == nil {
			return exit.Errorf(exit.Usage, "manifest column %d is unknown: use source, side, case, key, subject, purpose, sha256", i+1)
		}
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			line := 0
			if pe, ok := errors.AsType[*csv.ParseError](err); ok {
				line = pe.Line
			}
			return exit.Errorf(exit.Usage, "manifest line %d is malformed CSV, or has another number of columns than the first", line)
		}
		line, _ := rows.FieldPos(0)
		var en entry
		for i, name := range head {
			*en.column(name) = row[i]
		}
		if err := e.entry(en, line, folder); err != nil {
			return err
		}
	}
}

func (en *entry) column(name string) *string {
	switch name {
	case "source":
		return &en.Source
	case "side":
		return &en.Side
	case "case":
		return &en.Case
	case "key":
		return &en.Key
	case "subject":
		return &en.Subject
	case "purpose":
		return &en.Purpose
	case "sha256":
		return &en.SHA256
	}
	return nil
}

func (e *expander) entry(en entry, line int, folder string) error {
	if en.Source == "" {
		return exit.Errorf(exit.Usage, "manifest line %d has no source", line)
	}
	i := Item{Source: en.Source, Side: e.side, Case: en.Case, Key: en.Key, Subject: en.Subject, Purpose: en.Purpose, SHA256: strings.ToLower(en.SHA256)}
	if en.Side != "" {
		side, err := shared.ParseSide(en.Side)
		if err != nil {
			return exit.Errorf(exit.Usage, "manifest line %d has an unknown side: use portrait (front), emblem (back) or detect", line)
		}
		i.Side = side
	}
	if isURL(en.Source) {
		i.Image.URL = en.Source
		e.add(i)
		return nil
	}
	path := en.Source
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, path)
	}
	e.statFile(i, path)
	return nil
}
