package host

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// Attached is a plugin that somebody else started, under a debugger say. It is not supervised.
type Attached struct {
	recognizer

	conn *grpc.ClientConn
	gone context.CancelFunc
}

// Attach connects to the plugin that wrote the file, when it was started with its name in the variable
// [rpc.EnvAttach]. The file holds the keys of one encrypted connection, so it is refused if others may
// read it, and so is one without keys: a connection in plain text is not offered.
// The errors are those of [Open].
func Attach(ctx context.Context, file string) (*Attached, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fault(shared.CodePluginNotFound, "no file of a plugin to attach to: start the plugin first, with the file's name in "+rpc.EnvAttach, err)
	}
	defer func() { _ = f.Close() }()
	i, err := f.Stat()
	if err != nil || !i.Mode().IsRegular() || i.Size() > maxLock {
		return nil, fault(shared.CodePluginRefused, "the file is none of a plugin to attach to", err)
	}
	if exposed(i.Mode()) {
		return nil, fault(shared.CodePluginRefused, "others may read the file with the keys of the plugin's connection: take that right away with chmod go=", nil)
	}
	text := make([]byte, i.Size())
	if _, err := f.ReadAt(text, 0); err != nil {
		return nil, fault(shared.CodePluginRefused, "the file of the plugin to attach to cannot be read", err)
	}
	var at rpc.Attachment
	if err := json.Unmarshal(text, &at); err != nil {
		return nil, fault(shared.CodePluginRefused, "the file is none of a plugin to attach to", err)
	}
	config, err := at.ClientConfig()
	if err != nil {
		return nil, fault(shared.CodePluginRefused, "the plugin to attach to offers no encryption, and there is no other way: start it anew with "+rpc.EnvAttach, err)
	}
	conn, err := grpc.NewClient(at.Target(), append(rpc.DialOptions(), grpc.WithTransportCredentials(credentials.NewTLS(config)))...)
	if err != nil {
		return nil, fault(shared.CodePluginFailed, "the plugin's address is no address", err)
	}
	alive, gone := context.WithCancel(context.Background())
	raw, err := (&rpc.Plugin{}).GRPCClient(alive, nil, conn)
	if err != nil {
		gone()
		return nil, errors.Join(err, conn.Close())
	}
	a := &Attached{raw.(recognizer), conn, gone} //nolint:forcetypeassert // it is ours
	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	if _, err := a.Describe(ctx); err != nil {
		_ = a.Close()
		return nil, fault(shared.CodePluginFailed, "the plugin to attach to does not answer: check that it runs still", err)
	}
	return a, nil
}

// attachTimeout is enough for a process that is there.
const attachTimeout = 5 * time.Second

// Close ends the connection. The plugin lives on.
func (a *Attached) Close() error {
	a.gone()
	return a.conn.Close()
}
