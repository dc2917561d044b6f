//go:build linux

package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestAPluginIsOpenedUsedAndClosedWithoutATrace(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"serve", "stock", "prints first", "garbage on stderr", "floods"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			dir := mkdirTemp(t)
			p := open(t, role, func(o *host.Options) { o.SocketDir = dir })
			if p.Version() != "1.2.3" || p.Path() != os.Args[0] || p.PID() == 0 {
				t.Error(p.Version(), p.Path(), p.PID())
			}
			d, err := p.Describe(bounded(t))
			if err != nil || d.Name != "trouble" {
				t.Fatal(d, err)
			}
			big := &shared.Request{Image: shared.Image{Bytes: make([]byte, 5<<20)}}
			if res, err := p.Recognize(bounded(t), big); err != nil || res.CallID == "" || res.Outcome != shared.OutcomeBilled {
				t.Fatal(res, err)
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Error(entries, err)
			} else if i, _ := entries[0].Info(); i.Mode().Perm() != 0o700 {
				t.Error("others can enter the socket's folder:", i.Mode())
			}
			pid := p.PID()
			if err := p.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if !gone(pid)() {
				t.Error("the process is still there")
			}
			if entries, _ := os.ReadDir(dir); len(entries) != 0 {
				t.Error("left behind:", entries)
			}
			_, err = p.Recognize(bounded(t), picture(""))
			want(t, err, shared.CodePluginUnavailable, shared.OutcomeNotSent)
			if err := p.Close(context.Background()); err != nil {
				t.Error("a second Close:", err)
			}
		})
	}
}

func TestWhatThePluginGetsOfItsHost(t *testing.T) {
	t.Setenv("IDREC_WAPI_SECRET", theSecret)
	t.Setenv("EXTRA", "given")
	t.Setenv("HTTPS_PROXY", "http://proxy.invalid:1")
	sum, err := host.Sum(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, "serve", func(o *host.Options) {
		o.Env = append(o.Env, "EXTRA", "SET=1=2")
		o.SHA256 = strings.ToUpper(sum)
	})
	res, err := p.Recognize(bounded(t), picture("inside"))
	if err != nil {
		t.Fatal(err)
	}
	in := res.Extras
	env := "\n" + in["t.env"] + "\n"
	for _, want := range []string{"\nEXTRA=given\n", "\nSET=1=2\n", "\nHTTPS_PROXY=http://proxy.invalid:1\n", "\nPATH="} {
		if !strings.Contains(env, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(env, theSecret) || strings.Contains(env, "LIFELINE") {
		t.Error("it got what it must not")
	}
	if in["t.stdin"] != "/dev/null" || in["t.group"] != "true" || in["t.exe"] != os.Args[0] || in["t.args"] != os.Args[0] || in["t.comm"] != "host.test" {
		t.Error(in["t.stdin"], in["t.group"], in["t.exe"], in["t.args"], in["t.comm"])
	}
	if got, err := p.SHA256(); err != nil || got != sum {
		t.Error(got, err)
	}
}

func TestASecretCrossesAndIsNowhereElse(t *testing.T) {
	t.Parallel()
	var log, raw journal
	p := open(t, "serve", func(o *host.Options) { o.Logger, o.Stderr = log.logger(hclog.Trace), &raw })
	err := p.Configure(bounded(t), shared.Configuration{Values: map[string]string{"rate": "2"}, Secrets: map[string]shared.Secret{"secret": shared.NewSecret(theSecret)}})
	if err != nil {
		t.Fatal(err)
	}
	res, err := p.Recognize(bounded(t), picture("settings"))
	if err != nil || res.Extras["t.rate"] != "2" || res.Extras["t.secret"] != "true" {
		t.Fatal(res, err)
	}
	environ, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID()))
	cmdline, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID()))
	_ = p.Close(context.Background())
	if !strings.Contains(log.String(), `"configured"`) {
		t.Fatal("the log is not at trace")
	}
	for name, text := range map[string]string{"log": log.String(), "stderr": raw.String(), "environment": string(environ), "command line": string(cmdline)} {
		if strings.Contains(text, theSecret) {
			t.Error("the secret stands in the", name)
		}
	}
}

func TestTheLogArrivesWithItsLevelsWhateverIsInIt(t *testing.T) {
	t.Parallel()
	var log, raw journal
	p := open(t, "serve", func(o *host.Options) { o.Logger, o.Stderr = log.logger(hclog.Debug), &raw })
	if _, err := p.Recognize(bounded(t), picture("log")); err != nil {
		t.Fatal(err)
	}
	_ = p.Close(context.Background())
	hello := log.line("hello")
	if hello == nil || hello["@level"] != "info" || hello["number"] != 1e6 || hello["z"] != "last" {
		t.Error(hello)
	}
	if e := log.line("[ERROR] oh"); e == nil || e["@level"] != "error" {
		t.Error(e)
	}
	if e := log.line(`{"@message":1}`); e == nil || e["@level"] != "debug" {
		t.Error(e)
	}
	if !strings.Contains(raw.String(), `{"@message":1}`+"\n") {
		t.Error("the raw output is not all there")
	}
}

func TestAPluginThatDoesNotStartIsATypedErrorThatSaysWhatToDo(t *testing.T) {
	t.Parallel()
	self, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	file := func(mode os.FileMode, content []byte) func(t *testing.T, o *host.Options) {
		return func(t *testing.T, o *host.Options) {
			o.Path = filepath.Join(t.TempDir(), "plugin")
			write(t, o.Path, content, mode)
		}
	}
	sh := func(text string) func(t *testing.T, o *host.Options) {
		return file(0o755, []byte("#!/bin/sh\n"+text+"\n"))
	}
	role := func(name string) func(t *testing.T, o *host.Options) {
		return func(_ *testing.T, o *host.Options) { o.Env = []string{roleEnv + "=" + name} }
	}
	for name, c := range map[string]struct {
		prepare func(*testing.T, *host.Options)
		code    shared.Code
		says    string
	}{
		"no such name":        {func(_ *testing.T, o *host.Options) { o.Path, o.Name = "", "absent" }, shared.CodePluginNotFound, "install it there"},
		"no such file":        {func(t *testing.T, o *host.Options) { o.Path = filepath.Join(t.TempDir(), "absent") }, shared.CodePluginNotFound, "check the path"},
		"a folder":            {func(t *testing.T, o *host.Options) { o.Path = t.TempDir() }, shared.CodePluginRefused, "no regular file"},
		"empty":               {file(0o755, nil), shared.CodePluginFailed, "empty"},
		"not executable":      {file(0o644, self), shared.CodePluginFailed, "chmod +x"},
		"world-writable":      {file(0o757, self), shared.CodePluginRefused, "chmod o-w"},
		"no program":          {file(0o755, []byte("MZ no program for this system")), shared.CodePluginFailed, "no program for this system"},
		"missing interpreter": {file(0o755, []byte("#!/no/such/interpreter\n")), shared.CodePluginFailed, "interpreter or loader is missing"},
		"another hash":        {func(_ *testing.T, o *host.Options) { o.SHA256 = strings.Repeat("0", 64) }, shared.CodePluginRefused, "pinned SHA-256"},
		"no hash":             {func(_ *testing.T, o *host.Options) { o.SHA256 = "abc" }, shared.CodeConfigurationInvalid, "64 hex digits"},
		"not a plugin":        {file(0o755, self), shared.CodePluginFailed, "exit status 0"},
		"ends at once":        {role("ends"), shared.CodePluginFailed, "exit status 3"},
		"panics":              {role("panics"), shared.CodePluginFailed, "it panicked"},
		"killed":              {sh("kill -9 $$"), shared.CodePluginFailed, "signal: killed"},
		"prints and ends":     {sh("echo a person; echo b >&2; exit 4"), shared.CodePluginFailed, "printed 1 lines to its standard output and 1 to its standard error"},
		"closes its output":   {sh("exec >&-; sleep 30"), shared.CodePluginFailed, "closed its standard output"},
		"missing library":     {sh("echo 'x: error while loading shared libraries: libfoo.so' >&2; exit 127"), shared.CodePluginFailed, "shared library"},
		"floods":              {sh("yes person"), shared.CodePluginFailed, "did not say within"},
		"hangs":               {role("hangs"), shared.CodePluginFailed, "did not say within 500ms"},
		"other cookie":        {role("other cookie"), shared.CodePluginFailed, "plugin for another host program"},
		"other version":       {role("other version"), shared.CodePluginFailed, "speaks protocol version 7, and this host version 1"},
		"other core version":  {sh("echo '9|1|unix|/x|grpc'; sleep 10"), shared.CodePluginFailed, "version 9 of go-plugin"},
		"net/rpc":             {sh("echo '1|1|unix|/x|netrpc'; sleep 10"), shared.CodePluginFailed, "does not speak gRPC"},
		"other service":       {role("other service"), shared.CodePluginFailed, "serves no recognizer"},
		"never answers":       {role("mute"), shared.CodePluginFailed, "did not answer within 2s"},
		"garbage answers":     {role("babbles"), shared.CodePluginFailed, "did not answer"},
		"another's key":       {role("another's key"), shared.CodePluginFailed, "did not answer"},
		"no key":              {sh("echo '1|1|unix|/x|grpc|'; sleep 10"), shared.CodePluginFailed, "does not encrypt"},
		"garbage for a key":   {sh("echo '1|1|unix|/x|grpc|" + strings.Repeat("A", 400) + "'; sleep 10"), shared.CodePluginFailed, "did not answer as an idrec plugin does"},
		"no such network":     {sh("echo '1|1|carrier pigeon|/x|grpc|" + strings.Repeat("A", 400) + "'; sleep 10"), shared.CodePluginFailed, "check that"},
		"half a handshake":    {sh("echo '1|1'; echo '1|1|unix'; exit 5"), shared.CodePluginFailed, "exit status 5"},
		"nobody listens":      {role("lies"), shared.CodePluginFailed, "did not answer"},
		"relative folder":     {func(_ *testing.T, o *host.Options) { o.Path, o.Name, o.Dirs = "", "x", []string{"plugins"} }, shared.CodeConfigurationInvalid, "absolute"},
		"no socket folder":    {func(_ *testing.T, o *host.Options) { o.SocketDir = "/no/such/folder" }, shared.CodePluginFailed, "TMPDIR"},
		"long socket folder":  {func(_ *testing.T, o *host.Options) { o.SocketDir = "/tmp/" + strings.Repeat("x", 100) }, shared.CodePluginFailed, "short"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sockets := mkdirTemp(t)
			start, limit := time.Now(), time.Duration(0)
			p, err := tryOpen(t, "serve", func(o *host.Options) {
				o.SocketDir = sockets
				o.StartTimeout = 5 * time.Second
				switch {
				case strings.Contains(c.says, "did not answer within"):
					o.StartTimeout = 2 * time.Second // it must have said where it listens by then
				case strings.Contains(c.says, "within"):
					o.StartTimeout = 500 * time.Millisecond
				}
				c.prepare(t, o)
				o.Env = append(o.Env, "IDREC_TEST_MARK="+sockets)
				limit = o.StartTimeout
			})
			if took := time.Since(start); took > limit+overtime {
				t.Error("it took", took)
			}
			if err == nil {
				_ = p.Close(context.Background())
				t.Fatal("it was opened")
			}
			e := want(t, err, c.code, shared.OutcomeNotSent)
			if !strings.Contains(e.Message, c.says) {
				t.Errorf("%q does not say %q", e.Message, c.says)
			}
			if entries, _ := os.ReadDir(sockets); len(entries) != 0 {
				t.Error("left behind:", entries)
			}
			eventually(t, patience, "no process is left", func() bool { return len(marked(sockets)) == 0 })
		})
	}
}

// overtime is what a start that failed may take beyond its limit, on a busy machine.
const overtime = 3 * time.Second

// marked returns the processes that were started with this mark.
func marked(mark string) (pids []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range files {
		text, _ := os.ReadFile(name)
		if strings.Contains(string(text), "IDREC_TEST_MARK="+mark+"\x00") {
			pids = append(pids, name)
		}
	}
	return pids
}

func TestAPluginOfANewerVersionServesTheOneThatBothKnow(t *testing.T) {
	t.Parallel()
	p := open(t, "several versions", nil)
	if e, err := p.Locked(); err != nil || e.Protocol != 1 {
		t.Error(e, err)
	}
	if _, err := p.Recognize(bounded(t), picture("")); err != nil {
		t.Error(err)
	}
}

// It runs before the parallel tests, which open files too.
func TestNoDescriptorIsLeftOpen(t *testing.T) {
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	round := func() {
		p, err := tryOpen(t, "serve", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = p.Close(context.Background())
		if _, err := tryOpen(t, "ends", nil); err == nil {
			t.Fatal("it was opened")
		}
		if _, err := tryOpen(t, "serve", func(o *host.Options) { o.SHA256 = strings.Repeat("0", 64) }); err == nil {
			t.Fatal("it was opened")
		}
	}
	round() // what the runtime keeps: the poller, the random source
	before := count()
	for range 3 {
		round()
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func TestAStartCanBeGivenUp(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"hangs", "mute"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(200*time.Millisecond, cancel)
		start := time.Now()
		_, err := host.Open(ctx, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=" + role}})
		want(t, err, shared.CodeCanceled, shared.OutcomeNotSent)
		if took := time.Since(start); took > 3*time.Second || !errors.Is(err, context.Canceled) {
			t.Error(role, took, err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		_, err = host.Open(ctx, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=" + role}})
		want(t, err, shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
	}
}

// A script's interpreter is told a name, and a pinned script must be the one that was checked.
func TestAScriptCanBeAPlugin(t *testing.T) {
	t.Parallel()
	path := script(t, "#!/bin/sh\nexec "+os.Args[0]+"\n")
	sum, err := host.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range []string{"", sum} {
		p := open(t, "serve", func(o *host.Options) { o.Path, o.SHA256 = path, pin })
		if _, err := p.Recognize(bounded(t), picture("")); err != nil {
			t.Error(err)
		}
	}
}

func TestAPipeInThePlaceOfAPluginIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "idrec-plugin-pipe")
	if err := syscall.Mkfifo(path, 0o755); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := host.Open(bounded(t), host.Options{Path: path})
		done <- err
	}()
	select {
	case err := <-done:
		want(t, err, shared.CodePluginRefused, shared.OutcomeNotSent)
	case <-time.After(5 * time.Second):
		t.Error("opening it waits for a writer")
		w, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		<-done
	}
}
