package wapi

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// The vendor of these tests plays a script, one step for each attempt, over whatever connections it is
// given: pipes inside a bubble of package synctest, or real sockets.

const (
	testAppID  = "1"
	testSecret = "0123456789abcdef0123456789abcdef"
)

// vectorStep is what happens to one attempt. Without Do the request is read whole and answered.
type vectorStep struct {
	Do        string            `json:"do"`
	Bytes     int               `json:"bytes"` // of the body read, or of the answer sent (negative: but for so many)
	Code      int               `json:"code"`
	Status    int               `json:"status"`
	Message   string            `json:"message"`
	Body      string            `json:"body"`
	Headers   map[string]string `json:"headers"`
	DateAhead string            `json:"date_ahead"` // of the vendor's clock
}

func (s vectorStep) dials() bool {
	switch s.Do {
	case "dns_not_found", "dns_temporary", "dial_timeout", "cancel_dial":
		return true
	}
	return false
}

type vendor struct {
	t      testing.TB
	linger time.Duration // how long a vendor that stalls keeps still
	cert   tls.Certificate
	secret string
	cancel context.CancelFunc // ends the caller's context
	// unbuffered: not a byte is taken that the script does not read.
	unbuffered bool

	mu       sync.Mutex
	steps    []vectorStep
	requests int // whose head arrived
	whole    int // that arrived whole and signed
	billed   int
	times    []time.Duration // the time that each was signed with, against the vendor's clock; -1: none
	forms    []url.Values
	conns    sync.WaitGroup
	done     chan struct{}
	stop     func() // ends listening
}

func newVendor(t testing.TB, steps ...vectorStep) *vendor {
	return &vendor{t: t, steps: steps, secret: testSecret, linger: time.Hour, done: make(chan struct{}), stop: func() {}}
}

// close waits for everything that serves.
func (v *vendor) close() {
	close(v.done)
	v.stop()
	v.conns.Wait()
}

func (v *vendor) next() vectorStep {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.steps) == 0 {
		v.t.Error("one attempt more than the script has steps")
		return vectorStep{Do: "drop_whole"}
	}
	s := v.steps[0]
	v.steps = v.steps[1:]
	return s
}

func (v *vendor) peek() vectorStep {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.steps) == 0 {
		return vectorStep{}
	}
	return v.steps[0]
}

// dial answers the steps that happen before there is a connection, and asks connect for one otherwise.
func (v *vendor) dial(connect func(vectorStep) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		op := func(err error) error { return &net.OpError{Op: "dial", Net: network, Err: err} }
		s := v.peek()
		if s.dials() {
			v.next()
		}
		switch s.Do {
		case "dns_not_found":
			return nil, op(&net.DNSError{Err: "no such host", Name: addr, IsNotFound: true})
		case "dns_temporary":
			return nil, op(&net.DNSError{Err: "server misbehaving", Name: addr, IsTemporary: true})
		case "dial_timeout":
			return nil, op(os.ErrDeadlineExceeded)
		case "cancel_dial":
			v.cancel()
			<-ctx.Done()
			return nil, op(ctx.Err())
		}
		return connect(s)
	}
}

// serve plays steps on a connection until it is closed.
func (v *vendor) serve(conn net.Conn) {
	defer conn.Close()
	switch v.peek().Do {
	case "tls_timeout":
		v.next()
		v.still(conn)
		return
	case "tls_plain":
		v.next()
		_, _ = conn.Read(make([]byte, 16<<10))
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	case "tls_untrusted":
		v.next()
		_ = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{testCertificate(v.t)}}).Handshake()
		return
	}
	if v.cert.Certificate != nil {
		conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{v.cert}})
	}
	r := bufio.NewReader(conn)
	if v.unbuffered {
		r = bufio.NewReader(iotest.OneByteReader(conn))
	}
	req, err := http.ReadRequest(r)
	if err != nil {
		return
	}
	v.mu.Lock()
	v.requests++
	v.mu.Unlock()
	v.play(conn, req, v.next())
}

// still waits until the client goes away or the test is over.
func (v *vendor) still(conn net.Conn) {
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		close(gone)
	}()
	select {
	case <-gone:
		return
	case <-v.done:
	case <-time.After(v.linger):
	}
	_ = conn.Close()
	<-gone
}

// hold waits without reading.
func (v *vendor) hold() {
	select {
	case <-v.done:
	case <-time.After(v.linger):
	}
}

func reset(conn net.Conn) {
	if c, ok := conn.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = conn.Close()
}

func (v *vendor) play(conn net.Conn, req *http.Request, s vectorStep) {
	switch s.Do {
	case "drop_body":
		_, _ = io.ReadFull(req.Body, make([]byte, s.Bytes))
		reset(conn)
		return
	case "stall_body":
		_, _ = io.ReadFull(req.Body, make([]byte, s.Bytes))
		v.hold()
		return
	case "cancel_body":
		_, _ = io.ReadFull(req.Body, make([]byte, s.Bytes))
		v.cancel()
		v.hold()
		return
	case "early":
		v.answer(conn, s, "")
		v.hold()
		return
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	v.check(body)
	switch s.Do {
	case "drop_whole":
	case "reset_whole":
		reset(conn)
	case "drop_billed":
		v.bill(s)
	case "stall_answer":
		v.still(conn)
	case "garbage":
		_, _ = io.WriteString(conn, "\x00\x01 what?\r\n\r\n")
	case "cancel_whole":
		v.cancel()
		select { // the answer comes later than the caller's patience
		case <-v.done:
		case <-time.After(min(v.linger, 20*time.Millisecond)):
		}
		v.answer(conn, s, v.body(s))
	default:
		v.answer(conn, s, v.body(s))
	}
}

func (v *vendor) bill(s vectorStep) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.Code == Success || s.Do == "drop_billed" {
		v.billed++
	}
}

func (v *vendor) body(s vectorStep) string {
	switch {
	case s.Body != "":
		return s.Body
	case s.Code == 0:
		return ""
	}
	b, _ := json.Marshal(map[string]any{
		"codeid": s.Code, "message": s.Message, "time": "946684800",
		"retdata": map[string]string{"image_status": "normal", "姓名": "样本", "idcard_number_type": "1"},
	})
	// Real answers begin with the code.
	return strings.Replace(fmt.Sprintf(`{"codeid":%d,`, s.Code)+string(b[1:]), fmt.Sprintf(`,"codeid":%d`, s.Code), "", 1)
}

func (v *vendor) answer(conn net.Conn, s vectorStep, body string) {
	v.bill(s)
	status := s.Status
	if status == 0 {
		status = http.StatusOK
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Type: application/json\r\n", status, http.StatusText(status))
	if _, own := s.Headers["Date"]; !own {
		ahead, _ := time.ParseDuration(s.DateAhead)
		fmt.Fprintf(&b, "Date: %s\r\n", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
	}
	for name, value := range s.Headers {
		fmt.Fprintf(&b, "%s: %s\r\n", name, value)
	}
	cut := func(b string) string {
		if s.Bytes < 0 {
			return b[:len(b)+s.Bytes]
		}
		return b[:s.Bytes]
	}
	switch {
	case s.Do == "endless":
		b.WriteString("\r\n{")
		_, _ = b.WriteTo(conn)
		for {
			if _, err := io.WriteString(conn, strings.Repeat(" ", 32<<10)); err != nil {
				return
			}
		}
	case s.Do == "cut_chunked":
		part := cut(body)
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(part), part)
	case s.Do == "cut_answer":
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), cut(body))
	case status == http.StatusNoContent:
		b.WriteString("\r\n")
	default:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	}
	_, _ = b.WriteTo(conn)
}

// check takes note of a whole request, and complains about one that the real vendor would refuse.
func (v *vendor) check(body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		v.t.Errorf("the form does not parse: %v", err)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forms = append(v.forms, form)
	if form.Get("sign") != vendorSign(form, v.secret) {
		v.t.Error("the signature does not verify")
		return
	}
	if !bytes.Contains(body[len(body)-40:], []byte("&sign=")) {
		v.t.Error("the signature is not last")
	}
	v.whole++
	at := time.Duration(-1)
	if s := form.Get("time"); s != "" {
		var unix int64
		fmt.Sscan(s, &unix)
		at = time.Until(time.Unix(unix, 0))
	}
	v.times = append(v.times, at)
}

// vendorSign is the rule of signing as the vendor's page has it, written for these tests.
func vendorSign(form url.Values, secret string) string {
	var names []string
	for name := range form {
		if name != "sign" && form.Get(name) != "" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	text := ""
	for _, name := range names {
		text += name + form.Get(name)
	}
	sum := md5.Sum([]byte(text + secret))
	return hex.EncodeToString(sum[:])
}

// pipes returns a dialer whose other ends the vendor serves.
func (v *vendor) pipes() func(context.Context, string, string) (net.Conn, error) {
	return v.dial(func(s vectorStep) (net.Conn, error) {
		if s.Do == "refused" {
			v.next()
			return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
		}
		here, there := net.Pipe()
		v.conns.Go(func() { v.serve(there) })
		return here, nil
	})
}

// socketBuffer keeps bodies of megabytes from being in the kernel before anybody reads them.
const socketBuffer = 64 << 10

// sockets returns a dialer to a real server.
func (v *vendor) sockets() func(context.Context, string, string) (net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		v.t.Fatal(err)
	}
	v.stop = func() { _ = l.Close() }
	v.conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*net.TCPConn).SetReadBuffer(socketBuffer)
			v.conns.Go(func() { v.serve(conn) })
		}
	})
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		v.t.Fatal(err)
	}
	_ = dead.Close()
	d := net.Dialer{Timeout: 5 * time.Second}
	return v.dial(func(s vectorStep) (net.Conn, error) {
		if s.Do == "refused" {
			v.next()
			return d.Dial("tcp", dead.Addr().String())
		}
		conn, err := d.Dial("tcp", l.Addr().String())
		if err == nil {
			err = conn.(*net.TCPConn).SetWriteBuffer(socketBuffer)
		}
		return conn, err
	})
}

// testCertificate makes a certificate for the host of these tests. It is valid at any time that a
// bubble can have.
func testCertificate(t testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"vendor.test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// caFile writes a certificate where a configuration can name it.
func caFile(t testing.TB, cert tls.Certificate) string {
	path := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
