package journal

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"slices"
)

// Finish completes the output and gives it its name. A record that was replaced is left out.
func (j *Journal) Finish() error {
	if j.part == nil && j.sealed {
		return nil // nothing was added to it
	}
	if err := j.unseal(); err != nil {
		return err
	}
	if j.stale > 0 {
		return j.rewrite()
	}
	if err := j.part.Truncate(j.partEnd); err != nil {
		return writeError(err, "--out")
	}
	j.outRoom = j.partEnd
	end, err := j.foot(j.part, j.partEnd, j.entries)
	if err == nil {
		err = j.part.Sync()
	}
	if err != nil {
		_ = j.part.Truncate(j.partEnd)
		return writeError(err, "--out")
	}
	if err := j.seal(row{Seal: end}, nil); err != nil {
		return err
	}
	return j.rename(j.partName())
}

// foot writes what stands behind the records of a file, and returns where that ends.
func (j *Journal) foot(f file, at int64, entries map[string]Entry) (end int64, err error) {
	out := io.NewOffsetWriter(f, at)
	if j.o.Foot != nil {
		r, err := j.recordsIn(f, entries)
		if err != nil {
			return at, err
		}
		text := bufio.NewWriterSize(out, footBuffer)
		if err := j.o.Foot(text, r); err != nil {
			return at, err
		}
		if err := text.Flush(); err != nil {
			return at, err
		}
	}
	if _, err := out.Write(j.o.Frame.Footer); err != nil {
		return at, err
	}
	now, err := out.Seek(0, io.SeekCurrent)
	return at + now, err
}

// footBuffer: what is made of the records is read from the same file.
const footBuffer = 64 << 10

// rewrite copies the records that stand to a new file, in the order in which they were written.
func (j *Journal) rewrite() error {
	next, err := j.o.open(j.nextName(), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return writeError(err, "--out")
	}
	entries, records, end, rows, err := j.copyTo(next)
	if cErr := next.Close(); err == nil {
		err = cErr
	}
	if err != nil {
		_ = j.o.remove(j.nextName())
		return writeError(err, "--out")
	}
	if err := j.seal(row{Seal: end, Next: true}, rows); err != nil {
		_ = j.o.remove(j.nextName())
		return err
	}
	j.entries, j.records, j.stale = entries, len(entries), 0
	j.partEnd = records
	if err := j.rename(j.nextName()); err != nil {
		return err
	}
	_ = j.o.remove(j.partName())
	return nil
}

// copyTo returns where the records end, and where what stands behind them does.
func (j *Journal) copyTo(next file) (entries map[string]Entry, records, end int64, rows []byte, err error) {
	items := make([]string, 0, len(j.entries))
	for item := range j.entries {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b string) int { return cmp.Compare(j.entries[a].Offset, j.entries[b].Offset) })
	var log bytes.Buffer
	if err := writeRow(&log, row{Rewrite: true}); err != nil {
		return nil, 0, 0, nil, err
	}
	entries = make(map[string]Entry, len(items))
	out := io.NewOffsetWriter(next, 0)
	if _, err := out.Write(j.o.Frame.Header); err != nil {
		return nil, 0, 0, nil, err
	}
	at := int64(len(j.o.Frame.Header))
	for i, item := range items {
		e := j.entries[item]
		if i > 0 {
			if _, err := out.Write(j.o.Frame.Separator); err != nil {
				return nil, 0, 0, nil, err
			}
			at += int64(len(j.o.Frame.Separator))
		}
		if _, err := io.Copy(out, io.NewSectionReader(j.part, e.Offset, e.Length)); err != nil {
			return nil, 0, 0, nil, err
		}
		e.Offset = at
		at += e.Length
		entries[item] = e
		if err := writeRow(&log, row{Item: item, Entry: &e}); err != nil {
			return nil, 0, 0, nil, err
		}
	}
	if end, err = j.foot(next, at, entries); err != nil {
		return nil, 0, 0, nil, err
	}
	return entries, at, end, log.Bytes(), next.Sync()
}

// seal ends the state's log with the row given, after the rows of a rewrite.
func (j *Journal) seal(last row, rows []byte) error {
	log := bytes.NewBuffer(slices.Clone(rows))
	if err := writeRow(log, last); err != nil {
		return err
	}
	if err := writeSynced(j.state, log.Bytes(), j.stateEnd); err != nil {
		// Whatever of it arrived must not be read as a seal by the next run.
		_ = j.state.Truncate(j.stateEnd)
		return writeError(err, "--state")
	}
	j.stateEnd += int64(log.Len())
	j.stateRoom = j.stateEnd
	j.sealed, j.sealedAt = true, last.Seal
	return j.state.Truncate(j.stateEnd)
}

// rename gives the complete file its name; it is closed first, since Windows renames no open file.
func (j *Journal) rename(from string) error {
	err := j.part.Close()
	j.part = nil
	if err == nil {
		err = j.o.rename(from, j.o.Out)
	}
	if err != nil {
		return writeError(err, "--out")
	}
	syncFolder(j.o.Out)
	return nil
}

// Close ends the work on the files and lets others at them. What was appended stays.
func (j *Journal) Close() error {
	var errs []error
	if j.part != nil {
		errs = append(errs, j.part.Truncate(j.partEnd))
	}
	if j.state != nil {
		errs = append(errs, j.state.Truncate(j.stateEnd))
	}
	errs = append(errs, j.closeFiles(), j.lock.Unlock())
	return errors.Join(errs...)
}

func (j *Journal) closeFiles() error {
	var errs []error
	for _, f := range []*file{&j.part, &j.state} {
		if *f != nil {
			errs = append(errs, (*f).Close())
			*f = nil
		}
	}
	return errors.Join(errs...)
}
