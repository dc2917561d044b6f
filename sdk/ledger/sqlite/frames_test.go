package sqlite

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"
)

// bytesFile is a file in memory that counts its writes.
type bytesFile struct {
	systemFile

	content []byte
	writes  int
	err     error
}

func (f *bytesFile) WriteAt(p []byte, off int64) (int, error) {
	f.writes++
	if f.err != nil {
		return 0, f.err
	}
	f.content = append(f.content, make([]byte, max(0, int(off)+len(p)-len(f.content)))...)
	return copy(f.content[off:], p), nil
}

func (f *bytesFile) ReadAt(p []byte, off int64) (int, error) { return copy(p, f.content[off:]), nil }
func (f *bytesFile) Size() (int64, error)                    { return int64(len(f.content)), nil }

func frame(number, size uint32, fill byte) (head, page []byte) {
	head = bytes.Repeat([]byte{fill}, frameHead)
	binary.BigEndian.PutUint32(head, number)
	binary.BigEndian.PutUint32(head[4:], size)
	return head, bytes.Repeat([]byte{fill}, pageSize)
}

const frameSize = frameHead + pageSize

// A transaction is one write, and is there when its last frame is.
func TestFramesAreWrittenAtOnce(t *testing.T) {
	t.Parallel()
	want, got := &bytesFile{}, &bytesFile{}
	f := &framesFile{file: file{got}}
	r := rand.New(rand.NewPCG(1, 1))
	write := func(p []byte, off int64) {
		t.Helper()
		_, _ = want.WriteAt(p, off)
		if n, err := f.WriteAt(p, off); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
	}
	write(make([]byte, walHead), 0)
	at := int64(walHead)
	for n := range 200 {
		before, start := got.writes, at
		frames := 1 + r.IntN(9)
		for i := range frames {
			size := uint32(0)
			if i == frames-1 {
				size = 7
			}
			head, page := frame(uint32(i), size, byte(r.IntN(256)))
			write(head, at)
			write(page, at+frameHead)
			at += frameSize
			if i == 2 && n%5 == 1 { // a page that is read back, and written anew
				var b [10]byte
				if _, err := f.ReadAt(b[:], start+frameHead); err != nil || b[0] != want.content[start+frameHead] {
					t.Fatal("what was not written yet is not read")
				}
				write(bytes.Repeat([]byte{byte(n)}, pageSize), start+frameHead)
			}
		}
		if n%5 == 1 && frames > 2 { // then the heads are written anew
			for i := range int64(frames) {
				head, _ := frame(uint32(i), uint32(i/int64(frames-1)), byte(r.IntN(256)))
				write(head, start+i*frameSize)
			}
		} else if got.writes != before+1 {
			t.Fatalf("transaction %d: %d writes for %d frames", n, got.writes-before, frames)
		}
		if !bytes.Equal(got.content, want.content) {
			t.Fatalf("transaction %d is not there", n)
		}
		if n%50 == 49 { // begun anew
			write(make([]byte, walHead), 0)
			at = walHead
		}
	}
}

func TestFramesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	disk := &bytesFile{}
	f := &framesFile{file: file{disk}}
	head, page := frame(1, 0, 1)
	last, _ := frame(2, 2, 2)
	transaction := func() (err error) {
		for i, p := range [][]byte{head, page, last, page} {
			_, e := f.WriteAt(p, walHead+int64(i/2)*frameSize+int64(i%2)*frameHead)
			err = errors.Join(err, e)
		}
		return err
	}
	disk.err = bad
	if err := transaction(); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	disk.err = nil
	if err := transaction(); err != nil || len(disk.content) != walHead+2*frameSize {
		t.Errorf("%d bytes, %v", len(disk.content), err)
	}
}
