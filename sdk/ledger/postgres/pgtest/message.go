package pgtest

import (
	"encoding/binary"
	"errors"
	"io"
)

// Message is one message of the PostgreSQL frontend/backend protocol, version 3.
type Message struct {
	// FromServer tells the direction.
	FromServer bool
	// Type is the message's first byte: 'Q' query, 'B' bind, 'S' sync (from the server: parameter
	// status), 'C' command complete, 'Z' ready for query, …; 0 for the startup message, which has none.
	Type byte
	Body []byte
}

// Tag returns the tag of a command complete, such as COMMIT or INSERT 0 1; empty for other messages.
func (m Message) Tag() string {
	if !m.FromServer || m.Type != 'C' || len(m.Body) == 0 {
		return ""
	}
	return string(m.Body[:len(m.Body)-1])
}

// Status returns the transaction status of a ready for query: 'I' idle, 'T' in a transaction, 'E' in a
// failed one; 0 for other messages.
func (m Message) Status() byte {
	if !m.FromServer || m.Type != 'Z' || len(m.Body) != 1 {
		return 0
	}
	return m.Body[0]
}

// maxMessage keeps a stream that is out of step from asking for gigabytes.
const maxMessage = 16 << 20

func readMessage(r io.Reader, typed bool) (Message, error) {
	var head [5]byte
	from := 1
	if typed {
		from = 0
	}
	if _, err := io.ReadFull(r, head[from:]); err != nil {
		return Message{}, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	if size < 4 || size > maxMessage {
		return Message{}, errors.New("pgtest: not a message")
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return Message{}, err
	}
	return Message{Type: head[0], Body: body}, nil
}

func (m Message) bytes() []byte {
	var b []byte
	if m.Type != 0 {
		b = append(b, m.Type)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(m.Body)+4))
	return append(b, m.Body...)
}
