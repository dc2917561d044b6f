package conformance

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// wireLimit bounds one call on the wire.
const wireLimit = 10 * time.Second

// onTheWire runs f with a plugin that has its settings, and then sees that it still lives.
func (s *subject) onTheWire(ctx context.Context, f func(context.Context, *raw) error) error {
	r, err := s.startRaw(ctx, true)
	if err != nil {
		return err
	}
	defer r.end()
	if s.Configuration != nil {
		if err := call(ctx, r.conn, "Configure", encodeConfiguration(*s.Configuration)); err != nil {
			return fmt.Errorf("it does not take its settings: %w", err)
		}
	}
	if err := f(ctx, r); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wireLimit)
	defer cancel()
	if err := call(ctx, r.conn, "Describe", nil); err != nil {
		return fmt.Errorf("it does not answer any more afterwards: %w", err)
	}
	return nil
}

// encodeConfiguration is a ConfigureRequest: two maps, of text and of bytes, which are the same on the
// wire.
func encodeConfiguration(c shared.Configuration) []byte {
	var out []byte
	entry := func(field protowire.Number, k, v string) {
		var e []byte
		e = protowire.AppendString(protowire.AppendTag(e, 1, protowire.BytesType), k)
		e = protowire.AppendString(protowire.AppendTag(e, 2, protowire.BytesType), v)
		out = protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), e)
	}
	for k, v := range c.Values {
		entry(1, k, v)
	}
	for k, v := range c.Secrets {
		entry(2, k, v.Reveal())
	}
	return out
}

func noPicture(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		in, err := encodeRequest(nil, "without-picture", 0)
		if err != nil {
			return err
		}
		err = call(ctx, r.conn, "Recognize", in)
		if err == nil {
			return errors.New("it answers with a result")
		}
		e, err := typed(err)
		switch {
		case err != nil:
			return err
		case e.outcome.MayBeBilled():
			return fmt.Errorf("the outcome is %s", e.outcome)
		case e.code != shared.CodeInvalidRequest:
			return errors.New("the code is " + string(e.code))
		case e.callID != "without-picture":
			return errors.New("the error does not name the call")
		}
		return nil
	})
}

func malformed(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		good, err := encodeRequest(s.Picture, "cut-short", 0)
		if err != nil {
			return err
		}
		for _, in := range [][]byte{
			{0xff}, {0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f}, good[:len(good)/2], bytes.Repeat([]byte{0x0a, 0x02}, 1<<10), {0x07, 0x07},
		} {
			for _, method := range []string{"Recognize", "Configure", "Recall"} {
				limited, cancel := context.WithTimeout(ctx, wireLimit)
				err := call(limited, r.conn, method, in)
				late := limited.Err()
				cancel()
				if late != nil {
					return errors.New("it does not answer one")
				}
				if err == nil && method == "Recognize" {
					return errors.New("it answers one with a result")
				}
			}
		}
		return nil
	})
}

func tooLarge(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		in, err := encodeRequest(make([]byte, rpc.MaxMessageBytes+1<<20), "too-large", 0)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, wireLimit)
		defer cancel()
		err = call(limited, r.conn, "Recognize", in)
		if err == nil {
			return errors.New("it takes one")
		}
		if limited.Err() != nil {
			return errors.New("it does not answer")
		}
		return nil
	})
}

func unknownMethod(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		if err := call(ctx, r.conn, "OfTheFuture", nil); !unimplemented(err) {
			return fmt.Errorf("it answers %w", err)
		}
		return nil
	})
}

func garbage(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		noise := make([]byte, 64<<10)
		_, _ = rand.Read(noise) // it never fails
		for _, text := range [][]byte{noise, []byte("GET / HTTP/1.1\r\n\r\n"), []byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff"), {}} {
			d := net.Dialer{Timeout: time.Second}
			c, err := d.DialContext(ctx, r.network, r.address)
			if err != nil {
				return fmt.Errorf("it takes no second connection: %w", err)
			}
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = c.Write(text)
			_ = c.Close()
		}
		return nil
	})
}

func newFields(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		in, err := encodeRequest(s.Picture, "of-a-newer-host", 0)
		if err != nil {
			return err
		}
		const ofTheFuture = 1000
		in = protowire.AppendString(protowire.AppendTag(in, ofTheFuture, protowire.BytesType), "new")
		in = protowire.AppendVarint(protowire.AppendTag(in, ofTheFuture+1, protowire.VarintType), 7)
		if err = call(ctx, r.conn, "Recognize", in); err != nil {
			_, err = typed(err)
		}
		return err
	})
}

// The time that a plugin is left in the point deadline, and how long after it its answer may come.
const (
	shortTime = 300 * time.Millisecond
	lateness  = 2 * time.Second
)

// deadline sets none for gRPC, which would end the call whatever the plugin does.
func deadline(ctx context.Context, s *subject) error {
	return s.onTheWire(ctx, func(ctx context.Context, r *raw) error {
		in, err := encodeRequest(s.Picture, "in-a-hurry", shortTime)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, shortTime+lateness)
		defer cancel()
		if err = call(limited, r.conn, "Recognize", in); err == nil {
			return nil
		}
		if limited.Err() != nil {
			return fmt.Errorf("%v after it was over there is no answer", lateness)
		}
		_, err = typed(err)
		return err
	})
}
