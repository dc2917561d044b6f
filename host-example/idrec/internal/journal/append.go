package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// Append writes a group of records, then the rows that name their places, each synced. After an error
// none of the group counts as written.
func (j *Journal) Append(group []Record) error {
	if len(group) == 0 {
		return nil
	}
	if err := j.unseal(); err != nil {
		return err
	}
	var data, rows bytes.Buffer
	places := make([]Entry, len(group))
	items := make([]string, len(group))
	for i, r := range group {
		if j.records+i > 0 {
			data.Write(j.o.Frame.Separator)
		}
		text, err := j.keep(r.Data)
		if err != nil {
			return err
		}
		e := r.Entry
		e.Offset, e.Length = j.partEnd+int64(data.Len()), int64(len(text))
		data.Write(text)
		items[i], places[i] = digest(j.key, "item="+r.Identity), e
		if err := writeRow(&rows, row{Item: items[i], Entry: &e}); err != nil {
			return err
		}
	}
	if err := writeSynced(j.part, data.Bytes(), j.partEnd); err != nil {
		return writeError(err, "--out")
	}
	if err := writeSynced(j.state, rows.Bytes(), j.stateEnd); err != nil {
		return writeError(err, "--state")
	}
	j.partEnd += int64(data.Len())
	j.stateEnd += int64(rows.Len())
	j.outRoom, j.stateRoom = max(j.outRoom, j.partEnd), max(j.stateRoom, j.stateEnd)
	for i, e := range places {
		j.set(items[i], e)
	}
	j.sealed = false
	return nil
}

func writeRow(b *bytes.Buffer, r row) error {
	line, err := json.Marshal(r)
	b.Write(line)
	b.WriteByte('\n')
	return err
}

func writeSynced(f file, text []byte, at int64) error {
	if _, err := f.WriteAt(text, at); err != nil {
		return err
	}
	return f.Sync()
}

// unseal makes the finished output the growing one again, without its footer.
func (j *Journal) unseal() error {
	if j.part != nil {
		return nil
	}
	if err := j.o.rename(j.o.Out, j.partName()); err != nil {
		return writeError(err, "--out")
	}
	return j.openPart()
}

func noRoom() error {
	return exit.Errorf(exit.Later, "no room on the disk for the records of --out: nothing more was sent; free some space, then run the same command again")
}

// writeError tells a full disk from a place that cannot be written to.
func writeError(err error, flag string) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		return exit.Errorf(exit.Later, "another process began to write beside %s: wait until it ends", flag)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist), readOnly(err):
		return exit.Errorf(exit.Usage, "the file of %s cannot be written: check its folder's permissions", flag)
	}
	return noRoom()
}

// syncFolder makes a new or renamed file's name durable, where folders can be synced.
func syncFolder(name string) {
	if d, err := os.Open(filepath.Dir(name)); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
