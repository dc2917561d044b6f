package layers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"syscall"

	"github.com/seed-6b91b535/idrec/shared"
)

// maxSourceBytes is the largest file or download that is read, 128 MiB: a lossless picture of 48
// megapixels goes through, and what is larger is no picture of a card.
const maxSourceBytes = 128 << 20

// sourceLayer gets the picture's bytes, once: those inside see them in the request and its digest in
// SHA256, and never a path, nor an address but one that the vendor is to fetch. It also gives the
// request its identity.
type sourceLayer struct {
	layer

	chain *chain
}

func (l *sourceLayer) Recognize(ctx context.Context, req *shared.Request) (*shared.Result, error) {
	var held int64
	defer func() { l.chain.memory.release(held) }()
	read, err := l.read(ctx, req, &held)
	if err != nil {
		return nil, err
	}
	id := identify(l.chain.book.store.Digester(), l.chain.description, read)
	id.owned = req.Image.Bytes == nil
	if !id.owned {
		// So that the memory goes back too where the answer is in the record.
		release, _ := shared.HoldImage(ctx)
		defer release()
	}
	res, err := l.inner.Recognize(withIdentity(ctx, id), read)
	if err != nil {
		e := *shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		e.RequestKey = id.key
		return nil, &e
	}
	res.RequestKey = id.key
	if read.Image.Bytes != nil {
		res.Picture.SHA256 = read.SHA256
	}
	return res, nil
}

// read returns the request with the picture's bytes and their digest in it. held is what it reserved of
// the memory for pictures, also when it fails.
func (l *sourceLayer) read(ctx context.Context, req *shared.Request, held *int64) (*shared.Request, error) {
	data := req.Image.Bytes
	reserve := func(n int64) error {
		if err := l.chain.memory.wait(ctx, n); err != nil {
			return err
		}
		*held = n
		return nil
	}
	switch req.Image.Kind() {
	case "bytes":
		n := int64(len(data))
		if err := l.chain.memory.take(n); err != nil {
			return nil, err
		}
		*held = n
	case "path":
		var err error
		if data, err = readFile(req.Image.Path, reserve); err != nil {
			return nil, err
		}
	case "url":
		u, err := parseAddress(req.Image.URL)
		if err != nil {
			return nil, err
		}
		if req.URLMode == shared.URLVendor {
			if most := l.chain.description.Limits.MaxURLBytes; most > 0 && len(req.Image.URL) > most {
				return nil, notSent(shared.CodeURLTooLong, "", nil)
			}
			return req, nil
		}
		if data, err = l.chain.fetcher.fetch(ctx, u, reserve); err != nil {
			return nil, err
		}
	}
	if len(data) == 0 {
		return nil, notSent(shared.CodePictureEmpty, "", nil)
	}
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	if req.SHA256 != "" && req.SHA256 != digest {
		return nil, notSent(shared.CodePictureChanged, "the picture has another SHA-256 than the request says: it changed, or is not the one meant", nil)
	}
	read := req.Clone()
	read.Image, read.SHA256 = shared.Image{Bytes: data}, digest
	return read, nil
}

// readFile reads a file through one descriptor and refuses one that was written meanwhile. reserve waits
// for the memory.
func readFile(path string, reserve func(int64) error) ([]byte, error) {
	// Without O_NONBLOCK, opening a named pipe would wait for a writer for ever.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, notSent(shared.CodePictureUnreadable, unreadable(err), err)
	}
	defer func() { _ = f.Close() }()
	return readSteady(f, reserve)
}

// readSteady reads an open file whole.
func readSteady(f fs.File, reserve func(int64) error) ([]byte, error) {
	before, err := f.Stat()
	switch {
	case err != nil:
		return nil, notSent(shared.CodePictureUnreadable, "", err)
	case !before.Mode().IsRegular():
		return nil, notSent(shared.CodePictureUnreadable, "the picture's path is no regular file: give the path of a picture", nil)
	case before.Size() > maxSourceBytes:
		return nil, tooLarge()
	}
	if err := reserve(before.Size()); err != nil {
		return nil, err
	}
	data := make([]byte, before.Size())
	n, err := io.ReadFull(f, data)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return nil, changed()
	case err != nil:
		return nil, notSent(shared.CodePictureUnreadable, "", err)
	}
	after, err := f.Stat()
	if err != nil {
		return nil, notSent(shared.CodePictureUnreadable, "", err)
	}
	if after.Size() != int64(n) || !after.ModTime().Equal(before.ModTime()) {
		return nil, changed()
	}
	return data, nil
}

func unreadable(err error) string {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "the picture does not exist: check its path"
	case errors.Is(err, os.ErrPermission):
		return "the picture may not be read: check its permissions"
	}
	return ""
}

func changed() error {
	return notSent(shared.CodePictureChanged, "the picture was written while it was read: try again when nobody writes to it", nil)
}

func tooLarge() error {
	return notSent(shared.CodePictureTooLarge, "the picture is larger than 128 MiB, the most that is read: make it smaller", nil)
}

// parseAddress returns the URL of a picture; its error tells nothing of it.
func parseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return nil, notSent(shared.CodeURLInvalid, "", nil)
	}
	return u, nil
}
