package sandbox

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// dropped is how a request without an answer is counted.
const dropped = "dropped"

// unknownHalf is how much of a body of unknown length mid_body reads, in bytes.
const unknownHalf = 1024

// dropEarly drops a connection before the request is read, or in the middle.
func (s *Server) dropEarly(w http.ResponseWriter, r *http.Request, f *Fault) {
	if f.Drop == DropMidBody {
		half := r.ContentLength / 2
		if half <= 0 {
			half = unknownHalf
		}
		_, _ = io.CopyN(io.Discard, r.Body, half)
	}
	s.books.stray()
	s.books.answered(nil, dropped)
	s.recent.add(Entry{Time: s.clock(), Method: r.Method, Result: dropped, Fault: true})
	_ = s.hold(w, r, f)
	drop(w, f.Reset)
}

// misbehave does to a request that was read what its fault says.
func (c *call) misbehave(w http.ResponseWriter, f *Fault) {
	usual := f.Bill || f.Drop == DropAfterBilling || f.CutAt != nil
	instead := f.Code != 0 || f.Status != 0 || f.Drop != "" || f.Garbage || f.Redirect != ""
	var rep *reply
	billed := false
	if usual || !instead {
		rep, billed = c.judge()
	}
	var result string
	switch {
	case f.Drop != "":
		result = dropped
	case f.Code != 0:
		rep = say(f.Code, f.Message)
		if f.Message == "" {
			rep.text = textOf(f.Code)
		}
		result = rep.result()
	case f.Redirect != "" || f.Status != 0:
		result = "http_" + strconv.Itoa(f.httpStatus())
	case f.Garbage:
		result = "garbage"
	default:
		result = rep.result()
	}
	c.settle(result, billed, true)
	if !c.srv.hold(w, c.r, f) {
		drop(w, false)
		return
	}
	c.misanswer(w, f, rep)
}

// misanswer writes what the fault leaves of the answer.
func (c *call) misanswer(w http.ResponseWriter, f *Fault, rep *reply) {
	switch {
	case f.Drop != "":
		drop(w, f.Reset)
	case f.Redirect != "":
		w.Header().Set("Location", f.Redirect)
		w.WriteHeader(f.httpStatus())
	case f.Status != 0:
		if f.RetryAfter != "" {
			w.Header().Set("Retry-After", f.RetryAfter)
		}
		body := f.Body
		if body == "" {
			body = "<html><head><title>" + strconv.Itoa(f.Status) + "</title></head></html>\n"
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, body)
	case f.Garbage:
		_, _ = w.Write([]byte(garbage))
	case f.CutAt != nil:
		c.write(w, rep, *f.CutAt)
	default:
		c.write(w, rep, -1)
	}
}

// garbage has no meaning in any encoding that an answer could have.
const garbage = "\x00\xFF{\xC3\x28<\x80\"codeid\x1B[\xFE\n"

func (f *Fault) httpStatus() int {
	if f.Status == 0 {
		return http.StatusTemporaryRedirect
	}
	return f.Status
}

// hold waits as long as the fault says, at most until the caller is gone or the server closes; then it
// returns false.
func (s *Server) hold(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	if f.DelayMS == 0 {
		return true
	}
	// The deadline for reading the request would end its context in the middle of a long delay.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stop := context.AfterFunc(s.ctx, cancel)
	defer stop()
	s.sleep(ctx, time.Duration(f.DelayMS)*time.Millisecond)
	return ctx.Err() == nil
}

// drop closes the connection under the handler, with RST if reset is true.
func drop(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // net/http closes the connection then
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
