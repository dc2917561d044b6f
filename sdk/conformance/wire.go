package conformance

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// raw is a plugin that was started as a host in another language would start it, with nothing between
// the kit and the wire.
type raw struct {
	cmd       *exec.Cmd
	conn      *grpc.ClientConn
	network   string
	address   string
	lifeline  *os.File
	handshake string
	before    int // lines on standard output before the handshake

	mu     sync.Mutex
	after  int64 // bytes on standard output after it
	exited chan struct{}
}

// startRaw starts the plugin and reads its handshake. encrypted asks it to encrypt; more changes the command.
func (s *subject) startRaw(ctx context.Context, encrypted bool, more ...func(*exec.Cmd)) (r *raw, err error) {
	dir, err := os.MkdirTemp("", "idrec-kit") // the name is short, and not one that a host sweeps
	if err != nil {
		return nil, err
	}
	cert, err := rpc.NewCertificate()
	if err != nil {
		return nil, err
	}
	r = &raw{exited: make(chan struct{})}
	r.cmd = s.command(rpc.Handshake.MagicCookieKey+"="+rpc.Handshake.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS="+strconv.Itoa(rpc.ProtocolVersion), "PLUGIN_UNIX_SOCKET_DIR="+dir, "TMPDIR="+dir, rpc.EnvLogLevel+"=trace")
	if encrypted {
		r.cmd.Env = append(r.cmd.Env, rpc.EnvClientCert+"="+cert.PEM())
	}
	life, lifeline, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	if inherits {
		r.cmd.ExtraFiles = []*os.File{life}
		r.cmd.Env = append(r.cmd.Env, rpc.EnvLifeline+"=3")
	}
	r.lifeline = lifeline
	for _, change := range more {
		change(r.cmd)
	}
	out, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	_ = life.Close()
	if err != nil {
		_ = lifeline.Close()
		_ = os.RemoveAll(dir)
		return nil, fmt.Errorf("it cannot be run: %w", err)
	}
	line := make(chan string, 1)
	go func() {
		r.read(out, line)
		_ = r.cmd.Wait()
		_ = os.RemoveAll(dir)
		close(r.exited)
	}()
	timed, cancel := context.WithTimeout(ctx, s.Host.StartTimeout)
	defer cancel()
	select {
	case r.handshake = <-line:
	case <-timed.Done():
	}
	if err := r.connect(cert, encrypted); err != nil {
		r.end()
		return nil, err
	}
	return r, nil
}

// command is the plugin's, with the environment that it gets.
func (s *subject) command(env ...string) *exec.Cmd {
	cmd := exec.Command(s.Host.Path, s.Host.Args...) //nolint:gosec,noctx // the plugin that is to be checked, which is ended by itself
	for _, name := range []string{"PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT", "GORACE"} {
		if v, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+v)
		}
	}
	for _, kv := range s.Host.Env {
		if !strings.Contains(kv, "=") {
			kv += "=" + os.Getenv(kv)
		}
		cmd.Env = append(cmd.Env, kv)
	}
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = &s.log
	isolate(cmd)
	return cmd
}

// read looks for the handshake, and counts what else there is.
func (r *raw) read(out io.Reader, handshake chan<- string) {
	in := bufio.NewReader(out)
	defer close(handshake)
	found := false
	for {
		text, err := in.ReadString('\n')
		switch {
		case found:
			r.mu.Lock()
			r.after += int64(len(text))
			r.mu.Unlock()
		case strings.Count(text, "|") >= 4 && strings.HasPrefix(text, "1|"):
			found = true
			handshake <- strings.TrimSpace(text)
		case text != "":
			r.before++
		}
		if err != nil {
			return
		}
	}
}

// connect reads the handshake and connects. Each part is checked.
func (r *raw) connect(cert *rpc.Certificate, encrypted bool) error {
	if r.handshake == "" {
		return fmt.Errorf("it prints no handshake line; it printed %d other lines", r.before)
	}
	parts := strings.Split(r.handshake, "|")
	switch {
	case parts[1] != strconv.Itoa(rpc.ProtocolVersion):
		return errors.New("its handshake names another protocol version than the one asked for")
	case parts[2] != "unix" && parts[2] != "tcp":
		return errors.New("its handshake names neither unix nor tcp")
	case parts[4] != "grpc":
		return errors.New("its handshake does not name grpc")
	}
	r.network, r.address = parts[2], parts[3]
	creds := insecure.NewCredentials()
	if encrypted {
		if len(parts) < 6 {
			return errors.New("its handshake has no certificate, although the host gave one")
		}
		der, err := base64.RawStdEncoding.DecodeString(parts[5])
		if err != nil {
			return errors.New("the certificate in its handshake is not base64 without padding")
		}
		theirs, err := x509.ParseCertificate(der)
		if err != nil {
			return errors.New("the certificate in its handshake is none")
		}
		config := cert.ClientConfig()
		config.RootCAs.AddCert(theirs)
		creds = credentials.NewTLS(config)
	}
	conn, err := r.dial(creds)
	r.conn = conn
	return err
}

func (r *raw) dial(creds credentials.TransportCredentials) (*grpc.ClientConn, error) {
	target := "dns:" + r.address
	if r.network == "unix" {
		target = "unix:" + r.address
	}
	return grpc.NewClient(target, grpc.WithTransportCredentials(creds), grpc.WithDisableRetry(),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(rpc.MaxMessageBytes), grpc.MaxCallSendMsgSize(2*rpc.MaxMessageBytes)))
}

// stranger is a connection with a certificate that the plugin was not told of.
func (r *raw) stranger() (*grpc.ClientConn, error) {
	cert, err := rpc.NewCertificate()
	if err != nil {
		return nil, err
	}
	config := cert.ClientConfig()
	config.InsecureSkipVerify = true // it is the plugin that must look
	config.MinVersion = tls.VersionTLS12
	return r.dial(credentials.NewTLS(config))
}

// endLimit is how long an idle plugin may take to end.
const endLimit = 2 * time.Second

// goneWithin reports whether the process ended in time.
func (r *raw) goneWithin(limit time.Duration) bool {
	select {
	case <-r.exited:
		return true
	case <-time.After(limit):
		return false
	}
}

// end ends what is left.
func (r *raw) end() {
	if r.conn != nil {
		_ = r.conn.Close()
	}
	_ = r.lifeline.Close()
	kill(r.cmd)
	<-r.exited
}

func (r *raw) printed() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.after
}

const service = "/idrec.recognizer.v1.RecognizerService/"

// message makes an empty message of the contract by its name.
func message(name string) (*dynamicpb.Message, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName("idrec.recognizer.v1." + name))
	if err != nil {
		return nil, err
	}
	m, ok := d.(protoreflect.MessageDescriptor)
	if !ok {
		return nil, errors.New(name + " is no message")
	}
	return dynamicpb.NewMessage(m), nil
}

// encodeRequest is a RecognizeRequest as it goes over the wire.
func encodeRequest(picture []byte, callID string, timeout time.Duration) ([]byte, error) {
	out, err := message("RecognizeRequest")
	if err != nil {
		return nil, err
	}
	fields := out.Descriptor().Fields()
	req := out.Mutable(fields.ByName("request")).Message()
	inner := req.Descriptor().Fields()
	if picture != nil {
		req.Set(inner.ByName("data"), protoreflect.ValueOfBytes(picture))
	}
	req.Set(inner.ByName("call_id"), protoreflect.ValueOfString(callID))
	req.Set(inner.ByName("case"), protoreflect.ValueOfString(canary+"-case"))
	if timeout > 0 {
		t := out.Mutable(fields.ByName("timeout")).Message()
		t.Set(t.Descriptor().Fields().ByName("seconds"), protoreflect.ValueOfInt64(int64(timeout/time.Second)))
		t.Set(t.Descriptor().Fields().ByName("nanos"), protoreflect.ValueOfInt32(int32(timeout%time.Second)))
	}
	return proto.Marshal(out)
}

// bytesCodec sends and receives messages as they are on the wire.
type bytesCodec struct{}

var _ encoding.CodecV2 = bytesCodec{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil //nolint:forcetypeassert // it is ours
}

func (bytesCodec) Unmarshal(b mem.BufferSlice, v any) error {
	*v.(*[]byte) = b.Materialize() //nolint:forcetypeassert // it is ours
	return nil
}

// call makes one call of the service with the bytes of a message.
func call(ctx context.Context, conn *grpc.ClientConn, method string, in []byte) error {
	var out []byte // what an answer says is asked for through package host
	return conn.Invoke(ctx, service+method, &in, &out, grpc.ForceCodecV2(bytesCodec{}))
}

// wireError is the typed error of a status.
type wireError struct {
	code    shared.Code
	outcome shared.Outcome
	callID  string
}

// typed returns the contract's error that a status must carry.
func typed(err error) (*wireError, error) {
	s, ok := status.FromError(err)
	if !ok {
		return nil, fmt.Errorf("no gRPC status: %w", err)
	}
	for _, d := range s.Details() {
		m, ok := d.(proto.Message)
		if !ok || m.ProtoReflect().Descriptor().FullName() != "idrec.recognizer.v1.Error" {
			continue
		}
		get := func(field string) string {
			return m.ProtoReflect().Get(m.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(field))).String()
		}
		e := &wireError{shared.Code(get("code")), shared.Outcome(get("outcome")), get("call_id")}
		if e.code == "" || e.outcome == "" {
			return nil, errors.New("its error lacks a code or an outcome")
		}
		return e, nil
	}
	return nil, fmt.Errorf("its status %s carries no Error in the details", s.Code())
}

// unimplemented reports whether the plugin does not know the method.
func unimplemented(err error) bool { return status.Code(err) == codes.Unimplemented }
