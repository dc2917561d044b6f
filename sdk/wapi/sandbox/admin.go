package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
)

// adminPrefix is where the administration lies.
const adminPrefix = "/_sandbox/"

// maxAdminBody bounds an administrative body, 1 MiB.
const maxAdminBody = 1 << 20

// handleAdmin adds the administration: what the methods of [Server] do, as JSON over HTTP.
func (s *Server) handleAdmin(mux *http.ServeMux) {
	handle := func(pattern string, f func(r *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !local(r) {
				writeJSON(w, http.StatusForbidden, problem{"the administration is open to this machine only"})
				return
			}
			v, err := f(r)
			if err != nil {
				writeJSON(w, http.StatusBadRequest, problem{err.Error()})
				return
			}
			writeJSON(w, http.StatusOK, v)
		})
	}
	handle("GET "+adminPrefix+"state", func(*http.Request) (any, error) { return s.State(), nil })
	handle("GET "+adminPrefix+"log", func(*http.Request) (any, error) { return s.Recent(), nil })
	handle("GET "+adminPrefix+"faults", func(*http.Request) (any, error) { return s.Faults(), nil })
	handle("PUT "+adminPrefix+"faults", func(r *http.Request) (any, error) {
		body, err := adminBody(r)
		if err != nil {
			return nil, err
		}
		var faults []Fault
		if err := decodeStrict(body, &faults); err != nil {
			return nil, err
		}
		if err := s.SetFaults(faults...); err != nil {
			return nil, err
		}
		return s.Faults(), nil
	})
	handle("GET "+adminPrefix+"apps/{id}", func(r *http.Request) (any, error) { return s.shownApp(r.PathValue("id")) })
	handle("PUT "+adminPrefix+"apps/{id}", func(r *http.Request) (any, error) {
		body, err := adminBody(r)
		if err != nil {
			return nil, err
		}
		id := r.PathValue("id")
		if err := s.books.update(id, true, func(a *App) error { return a.merge(body) }); err != nil {
			return nil, err
		}
		return s.shownApp(id)
	})
}

// shownApp returns an app without its secret.
func (s *Server) shownApp(id string) (any, error) {
	a, ok := s.App(id)
	if !ok {
		return nil, errors.New("there is no such app")
	}
	a.Secret = ""
	return a, nil
}

// problem is the answer to an administrative request that failed.
type problem struct {
	Error string `json:"error"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) //nolint:errchkjson // only the connection can fail
}

func adminBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxAdminBody+1))
	if err != nil || len(body) > maxAdminBody {
		return nil, errors.New("the body is cut short or above 1 MiB")
	}
	return body, nil
}

// decodeStrict reads one JSON value that has no names beside those of v.
func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// decodeNumbers reads one JSON value and keeps numbers as they are written.
func decodeNumbers(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(v)
}

// local reports a request made by a program of this machine: from a loopback address, not forwarded by
// a proxy, to an address rather than a name (a foreign page can make its own name lead here), and not by
// another site's page.
func local(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return host == "localhost" || net.ParseIP(host) != nil
}
