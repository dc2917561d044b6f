//go:build linux

package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/hashicorp/go-hclog"
	"golang.org/x/sys/unix"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// large is more than a lane holds that nobody reads.
const large = 24 << 20

func largePicture(key string) *shared.Request {
	return &shared.Request{Image: shared.Image{Bytes: make([]byte, large)}, Key: key}
}

const (
	wayChanged = "pictures go through the plugin's encrypted connection from now on"
	otherWay   = "pictures go through the plugin's encrypted connection"
)

// stop stops a process, a child of this one, and waits until it has: on a busy machine its threads run on for a while
// after the signal.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT, nil)
		if err == nil {
			return
		}
		if !errors.Is(err, unix.EINTR) {
			t.Fatal(err)
		}
	}
}

// A plugin that is stopped while it is given a picture: the caller has its answer in time, the call was not
// sent, and when the plugin goes on, so do the pictures.
func TestACallIsGivenUpWhileItsPictureIsOnTheLane(t *testing.T) {
	t.Parallel()
	log := &journal{}
	p := open(t, "serve", func(o *host.Options) { o.Logger = log.logger(hclog.Debug) })
	if _, err := p.Recognize(bounded(t), largePicture("")); err != nil {
		t.Fatal(err)
	}
	stop(t, p.PID())
	ctx, cancel := context.WithTimeout(background, 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := p.Recognize(ctx, largePicture(""))
	if !errors.Is(err, shared.CodeDeadlineExceeded) {
		t.Log(log.String())
	}
	e := want(t, err, shared.CodeDeadlineExceeded, shared.OutcomeNotSent)
	if e.CallID == "" || time.Since(start) > 10*time.Second {
		t.Error(e.CallID, time.Since(start))
	}
	if err := syscall.Kill(p.PID(), syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := p.Recognize(bounded(t), largePicture("")); err != nil {
			t.Error(err)
		}
	}
	if time.Since(start) < time.Second && strings.Contains(log.String(), wayChanged) { // it was stopped for less than the patience of a lane
		t.Error(log.String())
	}
}

// One that dies with a picture half taken: the call was not sent, and goes to the next process.
func TestAPluginThatDiesWithHalfAPicture(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", func(o *host.Options) { o.Restart = true })
	pid := p.PID()
	stop(t, pid)
	time.AfterFunc(300*time.Millisecond, func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
	if _, err := p.Recognize(bounded(t), largePicture("")); err != nil {
		t.Error(err)
	}
	if p.PID() == pid {
		t.Error("it is the same process")
	}
}

// One that takes the picture and gives no answer: the call may have been billed, as ever.
func TestAPluginThatTakesAPictureAndSaysNothing(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", nil)
	begun := filepath.Join(t.TempDir(), "call")
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	r := largePicture("hang")
	r.Case = begun
	go func() {
		for !exists(begun + ".begun")() {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := p.Recognize(ctx, r)
	want(t, err, shared.CodeOutcomeUnknown, shared.OutcomeAmbiguous)
	if _, err := p.Recognize(bounded(t), largePicture("")); err != nil {
		t.Error(err)
	}
}

// A host that is killed while its plugin takes a picture leaves nothing.
func TestAHostThatIsKilledWithAPictureOnTheLane(t *testing.T) {
	t.Parallel()
	for i := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), roleEnv+"=host that sends", noRaceSleep)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Fscanln(out, &pid); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 7 * time.Millisecond) // anywhere in a call
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		eventually(t, patience, "the plugin ends", gone(pid))
	}
}

// runHostThatSends opens a plugin, says its number, and gives it pictures until it is killed.
func runHostThatSends() {
	p, err := host.Open(background, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=serve", noRaceSleep}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.PID())
	for {
		_, _ = p.Recognize(background, largePicture(""))
	}
}

// Neither the plugin's code nor its children have the lane, and nobody opens it by way of /proc, as one can a
// file in memory or a pipe.
func TestTheLaneIsNobodyElses(t *testing.T) {
	t.Parallel()
	p := open(t, "serve", nil)
	res, err := p.Recognize(bounded(t), picture("lanes"))
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Extras["t.lanes"]; got != "1 close-on-exec no such device or address" {
		t.Error(got)
	}
	if strings.Contains(res.Extras["t.env"], "LANE") {
		t.Error("a child would be told of it")
	}
	mine := lanes(os.Getpid())
	if len(mine) == 0 {
		t.Error("no lane")
	}
	for _, l := range mine {
		if l != "close-on-exec no such device or address" {
			t.Error(l)
		}
	}
}

// lanes says of each socket without a name what others could do with it.
func lanes(pid int) (out []string) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		var fd int
		_, _ = fmt.Sscan(e.Name(), &fd)
		here, err1 := unix.Getsockname(fd)
		there, err2 := unix.Getpeername(fd)
		a, ok1 := here.(*unix.SockaddrUnix)
		b, ok2 := there.(*unix.SockaddrUnix)
		if err1 != nil || err2 != nil || !ok1 || !ok2 || strings.Trim(a.Name+b.Name, "@") != "" {
			continue
		}
		text := "inherited"
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC != 0 {
			text = "close-on-exec"
		}
		f, err := os.Open(filepath.Join(dir, e.Name()))
		if err == nil {
			_ = f.Close()
		}
		if errno, ok := errors.AsType[syscall.Errno](err); ok {
			text += " " + errno.Error()
		}
		out = append(out, text)
	}
	return out
}

// Each process has one lane, and takes it along when it ends.
func TestLanesGoWithTheirProcesses(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=host that restarts", noRaceSleep)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "1 1 1 0\n" {
		t.Errorf("%v: %s", err, out)
	}
}

func runHostThatRestarts() {
	p, err := host.Open(background, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=serve", noRaceSleep}, Restart: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	use := func() int {
		if _, err := p.Recognize(background, largePicture("")); err != nil {
			fmt.Println(err)
		}
		return len(lanes(os.Getpid()))
	}
	first := use()
	_ = syscall.Kill(p.PID(), syscall.SIGKILL)
	for p.Status().Up {
		time.Sleep(time.Millisecond)
	}
	second := use()
	if err := p.Upgrade(background, host.Upgrade{}); err != nil {
		fmt.Println(err)
	}
	third := use()
	_ = p.Close(background)
	fmt.Println(first, second, third, len(lanes(os.Getpid())))
}

// Where a container lets nobody make such sockets, all is as without a lane, and is said once.
func TestAHostThatGetsNoLane(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=host without a lane", noRaceSleep)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil || out.String() != "works\n" {
		t.Errorf("%v: %s%s", err, &out, &log)
	}
	if n := strings.Count(log.String(), otherWay); n != 1 {
		t.Errorf("%d times: %s", n, &log)
	}
}

func runHostWithoutLane() {
	if err := forbidSocketPairs(); err != nil {
		fmt.Println("no filter:", err)
		return
	}
	p, err := host.Open(background, host.Options{Path: os.Args[0], Env: []string{roleEnv + "=serve", noRaceSleep},
		Logger: hclog.New(&hclog.LoggerOptions{Output: os.Stderr, Level: hclog.Debug})})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = p.Close(background) }()
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := p.Recognize(background, largePicture("")); err != nil {
				fmt.Println(err)
			}
		})
	}
	wg.Wait()
	fmt.Println("works")
}

// forbidSocketPairs answers every socketpair(2) of this process with EPERM, as a strict container does.
func forbidSocketPairs() error {
	const allow, deny = 0x7fff0000, 0x00050000 | uint32(unix.EPERM)
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKETPAIR, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: deny},
		{Code: unix.BPF_RET | unix.BPF_K, K: allow},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const setFilter, allThreads = 1, 1
	if _, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, setFilter, allThreads, uintptr(unsafe.Pointer(&program))); errno != 0 {
		return errno
	}
	return nil
}
