//go:build linux

package host_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/host"
)

// runPlace opens a plugin of each kind in the place where this program was started, uses it, and says so.
func runPlace() {
	for _, role := range []string{"serve", "stock"} {
		p, err := host.Open(background, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=" + role, noRaceSleep}, SHA256: os.Getenv("IDREC_TEST_SUM")})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		res, err := p.Recognize(background, picture("inside"))
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		pid := p.PID()
		_ = p.Close(background)
		fmt.Printf("%s: host %d, user %d, sockets in %s, gone %v\n", role, os.Getpid(), os.Getuid(),
			filepath.Dir(filepath.Dir(res.Extras["t.sockets"])), gone(pid)())
	}
}

// As the only program of a container: process 1, on a file system where nothing can be written but the
// shared memory, without a home.
func TestAHostMayBeProcessOneOnAReadOnlySystem(t *testing.T) {
	t.Parallel()
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		t.Skip("no unshare")
	}
	cmd := exec.Command(unshare, "--user", "--map-root-user", "--pid", "--fork", "--mount", "--mount-proc",
		"/bin/sh", "-c", `mount -o remount,bind,ro / && ! touch /x 2>/dev/null && cd / && exec "$0"`, os.Args[0])
	cmd.Env = []string{roleEnv + "=place", "PATH=" + os.Getenv("PATH"), noRaceSleep}
	var out, text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &text
	if err := cmd.Run(); err != nil && strings.Contains(text.String(), "unshare:") || strings.Contains(text.String(), "mount:") {
		t.Skip("this system lets nobody make namespaces: ", strings.TrimSpace(text.String()))
	}
	for _, role := range []string{"serve", "stock"} {
		if !strings.Contains(out.String(), role+": host 1, user 0, sockets in /") || strings.Count(out.String(), "gone true") != 2 {
			t.Errorf("%s: %s%s", role, &out, &text)
		}
	}
}

func TestAHostNeedsNoRightsAndNoHome(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("the other tests show it: they are run by somebody who is not root")
	}
	dir := mkdirTemp(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "host.test")
	write(t, path, program, 0o755)
	cmd := exec.Command(path)
	cmd.Env = []string{roleEnv + "=place", "PATH=" + os.Getenv("PATH"), "IDREC_TEST_SUM=" + mustSum(t, path), noRaceSleep}
	cmd.Dir = "/"
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), fmt.Sprintf("user %d", nobody)) != 2 || strings.Count(string(out), "gone true") != 2 {
		t.Errorf("%v: %s", err, out)
	}
}

// A process table that is full, as far as this user is concerned.
func TestWhereNoProcessCanBeStartedTheErrorSaysSo(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can become a user with few processes")
	}
	dir := mkdirTemp(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "host.test")
	write(t, path, program, 0o755)
	cmd := exec.Command(path)
	cmd.Env = []string{roleEnv + "=full", noRaceSleep}
	cmd.Dir = "/"
	const somebody = 64987 // who runs nothing else
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: somebody, Gid: somebody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "no room for another process") {
		t.Errorf("%v: %s", err, out)
	}
}

// runFull opens a plugin where no process can be started any more.
func runFull() {
	spareThreads(32)
	if err := syscall.Setrlimit(rlimitNPROC, &syscall.Rlimit{Cur: 1, Max: 1}); err != nil {
		fmt.Println(err)
		return
	}
	_, err := host.Open(background, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=serve"}})
	fmt.Println(err)
}

// spareThreads has the runtime start n threads and keep them idle. A thread counts as a process, and a
// runtime that needs one more and gets none aborts.
func spareThreads(n int) {
	var held, gone sync.WaitGroup
	release := make(chan struct{})
	for range n {
		held.Add(1)
		gone.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			held.Done()
			<-release
		})
	}
	held.Wait()
	close(release)
	gone.Wait()
}

// rlimitNPROC is RLIMIT_NPROC of Linux, which package syscall does not name.
const rlimitNPROC = 6
