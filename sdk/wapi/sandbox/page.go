package sandbox

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's parts
	"encoding/base64"
	"html/template"
	"net/http"
	"slices"
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var pageJS string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// page is the test page: one document without any other resource.
type page struct {
	srv    *Server
	policy string
}

func newPage(s *Server) *page {
	// The style and the script are named by their digests; nothing else may run, load, frame or be sent
	// anywhere but to this server.
	return &page{srv: s, policy: "default-src 'none'; script-src " + cspDigest(pageJS) + "; style-src " + cspDigest(pageCSS) +
		"; img-src data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"}
}

func cspDigest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (p *page) serve(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, map[string]any{
		"Style": template.CSS(pageCSS), "Script": template.JS(pageJS), //nolint:gosec // both are our own files
		"Path": p.srv.path, "PictureLimit": p.srv.guesses.PictureLimit, "Announcement": p.srv.Announcement(),
		"AppID": p.srv.firstApp(), "Codes": Codes(),
	})
	if err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write(b.Bytes())
}

// firstApp returns the least id, to fill in.
func (s *Server) firstApp() string {
	s.books.mu.Lock()
	defer s.books.mu.Unlock()
	ids := make([]string, 0, len(s.books.apps))
	for id := range s.books.apps {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return ""
	}
	return slices.Min(ids)
}
