package enginetest

import (
	"encoding/json"
	"errors"
	"os"
	"strconv"
	"testing"
)

// Row is what a sample of an engine showed.
type Row struct {
	Engine   string  `json:"engine"`
	Version  string  `json:"version"`
	Pictures int     `json:"pictures"`
	Results  int     `json:"results"`
	Errors   int     `json:"errors"`
	Billed   int64   `json:"billed"`
	Doubles  int64   `json:"doubles"`
	Rate     float64 `json:"rate"`  // pictures a second
	Ratio    float64 `json:"ratio"` // to the command line program in the same run; 0: not compared
	Least    float64 `json:"least"` // what the ratio must be
}

// Report logs the row and adds it to the file that the variable IDREC_ENGINES names, from which one table
// is made of all engines.
func Report(tb testing.TB, r Row) {
	tb.Helper()
	line, err := json.Marshal(r)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Logf("%s", line)
	name := os.Getenv("IDREC_ENGINES")
	if name == "" {
		return
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		tb.Fatal(err)
	}
}

// Pictures is how many pictures a sample takes: short, or what the variable IDREC_ENGINE_PICTURES says.
func Pictures(tb testing.TB, short int) int {
	tb.Helper()
	text := os.Getenv("IDREC_ENGINE_PICTURES")
	if text == "" {
		return short
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		tb.Fatal("IDREC_ENGINE_PICTURES is the number of pictures")
	}
	return n
}
