package serve

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"regexp"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// handshakeLine is what go-plugin prints: core protocol, protocol version, network, address, protocol.
var handshakeLine = regexp.MustCompile(`^1\|[0-9]+\|(unix|tcp)\|[^|]+\|grpc(\||$)`)

// stdout is standard output as the provider sees it: a pipe to us. Of what comes through it, one line
// goes on to the host, the handshake; the rest is dropped, unread by anybody, since it may be
// personal.
type stdout struct {
	out, err *os.File // what os.Stdout and os.Stderr shall be
}

// restore undoes go-plugin's replacement of both outputs.
func (s *stdout) restore() { os.Stdout, os.Stderr = s.out, s.err }

// takeStdout puts the pipe in the place of standard output. cert is the plugin's certificate, which the
// handshake line is to say; nil: none. attach gets that line instead of the host, if it is not nil.
func takeStdout(cert *rpc.Certificate, attach *attachment) (*stdout, error) {
	host, provider, err := divertStdout()
	if err != nil {
		return nil, err
	}
	if attach != nil {
		_ = host.Close()
		host = attach
	}
	text := ""
	if cert != nil {
		text = cert.Handshake()
	}
	go passHandshake(host, provider, text)
	return &stdout{out: os.Stdout, err: os.Stderr}, nil
}

// passHandshake copies the handshake line from r to host, with the certificate in it, and reads r for
// ever.
func passHandshake(host io.WriteCloser, r io.Reader, cert string) {
	in := bufio.NewReaderSize(r, 16<<10) // a handshake with a certificate has about 1 KiB
	for {
		line, rest, err := in.ReadLine()
		if err != nil {
			return
		}
		if !rest && host != nil && handshakeLine.Match(line) {
			_, _ = host.Write(append(withCertificate(line, cert), '\n')) // a host that is gone is seen by the lifeline
			_ = host.Close()
			host = nil
		}
		for rest && err == nil {
			_, rest, err = in.ReadLine()
		}
	}
}

// withCertificate puts the certificate in its place, the sixth part, which go-plugin leaves empty where
// it was not told to make one.
func withCertificate(line []byte, cert string) []byte {
	const place = 5
	parts := bytes.Split(line, []byte("|"))
	if cert == "" || len(parts) <= place {
		return line
	}
	parts[place] = []byte(cert)
	return bytes.Join(parts, []byte("|"))
}
