package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strconv"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// attachment takes the place of the host that reads the handshake, where the plugin was started by hand
// for a host that attaches to it.
type attachment struct {
	file    string
	plugin  *rpc.Certificate
	host    *rpc.Certificate
	written bool
	log     hclog.Logger
}

// attachable prepares the environment as a host would, with keys for the one that will attach.
func attachable(file string, log hclog.Logger) (*attachment, error) {
	host, err := rpc.NewCertificate()
	if err != nil {
		return nil, err
	}
	for _, v := range [][2]string{
		{rpc.Handshake.MagicCookieKey, rpc.Handshake.MagicCookieValue},
		{"PLUGIN_PROTOCOL_VERSIONS", strconv.Itoa(rpc.ProtocolVersion)},
		{rpc.EnvClientCert, host.PEM()},
	} {
		if err := os.Setenv(v[0], v[1]); err != nil {
			return nil, err
		}
	}
	return &attachment{file: file, host: host, log: log}, nil
}

// Write takes the handshake line and writes the file.
func (a *attachment) Write(line []byte) (int, error) {
	const network, address = 2, 3
	parts := bytes.Split(bytes.TrimSpace(line), []byte("|"))
	if len(parts) <= address || a.plugin == nil {
		return 0, errors.New("this is no handshake")
	}
	at, err := a.plugin.Attachment(string(parts[network]), string(parts[address]), a.host)
	if err != nil {
		return 0, err
	}
	text, err := json.MarshalIndent(at, "", "  ")
	if err != nil {
		return 0, err
	}
	// A file that is there may be readable for others, and stays so.
	if err := os.Remove(a.file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if err := os.WriteFile(a.file, append(text, '\n'), 0o600); err != nil {
		a.log.Error("the file for the host to attach with cannot be written: check that its folder exists")
		return 0, err
	}
	a.written = true
	a.log.Info("a host may attach now; Ctrl-C ends the plugin")
	return len(line), nil
}

// Close ends the writing, not the plugin.
func (a *attachment) Close() error { return nil }

// remove removes the file once the plugin ends.
func (a *attachment) remove() {
	if a != nil && a.written {
		_ = os.Remove(a.file)
	}
}
