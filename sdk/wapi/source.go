package wapi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"hash/maphash"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/picture"
	"github.com/seed-6b91b535/idrec/shared"
)

// source is a picture that can be read as often as attempts need it: bytes of the caller, or one open
// file.
type source struct {
	data []byte   // of a picture by bytes
	file *os.File // of a picture by path
	size int64
	mod  time.Time // of a file when it was opened

	info       picture.Info // after a preflight for the product
	formLength int64        // of the picture as a form value
	digest     uint64       // of the whole picture, keyed with digestSeed
}

// blockBytes is how much of a picture is looked at in one step: a multiple of 3, so that blocks encode
// to base64 independently of each other, and small enough for the first-level cache beside its text.
const blockBytes = 12 << 10

// digestSeed keys the hash by which a picture is known between its first look and the end of each
// upload. 64 keyed bits do: the key is random in this process, so not even somebody who chooses the
// changes can aim for a collision, and it costs a tenth of the signature's hash.
var digestSeed = maphash.MakeSeed()

// openSource opens a picture by bytes or path.
func openSource(image shared.Image) (*source, error) {
	s := &source{data: image.Bytes, size: int64(len(image.Bytes))}
	if image.Path != "" {
		if err := s.openFile(image.Path); err != nil {
			return nil, err
		}
	}
	if s.size == 0 {
		s.close()
		return nil, notSent(shared.CodePictureEmpty, nil)
	}
	return s, nil
}

func (s *source) openFile(path string) error {
	// Without O_NONBLOCK, opening a named pipe would wait for a writer for ever. The kind is asked of what
	// was opened: the path may lead elsewhere by then.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return notSent(shared.CodePictureUnreadable, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		_ = f.Close()
		return notSent(shared.CodePictureUnreadable, err)
	}
	s.file, s.size, s.mod = f, info.Size(), info.ModTime()
	return nil
}

func (s *source) close() {
	if s.file != nil {
		_ = s.file.Close()
	}
}

// block returns up to blockBytes of the picture from off. The slice is the caller's own picture or
// lies in buf.
func (s *source) block(off int64, buf *[blockBytes]byte) ([]byte, error) {
	n := min(s.size-off, blockBytes)
	if s.file == nil {
		return s.data[off : off+n], nil
	}
	return buf[:n], s.fill(buf[:n], off)
}

// fill reads all of b from off of the file. A file that ended early has changed.
func (s *source) fill(b []byte, off int64) error {
	got, err := s.file.ReadAt(b, off)
	switch {
	case got == len(b):
		return nil
	case errors.Is(err, io.EOF):
		return notSent(shared.CodePictureChanged, nil)
	}
	return notSent(shared.CodePictureUnreadable, err)
}

// unchanged reports whether a file still has the size and the time of its opening.
func (s *source) unchanged() bool {
	if s.file == nil {
		return true
	}
	info, err := s.file.Stat()
	return err == nil && info.Size() == s.size && info.ModTime().Equal(s.mod)
}

// measure reads the picture once: its exact length in the form, its digest, and, if the caller knows
// the SHA-256, whether it is that picture.
func (s *source) measure(sha string) error {
	var digest maphash.Hash
	digest.SetSeed(digestSeed)
	var sum hash.Hash
	if sha != "" {
		sum = sha256.New()
	}
	if s.file == nil {
		// One look at the whole: what counts the length is quicker so.
		s.formLength = picture.FormLength(s.data)
		_, _ = digest.Write(s.data)
		if sum != nil {
			_, _ = sum.Write(s.data)
		}
	} else {
		scratch := newScratch()
		defer scratches.Put(scratch)
		for off := int64(0); off < s.size; off += blockBytes {
			b, err := s.block(off, &scratch.raw)
			if err != nil {
				return err
			}
			s.formLength += picture.FormLength(b)
			_, _ = digest.Write(b)
			if sum != nil {
				_, _ = sum.Write(b)
			}
		}
	}
	if sum != nil && hex.EncodeToString(sum.Sum(nil)) != sha {
		return notSent(shared.CodePictureChanged, nil)
	}
	s.digest = digest.Sum64()
	return nil
}
