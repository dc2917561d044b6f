//go:build linux

package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/internal/enginetest"
)

// TestTheWorkerLivesInAContainerWithNothingInIt runs the worker as a container from scratch would: a root
// with nothing but the two programs, the certificates and a folder for temporary files, no home, no
// shell, no zone data, not root, and nothing to be written but that one folder.
func TestTheWorkerLivesInAContainerWithNothingInIt(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change the root")
	}
	w := newWorld(t, 6, 91)
	const nobody = 65534
	root := t.TempDir()
	for _, dir := range []string{root, filepath.Dir(root)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	put := func(from, to string, mode os.FileMode) {
		raw, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		to = filepath.Join(root, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, raw, mode); err != nil {
			t.Fatal(err)
		}
		if mode == 0o400 {
			if err := os.Chown(to, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
	}
	for pkg, dir := range map[string]string{"idrec-temporal-worker": "../cmd/idrec-temporal-worker", "idrec-plugin-wapi": "../../../plugin/idrec-plugin-wapi"} {
		static := exec.Command("go", "build", "-o", filepath.Join(root, pkg), ".")
		static.Dir, static.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
		if text, err := static.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	put(w.vendor.SecretFile, "run/secret", 0o400)
	put(w.keyFile, "run/keys", 0o400)
	pictures, err := filepath.Glob(filepath.Join(w.cards, "*.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pictures {
		put(p, p, 0o444) // the starter names the same path
	}
	temp := filepath.Join(root, "scratch")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(temp, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	// What every container runtime gives: /dev/null and /proc.
	if err := os.Mkdir(filepath.Join(root, "dev"), 0o755); err != nil {
		t.Fatal(err)
	}
	null := filepath.Join(root, "dev/null")
	if err := errors.Join(syscall.Mknod(null, syscall.S_IFCHR|0o666, 1<<8|3), os.Chmod(null, 0o666)); err != nil {
		t.Skip("this machine lets nobody make /dev/null")
	}
	proc := filepath.Join(root, "proc")
	if err := os.Mkdir(proc, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Skip("this machine lets nobody mount /proc")
	}
	t.Cleanup(func() { _ = syscall.Unmount(proc, syscall.MNT_DETACH) })

	contained := func(env ...string) *program {
		cmd := exec.Command("/idrec-temporal-worker", "work")
		cmd.Dir = "/"
		cmd.Env = append([]string{"TEMPORAL_ADDRESS=" + w.address(), "IDREC_PAYLOAD_KEYS_FILE=/run/keys", "IDREC_FETCH_FOLDERS=" + w.cards,
			"IDREC_WAPI_URL=" + w.vendor.URL, "IDREC_WAPI_APPID=" + enginetest.AppID, "IDREC_WAPI_SECRET_FILE=/run/secret", "IDREC_WAPI_RATE=100", "TMPDIR=/scratch"}, env...)
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: nobody, Gid: nobody}, Pdeathsig: syscall.SIGKILL}
		return begin(t, cmd)
	}
	// Without a home there is no place for the ledger, and that is said.
	p := contained()
	if code := p.wait(t, time.Minute); code != 78 || !strings.Contains(p.log.String(), "set ledger") {
		t.Errorf("exit %d", code)
	}
	p = contained("IDREC_WAPI_LEDGER=memory")
	w.eventually(time.Minute, "the contained worker works", func() bool {
		select {
		case <-p.ended:
			t.Fatalf("it ended\n%s", p.log.String())
		default:
		}
		return strings.Contains(p.log.String(), `"working"`)
	})
	s := w.submit()
	if code := s.wait(t, time.Minute); code != 0 {
		t.Fatalf("exit %d", code)
	}
	if good, bad := s.records(t); good != len(pictures) || len(bad) != 0 {
		t.Errorf("%d results, %v\n%s", good, bad, p.log.String())
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t, time.Minute); code != 0 {
		t.Errorf("exit %d", code)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("%d things are left in the temporary folder, %v", len(left), err)
	}
}
