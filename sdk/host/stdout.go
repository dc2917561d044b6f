package host

import (
	"bufio"
	"io"
	"regexp"
)

// handshakeShape is the line in which a go-plugin plugin says where it listens: core protocol, protocol
// version, network, address, and more.
var handshakeShape = regexp.MustCompile(`^[0-9]+\|[0-9]+\|(unix|tcp)\|[^|]+(\|.*)?$`)

// maxHandshake is the longest line that is looked at; one with a certificate has about 1 KiB.
const maxHandshake = 16 << 10

// pumpStdout hands the handshake line to w and drops everything else, until r ends: go-plugin itself
// takes the first line for the handshake whatever it is, and stops reading at a line over 64 KiB,
// after which the plugin blocks. It returns the line and how many were dropped before it.
func pumpStdout(r io.Reader, w io.WriteCloser, seen func(line string)) (dropped int) {
	defer func() { _ = w.Close() }()
	in := bufio.NewReaderSize(r, maxHandshake)
	for {
		line, rest, err := in.ReadLine()
		if err != nil {
			return dropped
		}
		if !rest && handshakeShape.Match(line) {
			seen(string(line))
			_, _ = w.Write(append(line, '\n'))
			_ = w.Close()
			_, _ = io.Copy(io.Discard, in)
			return dropped
		}
		dropped++
		for rest && err == nil {
			_, rest, err = in.ReadLine()
		}
	}
}
