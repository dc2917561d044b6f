//go:build linux

package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

func TestAHostAttachesToAPluginUnderADebugger(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "attach.json")
	if err := os.WriteFile(file, []byte("old, and for everybody to read"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := stockCommand("serve", rpc.EnvAttach+"="+file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	var a *host.Attached
	eventually(t, patience, "the plugin listens", func() (ok bool) {
		var err error
		a, err = host.Attach(bounded(t), file)
		return err == nil
	})
	defer func() { _ = a.Close() }()
	if i, err := os.Stat(file); err != nil || i.Mode().Perm() != 0o600 {
		t.Error("others can read the keys:", i.Mode(), err)
	}
	if res, err := a.Recognize(bounded(t), picture("process")); err != nil || res.Extras["t.pid"] != fmt.Sprint(cmd.Process.Pid) {
		t.Error(res, err)
	}

	// Another host, without the keys.
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(string) string
		mode   os.FileMode
		code   shared.Code
	}{
		"others may read it": {func(s string) string { return s }, 0o644, shared.CodePluginRefused},
		"no keys":            {func(s string) string { return strings.ReplaceAll(s, "PRIVATE KEY", "NOTHING") }, 0o600, shared.CodePluginRefused},
		"no plugin's keys":   {func(s string) string { return strings.ReplaceAll(s, `"plugin_certificate"`, `"x"`) }, 0o600, shared.CodePluginRefused},
		"other keys":         {func(s string) string { return withOtherKeys(t, s) }, 0o600, shared.CodePluginFailed},
		"no JSON":            {func(string) string { return "x" }, 0o600, shared.CodePluginRefused},
		"nobody there":       {func(s string) string { return strings.ReplaceAll(s, `"address": "`, `"address": "/absent`) }, 0o600, shared.CodePluginFailed},
	} {
		other := filepath.Join(t.TempDir(), "attach.json")
		write(t, other, []byte(c.change(string(text))), c.mode)
		_, err := host.Attach(bounded(t), other)
		if e := want(t, err, c.code, shared.OutcomeNotSent); e == nil {
			t.Error(name)
		}
	}

	_ = cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Error("Ctrl-C does not end it")
	}
	if exists(file)() {
		t.Error("the file with the keys is left")
	}
}

// withOtherKeys is the attachment of a host that the plugin does not know.
func withOtherKeys(t *testing.T, text string) string {
	t.Helper()
	mine, err := rpc.NewCertificate()
	if err != nil {
		t.Fatal(err)
	}
	a, err := mine.Attachment("unix", "x", mine)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, `"host_certificate": "`)
	theirs, rest, _ := strings.Cut(rest, `"`)
	_, rest, _ = strings.Cut(rest, `"host_key": "`)
	key, _, _ := strings.Cut(rest, `"`)
	quote := func(s string) string { return strings.ReplaceAll(s, "\n", `\n`) }
	return strings.NewReplacer(theirs, quote(a.Certificate), key, quote(a.Key)).Replace(text)
}
