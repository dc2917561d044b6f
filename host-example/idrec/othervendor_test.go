package main_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// TestAnyServerThatSpeaksTheProtocolWillDo runs the program against a vendor that shares nothing with
// the sandbox: written to the page, at a path of its own, with the code as text and the fields beside
// retdata.
func TestAnyServerThatSpeaksTheProtocolWillDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, nil)
	w.card("card.jpg", 1)
	w.write("app.secret", "0123456789abcdef0123456789abcdef\n")

	var billed atomic.Int32
	vendor := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/any/path" || r.Method != http.MethodPost || r.ParseForm() != nil {
			http.NotFound(rw, r)
			return
		}
		names := []string{}
		for name := range r.PostForm {
			if name != "sign" && r.PostForm.Get(name) != "" {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		text := ""
		for _, name := range names {
			text += name + r.PostForm.Get(name)
		}
		sum := md5.Sum([]byte(text + "0123456789abcdef0123456789abcdef"))
		if r.PostForm.Get("sign") != hex.EncodeToString(sum[:]) {
			fmt.Fprint(rw, `{"codeid":10003,"message":"sign"}`)
			return
		}
		if _, err := base64.StdEncoding.DecodeString(r.PostForm.Get("url_image")); err != nil || r.PostForm.Get("appid") != "77" {
			fmt.Fprint(rw, `{"codeid":10005,"message":"appid"}`)
			return
		}
		billed.Add(1)
		fmt.Fprint(rw, `{"codeid":"10000","message":"ok","time":"1545829466","retdata":"","image_status":"normal","idcard_number_type":"1",`+
			`"姓名":"李义","性别":"男","民族":"汉","出生":"19940406","住址":"江西省抚州市广昌县","公民身份号码":"362532199404064127"}`)
	}))
	t.Cleanup(vendor.Close)

	w.want(0, "", "recognize", "card.jpg", "--out", "out.ndjson", "--url", vendor.URL+"/any/path", "--appid", "77", "--secret-file", "app.secret", "--rate", "5")
	rec := w.once("out.ndjson", 1)["card.jpg"]
	if rec.Error != nil || billed.Load() != 1 {
		t.Fatalf("%v, billed %d times", rec.Error, billed.Load())
	}
	if got := fmt.Sprint(rec.Card["name"], rec.Card["birth_date"], rec.Card["number"]); !strings.Contains(got, "李义") || !strings.Contains(got, "1994-04-06") {
		t.Errorf("read as %s", got)
	}
}
