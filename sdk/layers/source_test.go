package layers

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func byPath(path string) *shared.Request {
	return &shared.Request{Image: shared.Image{Path: path}}
}

func TestPictureByPathIsThePictureItself(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	path := filepath.Join(t.TempDir(), "张三.jpg")
	if err := os.WriteFile(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	first := read(t, s, byPath(path))
	if v.seen[0].Image.Kind() != "bytes" || string(v.seen[0].Image.Bytes) != "a" || v.seen[0].SHA256 != digest("a") || first.Picture.SHA256 != digest("a") {
		t.Errorf("the provider got %v", v.seen[0])
	}
	// Whatever way it comes, it is the same picture.
	if res := read(t, s, request("a")); res.AnsweredBy != shared.AnsweredLedger {
		t.Errorf("got %v", res)
	}
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if res := read(t, s, byPath(path)); res.AnsweredBy != shared.AnsweredLive {
		t.Errorf("the file's new content got %v", res)
	}
}

func TestUnreadablePathsAreTypedAndTellNothingOfThePath(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	dir := filepath.Join(t.TempDir(), "张三")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	empty, huge := filepath.Join(dir, "empty"), filepath.Join(dir, "huge")
	for path, size := range map[string]int64{empty: 0, huge: maxSourceBytes + 1} {
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Truncate(size); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for path, code := range map[string]shared.Code{
		filepath.Join(dir, "none"): shared.CodePictureUnreadable,
		dir:                        shared.CodePictureUnreadable,
		empty:                      shared.CodePictureEmpty,
		huge:                       shared.CodePictureTooLarge,
	} {
		e := fail(t, s, byPath(path), code, shared.OutcomeNotSent)
		if strings.Contains(e.Error(), "张") || strings.Contains(e.Error(), "/") || strings.Contains(e.Error(), "\n") {
			t.Errorf("the error tells the path: %v", e)
		}
	}
	v.want(t, 0, 0)
}

func TestPictureThatIsNotTheOneMeantIsRefused(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	s := around(t, v, nil, quick())
	req := request("a")
	req.SHA256 = digest("b")
	fail(t, s, req, shared.CodePictureChanged, shared.OutcomeNotSent)
	req.SHA256 = digest("a")
	read(t, s, req)
	fail(t, s, &shared.Request{Image: shared.Image{Bytes: []byte{}}}, shared.CodePictureEmpty, shared.OutcomeNotSent)
	v.want(t, 1, 1)
}

// disturbed is an open file that somebody writes to after the first read.
type disturbed struct {
	*os.File

	disturb func()
}

func (d disturbed) Read(b []byte) (int, error) {
	n, err := d.File.Read(b[:min(len(b), 4)])
	d.disturb()
	return n, err
}

func TestPictureThatIsWrittenMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	for name, disturb := range map[string]func(path string) error{
		"grown":             func(path string) error { return os.WriteFile(path, []byte("new and longer"), 0o600) },
		"cut":               func(path string) error { return os.Truncate(path, 2) },
		"emptied":           func(path string) error { return os.Truncate(path, 0) },
		"the same length":   func(path string) error { return os.WriteFile(path, []byte("whole2"), 0o600) },
		"not written to":    func(string) error { return nil },
		"replaced by other": os.Remove, // what is open stays whole
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "picture")
			if err := os.WriteFile(path, []byte("whole1"), 0o600); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			data, err := readSteady(disturbed{f, func() {
				if err := disturb(path); err != nil && !os.IsNotExist(err) {
					t.Error(err)
				}
			}}, anyMuch)
			if strings.HasPrefix(name, "not") || strings.HasPrefix(name, "replaced") {
				if string(data) != "whole1" || err != nil {
					t.Errorf("read %q, %v", data, err)
				}
				return
			}
			if !errors.Is(err, shared.CodePictureChanged) {
				t.Errorf("read %q, %v", data, err)
			}
		})
	}
}

func TestAddressForTheVendorIsHandedOn(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{}))
	v.description.Limits.MaxURLBytes = 60
	s := around(t, v, nil, quick())
	byURL := func(url string) *shared.Request {
		return &shared.Request{Image: shared.Image{URL: url}, URLMode: shared.URLVendor}
	}
	res := read(t, s, byURL("http://10.0.0.1/a.jpg?sign=1"))
	if v.seen[0].Image.URL != "http://10.0.0.1/a.jpg?sign=1" || codes(res.Findings)[shared.FindingURLByVendor] != 1 || res.Picture.SHA256 != "" {
		t.Errorf("the provider got %v, the caller %v with %v", v.seen[0], res, res.Findings)
	}
	again := read(t, s, byURL("http://10.0.0.1/a.jpg?sign=1"))
	if again.AnsweredBy != shared.AnsweredLedger || codes(again.Findings)[shared.FindingURLByVendor] != 1 {
		t.Errorf("the same address got %v with %v", again, again.Findings)
	}
	// By the caller's word it is a picture that others may give as bytes, and they are told so.
	claimed := byURL("http://10.0.0.1/b.jpg")
	claimed.SHA256 = digest("b")
	read(t, s, claimed)
	if res := read(t, s, request("b")); res.AnsweredBy != shared.AnsweredLedger || codes(res.Findings)[shared.FindingURLByVendor] != 1 {
		t.Errorf("got %v with %v", res, res.Findings)
	}
	fail(t, s, byURL("http://10.0.0.1/"+strings.Repeat("a", 60)), shared.CodeURLTooLong, shared.OutcomeNotSent)
	for _, bad := range []string{"ftp://10.0.0.1/a", "file:///etc/passwd", "a.jpg", "http://", "http://%zz/", "https:///a"} {
		fail(t, s, byURL(bad), shared.CodeURLInvalid, shared.OutcomeNotSent)
	}
	v.want(t, 2, 2)
}

func TestFetchingByTheVendorIsToldOnce(t *testing.T) {
	t.Parallel()
	v := newVendor(always(play{result: func(r *shared.Result) {
		r.Findings = append(r.Findings, shared.Finding{Code: shared.FindingURLByVendor, Severity: shared.SeverityInfo})
	}}))
	s := around(t, v, nil, quick())
	req := &shared.Request{Image: shared.Image{URL: "https://pictures.example/a.jpg"}, URLMode: shared.URLVendor}
	if res := read(t, s, req); codes(res.Findings)[shared.FindingURLByVendor] != 1 {
		t.Errorf("told %d times", codes(res.Findings)[shared.FindingURLByVendor])
	}
}
