package cli

import (
	"crypto/rand"
	"os"
	"path/filepath"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
)

// rescue writes answers that found no place, and are or may be paid for, to a file of their own, and
// returns a line that says so. They are complete, whatever the output was to be.
func rescue(lost []batch.Answer, out string) messages.Message {
	var text []byte
	n := 0
	for _, a := range lost {
		if a.Err != nil && !a.Err.Outcome.MayBeBilled() {
			continue
		}
		if line, err := report.NDJSON.Encode(a.Record()); err == nil {
			text = append(text, line...)
			n++
		}
	}
	if n == 0 {
		return messages.Of("%d answers were not written; none of them cost anything", len(lost))
	}
	name := "idrec-rescued-" + rand.Text()[:8] + ".ndjson"
	places := []string{"."}
	if out != "" {
		places = append(places, filepath.Dir(out))
	}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, home)
	}
	for i, dir := range places {
		path := filepath.Join(dir, name)
		if err := writeNew(path, text); err != nil {
			_ = os.Remove(path)
			continue
		}
		where := []messages.Word{"in the working folder", "beside the file of --out", "in your home folder"}[i+map[bool]int{true: 1}[out == "" && i > 0]]
		return messages.Of("%d answers that are paid for could not be written where you wanted them: they are in %s %s", n, name, where)
	}
	return messages.Of("%d answers that are paid for could not be written anywhere and are lost", n)
}

func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if cErr := f.Close(); err == nil {
		err = cErr
	}
	return err
}
