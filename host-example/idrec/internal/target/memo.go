package target

import (
	"encoding/json"
	"io"
	"os"
	"runtime"
)

const isWindows = runtime.GOOS == "windows"

// memo is what was made, by the number of its name.
type memo map[int]made

type made struct {
	// Sums are the hex SHA-256 of the file that idrec made; two while it is being replaced.
	Sums  []string `json:"sha256"`
	Stamp string   `json:"stamp,omitempty"`
}

// readMemo reads it. One that is not there or damaged knows nothing: then files are left alone.
func readMemo(name string) memo {
	m := memo{}
	text, err := os.ReadFile(name)
	if err != nil || json.Unmarshal(text, &m) != nil {
		return memo{}
	}
	return m
}

func (m memo) write(name string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	next := name + ".next"
	if _, err := writeWhole(next, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		_ = os.Remove(next)
		return err
	}
	return os.Rename(next, name)
}
