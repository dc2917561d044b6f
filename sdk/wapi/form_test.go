package wapi

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/shared"
)

// makeForm returns a form with a picture, looked at as a call does.
func makeForm(t rapid.TB, params map[string]string, name string, image shared.Image) *form {
	f := &form{secret: shared.NewSecret(testSecret), picName: name}
	for n, v := range params {
		if v != "" {
			f.params = insertParam(f.params, Param{n, v})
		}
	}
	if name == "" {
		return f
	}
	pic, err := openSource(image)
	if err != nil {
		t.Fatal(err)
	}
	if err := pic.preflight(false, ""); err != nil {
		t.Fatal(err)
	}
	f.pic = pic
	return f
}

// checkForm reads a body and holds it against what a server makes of it.
func checkForm(t rapid.TB, body []byte, announced int64, want map[string]string) {
	if int64(len(body)) != announced {
		t.Fatalf("the body has %d bytes, %d were announced", len(body), announced)
	}
	got, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	if s := got.Get(ParamSign); s != vendorSign(got, testSecret) {
		t.Fatal("the signature does not verify")
	}
	if !strings.HasPrefix(string(body[len(body)-len(signField)-signLen:]), signField) {
		t.Fatal("the signature is not last")
	}
	got.Del(ParamSign)
	for n, v := range want {
		if v != "" && (len(got[n]) != 1 || got.Get(n) != v) {
			t.Fatalf("parameter %q arrived changed", n)
		}
		got.Del(n)
	}
	if len(got) > 0 {
		t.Fatalf("parameters arrived that were not given: %d", len(got))
	}
}

func TestFormArrivesAsItWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		params := rapid.MapOf(rapid.StringN(1, 8, -1).Filter(func(s string) bool { return s != ParamSign && s != ParamTime && s != ParamImage }), rapid.String()).Draw(t, "params")
		picture := rapid.SliceOfN(rapid.Byte(), 1, 40_000).Draw(t, "picture")
		if rapid.Bool().Draw(t, "all slashes") {
			picture = bytes.Repeat([]byte{0xFF}, len(picture))
		}
		f := makeForm(t, params, ParamImage, shared.Image{Bytes: picture})
		at := time.Unix(rapid.Int64Range(1_000_000_000, 9_999_999_999).Draw(t, "time"), 0)
		body := f.body(at)
		read := readSizes(t, body, rapid.SampledFrom([]int{1, 7, 255, 256, 257, 4096, 32 << 10, 1 << 20}).Draw(t, "read size"))
		want := map[string]string{ParamTime: formatTime(at), ParamImage: base64.StdEncoding.EncodeToString(picture)}
		maps.Copy(want, params)
		checkForm(t, read, body.length, want)
	})
}

func readSizes(t rapid.TB, r io.ReadCloser, size int) []byte {
	var all []byte
	buf := make([]byte, size)
	for {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return all
}

// Each length around the steps and blocks of the encoder, whose tail is another path.
func TestFormOfEveryLength(t *testing.T) {
	noise := benchPicture()[:2*blockBytes]
	for _, n := range append(upTo(40), blockBytes-2, blockBytes-1, blockBytes, blockBytes+1, blockBytes+2, blockBytes+7, 2*blockBytes-1) {
		f := makeForm(t, map[string]string{"appid": "1"}, ParamImage, shared.Image{Bytes: noise[:n]})
		body := f.body(time.Time{})
		checkForm(t, readSizes(t, body, 32<<10), body.length,
			map[string]string{"appid": "1", ParamImage: base64.StdEncoding.EncodeToString(noise[:n])})
	}
}

func upTo(n int) (all []int) {
	for i := 1; i <= n; i++ {
		all = append(all, i)
	}
	return all
}

func TestFormIsAWellBehavedReader(t *testing.T) {
	f := makeForm(t, map[string]string{"appid": "1"}, ParamImage, shared.Image{Bytes: benchPicture()[:30_000]})
	want := readSizes(t, f.body(time.Time{}), 1<<20)
	if err := iotest.TestReader(f.body(time.Time{}), want); err != nil {
		t.Error(err)
	}
}

// Parameters that sort after the picture are signed after it, though they are sent before.
func TestFormSignsInTheOrderOfNames(t *testing.T) {
	params := map[string]string{"aa": "1", "zz": "2", "pic2": "3", "pi": "4"}
	f := makeForm(t, params, "pic", shared.Image{Bytes: []byte("picture")})
	body := f.body(time.Unix(1700000000, 0))
	want := map[string]string{"pic": base64.StdEncoding.EncodeToString([]byte("picture")), "time": "1700000000"}
	maps.Copy(want, params)
	checkForm(t, readSizes(t, body, 512), body.length, want)
}

func TestFormWithoutPicture(t *testing.T) {
	params := map[string]string{"appid": "1", "mobile": "13800000000", "name": "样本 & 様本"}
	body := makeForm(t, params, "", shared.Image{}).body(time.Time{})
	checkForm(t, readSizes(t, body, 512), body.length, params)
}

func writePicture(t *testing.T, b []byte) string {
	path := filepath.Join(t.TempDir(), "picture")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFormOfAFileIsThatOfItsBytes(t *testing.T) {
	for _, n := range []int{1, 7, 8, blockBytes - 1, blockBytes, blockBytes + 1, 3*blockBytes + 5} {
		picture := benchPicture()[:n]
		fromBytes := makeForm(t, nil, ParamImage, shared.Image{Bytes: picture})
		fromFile := makeForm(t, nil, ParamImage, shared.Image{Path: writePicture(t, picture)})
		for range 2 { // every attempt reads again
			a, b := readSizes(t, fromBytes.body(time.Time{}), 999), readSizes(t, fromFile.body(time.Time{}), 999)
			if !bytes.Equal(a, b) {
				t.Errorf("%d bytes: the forms differ", n)
			}
		}
		fromFile.pic.close()
	}
}

func TestFormOfAChangedPictureLeavesWithoutASignature(t *testing.T) {
	original := benchPicture()[:50_000]
	for name, change := range map[string]func(path string) error{
		"one byte": func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteAt([]byte{original[40_000] ^ 1}, 40_000)
			// Even with its time set back.
			return errors.Join(err, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
		},
		"longer":  func(path string) error { return os.WriteFile(path, append(bytes.Clone(original), 1), 0o600) },
		"shorter": func(path string) error { return os.Truncate(path, 49_999) },
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"touched": func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(2, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := writePicture(t, original)
			if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			f := makeForm(t, nil, ParamImage, shared.Image{Path: path})
			defer f.pic.close()
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			body := f.body(time.Time{})
			all, err := io.ReadAll(body)
			_ = body.Close()
			var e *shared.Error
			if !errors.As(err, &e) || e.Code != shared.CodePictureChanged || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved {
				t.Errorf("error %v, want picture_changed", err)
			}
			if bytes.Contains(all, []byte(signField)) {
				t.Error("the signature left")
			}
		})
	}
}

func TestFormOfChangedBytesLeavesWithoutASignature(t *testing.T) {
	picture := bytes.Clone(benchPicture()[:50_000])
	f := makeForm(t, nil, ParamImage, shared.Image{Bytes: picture})
	picture[49_999] ^= 1
	if all, err := io.ReadAll(f.body(time.Time{})); !errors.Is(err, shared.CodePictureChanged) || bytes.Contains(all, []byte(signField)) {
		t.Errorf("error %v", err)
	}
}

func TestAbortedFormNeverTouchesThePictureAgain(t *testing.T) {
	f := makeForm(t, nil, ParamImage, shared.Image{Bytes: benchPicture()[:50_000]})
	body := f.body(time.Time{})
	if _, err := body.Read(make([]byte, 4096)); err != nil {
		t.Fatal(err)
	}
	why := errors.New("enough")
	if !body.abort(why) {
		t.Fatal("the body counts as whole")
	}
	f.pic.data = nil // reading it would panic
	if n, err := body.Read(make([]byte, 4096)); n != 0 || !errors.Is(err, why) {
		t.Errorf("Read = %d, %v", n, err)
	}
	_ = body.Close()
}

func TestWholeFormCannotBeAborted(t *testing.T) {
	f := makeForm(t, nil, ParamImage, shared.Image{Bytes: []byte("picture")})
	body := f.body(time.Time{})
	buf := make([]byte, body.length-1) // all but the last digit
	if _, err := io.ReadFull(body, buf); err != nil {
		t.Fatal(err)
	}
	if body.abort(errOver) {
		t.Error("a body whose signature is being handed out was aborted")
	}
	// Nor can it fail, even closed: the transport would report bytes as unwritten that it wrote.
	_ = body.Close()
	rest, err := io.ReadAll(body)
	if err != nil || len(rest) != 1 {
		t.Errorf("%d bytes, %v", len(rest), err)
	}
}

// Transports read and close from different goroutines.
func TestFormIsSafeToReadCloseAndAbortAtOnce(t *testing.T) {
	f := makeForm(t, nil, ParamImage, shared.Image{Path: writePicture(t, benchPicture()[:200_000])})
	defer f.pic.close()
	for range 20 {
		body := f.body(time.Time{})
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = io.Copy(io.Discard, body) })
		wg.Go(func() { _ = body.Close() })
		wg.Go(func() { body.abort(errOver) })
		wg.Go(func() { body.state() })
		wg.Wait()
		_ = body.Close()
	}
}

func FuzzForm(f *testing.F) {
	f.Add("appid", "1", []byte("\xff\xff\xfe"), 300)
	f.Add("样", "a=b&c+d%", []byte{0}, 1)
	f.Add("zz", "\xff\x00", bytes.Repeat([]byte{0xFB, 0xEF, 0xBE}, 5000), 64)
	f.Fuzz(func(t *testing.T, name, value string, picture []byte, size int) {
		if name == "" || name == ParamSign || name == ParamTime || name == ParamImage || len(picture) == 0 || size < 1 || size > 1<<20 {
			t.Skip()
		}
		params := map[string]string{name: value}
		body := makeForm(t, params, ParamImage, shared.Image{Bytes: picture}).body(time.Time{})
		want := map[string]string{name: value, ParamImage: base64.StdEncoding.EncodeToString(picture)}
		checkForm(t, readSizes(t, body, size), body.length, want)
	})
}
