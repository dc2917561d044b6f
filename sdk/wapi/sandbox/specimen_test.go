package sandbox_test

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

// TestSpecimensAreReadInTheVendorsWords posts both sides of every person of the cast.
func TestSpecimensAreReadInTheVendorsWords(t *testing.T) {
	t.Parallel()
	const id, secret = "1", "0123456789abcdef0123456789abcdef"
	vendor, err := sandbox.New(sandbox.Config{Engine: &specimen.Recognizer{}, Apps: []sandbox.App{sandbox.NewApp(id, secret)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = vendor.Close() })
	address, err := vendor.Start("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	names := map[string]shared.FieldName{
		"姓名": shared.FieldFullName, "性别": shared.FieldSex, "民族": shared.FieldEthnicity, "出生": shared.FieldBirthDate,
		"住址": shared.FieldAddress, "公民身份号码": shared.FieldNumber, "签发机关": shared.FieldAuthority,
		"签发日期": shared.FieldValidFrom, "失效日期": shared.FieldValidUntil,
	}
	for _, person := range specimen.Cast() {
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			drawn := specimen.Draw(person, side, specimen.Options{Width: 640})
			var picture bytes.Buffer
			if err := jpeg.Encode(&picture, drawn, nil); err != nil {
				t.Fatal(err)
			}
			image := base64.StdEncoding.EncodeToString(picture.Bytes())
			sum := md5.Sum([]byte("appid" + id + "url_image" + image + secret))
			res, err := client.PostForm(address, url.Values{"appid": {id}, "url_image": {image}, "sign": {hex.EncodeToString(sum[:])}})
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := io.ReadAll(res.Body)
			_ = res.Body.Close()
			var answer struct {
				Code    int            `json:"codeid"`
				Message string         `json:"message"`
				Retdata map[string]any `json:"retdata"`
			}
			if json.Unmarshal(raw, &answer) != nil || answer.Code != 10000 {
				t.Fatalf("%s", raw)
			}
			if !strings.Contains(answer.Message, "specimen") {
				t.Errorf("the engine does not announce itself: %s", answer.Message)
			}
			if got := answer.Retdata["image_status"]; got != "normal" {
				t.Errorf("image_status %v", got)
			}
			want := map[bool]float64{true: 1, false: -1}[side == shared.SidePortrait]
			if got := answer.Retdata["idcard_number_type"]; got != want {
				t.Errorf("idcard_number_type %v, want %v", got, want)
			}
			truth := person.Truth(side).Values()
			for name, field := range names {
				got, _ := answer.Retdata[name].(string)
				want := truth[field]
				switch {
				case want == shared.LongTerm:
					want = "长期"
				case field == shared.FieldBirthDate || field == shared.FieldValidFrom || field == shared.FieldValidUntil:
					want = strings.ReplaceAll(want, "-", "")
				}
				if got != want {
					t.Errorf("%s of a %s side: %q, want %q", name, side, got, want)
				}
			}
		}
	}
	if n := vendor.State().Apps[id].Billed; n != int64(2*len(specimen.Cast())) {
		t.Errorf("billed %d", n)
	}
}
