package wapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/image/bmp"

	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

func settingsOf(extra ...string) shared.Configuration {
	c := shared.Configuration{
		Values:  map[string]string{"url": "http://127.0.0.1", "appid": testAppID, "proxy": "none"},
		Secrets: map[string]shared.Secret{"secret": shared.NewSecret(testSecret)},
	}
	for i := 0; i < len(extra); i += 2 {
		c.Values[extra[i]] = extra[i+1]
	}
	return c
}

// testProvider returns a configured provider whose vendor plays the steps over pipes.
func testProvider(t testing.TB, v *vendor, extra ...string) *Provider {
	g, err := gate.New(math.Inf(1), 1, 64)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProvider(WithVersion("v1.2.3"), WithConfig(func(c *Config) {
		c.Gate, c.Rand = g, func() float64 { return 0 }
		if v != nil {
			c.DialContext = v.pipes()
		}
	}))
	if err := p.Configure(context.Background(), settingsOf(extra...)); err != nil {
		t.Fatal(err)
	}
	return p
}

func drawing(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range img.Pix {
		img.Pix[i] = byte(r.IntN(256))
	}
	return img
}

func encoded(t testing.TB, format string, w, h int) []byte {
	var b bytes.Buffer
	var err error
	switch format {
	case "jpeg":
		err = jpeg.Encode(&b, drawing(w, h), nil)
	case "png":
		err = png.Encode(&b, drawing(w, h))
	case "bmp":
		err = bmp.Encode(&b, drawing(w, h))
	case "gif":
		err = gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Black, color.White}), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lateJPEG is a picture of 30 × 20 pixels that says so behind more metadata than is looked at first.
func lateJPEG(t testing.TB) []byte {
	picture := encoded(t, "jpeg", 30, 20)
	metadata := append([]byte{0xFF, 0xE1, 0xFF, 0xFF}, make([]byte, 0xFFFD)...)
	return slices.Concat(picture[:2], metadata, metadata, picture[2:])
}

const normalAnswer = `{"codeid":10000,"message":"ok","retdata":{"image_status":"normal",` + pagePortrait + `}}`

func TestRecognizeGivesAResultWithItsOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		picture := encoded(t, "jpeg", 60, 40)
		sum := sha256.Sum256(picture)
		path := writePicture(t, picture)
		for name, img := range map[string]shared.Image{"bytes": {Bytes: picture}, "path": {Path: path}} {
			v := newVendor(t, vectorStep{Code: 10014}, vectorStep{Code: Success, Body: normalAnswer})
			p := testProvider(t, v, "price_per_call", "0.042")
			r, err := p.Recognize(context.Background(), &shared.Request{
				Image: img, Side: shared.SidePortrait, CallID: "c1", SHA256: hex.EncodeToString(sum[:]), WantRaw: true,
			})
			v.close()
			_ = p.Close()
			if err != nil {
				t.Fatal(name, err)
			}
			if r.Outcome != shared.OutcomeBilled || r.Basis != shared.BasisDocumented || r.Price != 42 || r.Attempts != 2 ||
				r.AnsweredBy != shared.AnsweredLive || r.Provider != "wapi" || r.Product == "" || r.CallID != "c1" || string(r.Raw) != normalAnswer {
				t.Errorf("%s: %+v", name, r)
			}
			if r.Picture.Format != "jpeg" || r.Picture.Width != 60 || r.Picture.Height != 40 || r.Picture.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: %+v", name, r.Picture)
			}
			if r.Timings.Total != time.Second || r.Value(shared.FieldFullName) != "李义" || r.Side != shared.SidePortrait || !r.Usable() {
				t.Errorf("%s: %v %v", name, r, r.Timings)
			}
			for _, form := range v.forms {
				if form.Get("url_image") != base64.StdEncoding.EncodeToString(picture) || form.Get("id_card_side") != "front" || form.Get("format") != "json" || form.Get("appid") != testAppID {
					t.Errorf("%s: the form is not what was asked for", name)
				}
			}
		}
	})
}

func TestSidesGoByTheVendorsNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for side, want := range map[shared.Side]string{shared.SidePortrait: "front", shared.SideEmblem: "back", shared.SideDetect: ""} {
			v := newVendor(t, vectorStep{Code: Success})
			p := testProvider(t, v, "format", "xml", "omit_time", "true")
			if _, err := p.Recognize(context.Background(), &shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 20, 20)}, Side: side}); err != nil {
				t.Fatal(err)
			}
			v.close()
			if got := v.forms[0]; got.Get("id_card_side") != want || got.Has("id_card_side") != (want != "") || got.Get("format") != "xml" || got.Has("time") {
				t.Errorf("side %q: sent %q", side, got.Get("id_card_side"))
			}
		}
	})
}

func TestURLsAreOnlyHandedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: Success})
		p := testProvider(t, v)
		const address = "https://pictures.test/a b?x=1&y=样本"
		r, err := p.Recognize(context.Background(), &shared.Request{Image: shared.Image{URL: address}, URLMode: shared.URLVendor, SHA256: strings.Repeat("0", 64)})
		v.close()
		if err != nil {
			t.Fatal(err)
		}
		if v.forms[0].Get("url_image") != address {
			t.Error("the address was changed")
		}
		if len(r.Findings) != 1 || r.Findings[0].Code != shared.FindingURLByVendor || r.Picture != (shared.Picture{}) {
			t.Errorf("%+v", r)
		}
	})
}

// What costs nothing to refuse is refused before anything is sent.
func TestRefusedForFree(t *testing.T) {
	white := image.NewGray(image.Rect(0, 0, 1100, 1000))
	for i := range white.Pix {
		white.Pix[i] = 0xFF
	}
	var whiteBMP bytes.Buffer
	if err := bmp.Encode(&whiteBMP, white); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	late := lateJPEG(t)
	for name, c := range map[string]struct {
		req  shared.Request
		want shared.Code
	}{
		"no picture":         {shared.Request{}, shared.CodeInvalidRequest},
		"two pictures":       {shared.Request{Image: shared.Image{Bytes: []byte("a"), Path: "b"}}, shared.CodeInvalidRequest},
		"unknown option":     {shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 20, 20)}, Options: map[string]string{"a": "b"}}, shared.CodeInvalidRequest},
		"empty":              {shared.Request{Image: shared.Image{Bytes: []byte{}}}, shared.CodePictureEmpty},
		"empty file":         {shared.Request{Image: shared.Image{Path: writePicture(t, nil)}}, shared.CodePictureEmpty},
		"no such file":       {shared.Request{Image: shared.Image{Path: filepath.Join(dir, "none.jpg")}}, shared.CodePictureUnreadable},
		"a folder":           {shared.Request{Image: shared.Image{Path: dir}}, shared.CodePictureUnreadable},
		"a device":           {shared.Request{Image: shared.Image{Path: os.DevNull}}, shared.CodePictureUnreadable},
		"text":               {shared.Request{Image: shared.Image{Bytes: []byte("this is no picture at all")}}, shared.CodeNotAPicture},
		"text file":          {shared.Request{Image: shared.Image{Path: writePicture(t, bytes.Repeat([]byte("text "), 30_000))}}, shared.CodeNotAPicture},
		"cut":                {shared.Request{Image: shared.Image{Bytes: encoded(t, "jpeg", 30, 20)[:20]}}, shared.CodePictureBroken},
		"gif":                {shared.Request{Image: shared.Image{Bytes: encoded(t, "gif", 30, 20)}}, shared.CodeFormatUnsupported},
		"one pixel":          {shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 1, 1)}}, shared.CodePictureTooSmall},
		"14 pixels":          {shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 100, 14)}}, shared.CodePictureTooSmall},
		"4097 pixels":        {shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 4097, 16)}}, shared.CodePictureTooLarge},
		"4097, late":         {shared.Request{Image: shared.Image{Path: writePicture(t, bytes.Replace(late, []byte{0, 20, 0, 30}, []byte{0, 20, 0x10, 1}, 1))}}, shared.CodePictureTooLarge},
		"too many bytes":     {shared.Request{Image: shared.Image{Bytes: append(encoded(t, "png", 20, 20), make([]byte, 3<<20)...)}}, shared.CodePictureTooLarge},
		"white once escaped": {shared.Request{Image: shared.Image{Bytes: whiteBMP.Bytes()}}, shared.CodePictureTooLarge},
		"another picture":    {shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 20, 20)}, SHA256: strings.Repeat("0", 64)}, shared.CodePictureChanged},
		"url to fetch":       {shared.Request{Image: shared.Image{URL: "https://pictures.test/a.jpg"}}, shared.CodeNotSupported},
		"long url":           {shared.Request{Image: shared.Image{URL: "https://pictures.test/" + strings.Repeat("a", 1003)}, URLMode: shared.URLVendor}, shared.CodeURLTooLong},
		"file url":           {shared.Request{Image: shared.Image{URL: "file:///etc/passwd"}, URLMode: shared.URLVendor}, shared.CodeURLInvalid},
		"no url":             {shared.Request{Image: shared.Image{URL: "https://"}, URLMode: shared.URLVendor}, shared.CodeURLInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			defer v.close()
			p := testProvider(t, v)
			c.req.CallID = "c1"
			ctx := shared.WithBeforeSend(context.Background(), func(context.Context) error { t.Error("an intent was recorded"); return nil })
			r, err := p.Recognize(ctx, &c.req)
			e := asError(t, err)
			if r != nil || e.Code != c.want || e.Outcome != shared.OutcomeNotSent || e.Basis != shared.BasisProved || e.CallID != "c1" || e.Price != 0 {
				t.Errorf("%v (%+v)", err, e)
			}
			if e.Message == "" || strings.Contains(e.Error(), dir) {
				t.Errorf("message %q", e.Message)
			}
			if v.requests != 0 {
				t.Error("something was sent")
			}
		})
	}
}

func TestLimitsThemselvesAreTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, img := range map[string]shared.Image{
			"15 pixels":      {Bytes: encoded(t, "bmp", 15, 15)},
			"4096 pixels":    {Bytes: encoded(t, "png", 4096, 15)},
			"late size":      {Path: writePicture(t, lateJPEG(t))},
			"url, 1024":      {URL: "https://pictures.test/" + strings.Repeat("a", 1002)},
			"exactly the 4M": {Bytes: filledTo(t, encoded(t, "png", 20, 20), MaxEncodedBytes)},
		} {
			v := newVendor(t, vectorStep{Code: Success})
			p := testProvider(t, v)
			_, err := p.Recognize(context.Background(), &shared.Request{Image: img, URLMode: shared.URLVendor})
			v.close()
			_ = p.Close()
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// filledTo appends zeros, which are not escaped and add four characters for three, until a picture has
// an encoded length.
func filledTo(t testing.TB, picture []byte, length int64) []byte {
	at := func(n int) int64 {
		s := source{data: append(bytes.Clone(picture), make([]byte, n)...), size: int64(len(picture) + n)}
		if err := s.measure(""); err != nil {
			t.Fatal(err)
		}
		return s.formLength
	}
	n := (3 - len(picture)%3) % 3
	n += int(length-at(n)) / 4 * 3
	if at(n) != length {
		t.Fatalf("no such length: %d", at(n))
	}
	return append(bytes.Clone(picture), make([]byte, n)...)
}

func TestUnconfiguredProviderSaysSo(t *testing.T) {
	p := NewProvider()
	_, err := p.Recognize(context.Background(), &shared.Request{Image: shared.Image{Bytes: []byte("a")}})
	if e := asError(t, err); e.Code != shared.CodeNotConfigured || e.Outcome != shared.OutcomeNotSent {
		t.Error(err)
	}
	if _, err := p.Check(context.Background(), false); !errors.Is(err, shared.CodeNotConfigured) {
		t.Error(err)
	}
	if _, err := p.Recognize(context.Background(), nil); !errors.Is(err, shared.CodeInvalidRequest) && !errors.Is(err, shared.CodeNotConfigured) {
		t.Error(err)
	}
	if p.Client() != nil || p.Close() != nil {
		t.Error("there is a client already")
	}
}

func TestDescriptionAgreesWithTheConfiguration(t *testing.T) {
	d, err := NewProvider(WithVersion("v1")).Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "wapi" || d.Version != "v1" || !d.Paid || !d.Remote || d.Limits.MaxEncodedBytes != 4_000_000 || d.Limits.MaxURLBytes != 1024 {
		t.Errorf("%+v", d)
	}
	for _, f := range []shared.Face{shared.FaceConfigurer, shared.FaceChecker} {
		if !d.HasFace(f) {
			t.Error("face missing:", f)
		}
	}
	// The defaults that it tells are those that a configuration without the field has.
	all := settingsOf()
	for _, f := range d.Fields {
		if f.Help == "" || strings.Contains(f.Help, "\n") {
			t.Errorf("%s: help %q", f.Name, f.Help)
		}
		if !f.Secret && !f.Required && f.Default != "" {
			all.Values[f.Name] = f.Default
		}
	}
	all.Values["proxy"] = ProxyNone
	with, err := ParseConfiguration(all)
	if err != nil {
		t.Fatal(err)
	}
	without, err := ParseConfiguration(settingsOf())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(with) != fmt.Sprint(without) {
		t.Errorf("%+v\n%+v", with, without)
	}
	if without.AnswerTimeout != time.Minute || without.PricePerCall != 50 || without.Format != "json" {
		t.Errorf("%+v", without)
	}
}

func TestConfigurationIsCheckedFieldByField(t *testing.T) {
	notPEM := writePicture(t, []byte("no certificate"))
	for field, values := range map[string][]string{
		"url":            {"", "no url", "https://", "ftp://a.test/", "http://far.test/", "https://u:p@a.test/", "https://a.test/?q=1", "https://a.test/#f", "://"},
		"appid":          {"", "a b", "样"},
		"format":         {"yaml"},
		"answer_timeout": {"soon", "0s", "-1s", "60"},
		"insecure":       {"perhaps"},
		"omit_time":      {"2"},
		"price_per_call": {"much", "-1", "0.0001"},
		"ca_file":        {"/none/such", notPEM},
		"proxy":          {"sometimes", "gopher://a.test"},
		"colour":         {"blue"},
		"secret":         {"in plain"},
	} {
		for _, value := range values {
			err := NewProvider().Configure(context.Background(), settingsOf(field, value))
			e := asError(t, err)
			if e.Code != shared.CodeConfigurationInvalid || e.Outcome != shared.OutcomeNotSent {
				t.Errorf("%s: %v", field, err)
			}
			if !strings.Contains(e.Message, field) {
				t.Errorf("%s = %q: the message does not name the field: %s", field, value, e.Message)
			}
			if len(value) > 8 && strings.Contains(e.Error(), value) {
				t.Errorf("%s: the message holds the value", field)
			}
		}
	}
	for name, secret := range map[string]string{"empty": "", "line break": "abc\n", "space": "a b"} {
		c := settingsOf()
		c.Secrets["secret"] = shared.NewSecret(secret)
		if e := asError(t, NewProvider().Configure(context.Background(), c)); e.Code != shared.CodeConfigurationInvalid || !strings.Contains(e.Message, "secret") {
			t.Errorf("%s: %v", name, e)
		}
	}
	c := settingsOf()
	c.Secrets["password"] = shared.NewSecret("x")
	if err := NewProvider().Configure(context.Background(), c); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Error(err)
	}
}

func TestURLIsUsedAsItIs(t *testing.T) {
	for url, want := range map[string]string{
		"http://127.0.0.1:8787":          "http://127.0.0.1:8787/pyi/76/194",
		"http://127.0.0.1:8787/":         "http://127.0.0.1:8787/pyi/76/194",
		"http://localhost:1/any/path":    "http://localhost:1/any/path",
		"https://a.test/any/path/":       "https://a.test/any/path/",
		"http://[::1]:1/x":               "http://[::1]:1/x",
		"https://a.test/pyi%2F76":        "https://a.test/pyi%2F76",
		"HTTPS://A.test":                 "https://A.test/pyi/76/194",
		"http://[::ffff:127.0.0.1]:80/x": "http://[::ffff:127.0.0.1]:80/x",
	} {
		p := NewProvider()
		if err := p.Configure(context.Background(), settingsOf("url", url)); err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		if got := p.Client().baseText; got != want {
			t.Errorf("%s became %s, want %s", url, got, want)
		}
	}
	if err := NewProvider().Configure(context.Background(), settingsOf("url", "http://far.test/p", "insecure", "true")); err != nil {
		t.Error(err)
	}
}

// Calls in flight keep the settings that they began with.
func TestConfigureLeavesCallsInFlightAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVendor(t, vectorStep{Code: 10014}, vectorStep{Code: Success})
		p := testProvider(t, v)
		done := make(chan error)
		go func() {
			_, err := p.Recognize(context.Background(), &shared.Request{Image: shared.Image{Bytes: encoded(t, "png", 20, 20)}})
			done <- err
		}()
		synctest.Wait() // the first attempt is over, the resend is a second away
		c := settingsOf("appid", "2")
		if err := p.Configure(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		v.close()
		if got := v.forms[1].Get("appid"); got != testAppID {
			t.Errorf("the resend went with appid %s", got)
		}
	})
}

// What a call may cost decides what is reserved for it, so the description says what this account pays.
func TestDescriptionOfAConfiguredProviderHasItsPrice(t *testing.T) {
	for price, calls := range map[string]int64{"0.042": 10000, "0.2": 1, "0": 1, "": 2000} {
		p := testProvider(t, nil, "price_per_call", price)
		d, err := p.Describe(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Prices) != 1 || d.Prices[0].PerCall != p.Client().cfg.PricePerCall || d.Prices[0].Calls != calls {
			t.Errorf("%q: %+v", price, d.Prices)
		}
	}
}

// A file larger than any number of encoded bytes can say is refused by its size.
func TestSparseFileIsRefusedBySize(t *testing.T) {
	s := &source{size: math.MaxInt64 - 2}
	var e *shared.Error
	if err := s.preflight(true, ""); !errors.As(err, &e) || e.Code != shared.CodePictureTooLarge {
		t.Error(err)
	}
}
