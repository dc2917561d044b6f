package target

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
)

// mostNames is how many names beside the one wanted are tried.
const mostNames = 99

// File is a file that is made of records.
type File struct {
	Flag string // that names it, for errors
	Name string
	Memo string // the file that keeps what was made; it names nothing
	// Overwrite what somebody else made or changed.
	Overwrite bool

	rename func(from, to string) error // for tests; nil is os.Rename
}

// Check refuses a name that cannot be written to, or at which something lies that idrec did not make.
// Call it before anything is paid for.
func (f File) Check() error {
	if info, err := os.Stat(filepath.Dir(f.Name)); err != nil || !info.IsDir() {
		return exit.Errorf(exit.Usage, "the folder of %s does not exist: make it first", f.Flag)
	}
	info, err := os.Stat(f.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return f.failure(err)
	case info.IsDir():
		return exit.Errorf(exit.Usage, "%s names a folder: give a file", f.Flag)
	case !info.Mode().IsRegular():
		return exit.Errorf(exit.Usage, "%s names a device, a pipe or the like, in whose place a file would be put: give a file", f.Flag)
	case info.Size() > 0 && !f.Overwrite && readMemo(f.Memo)[1].Sums == nil:
		return exit.Errorf(exit.Usage, "the file of %s exists, and idrec did not make it: name another, or give --overwrite to replace it", f.Flag)
	}
	return nil
}

// Make writes the file and gives it its name. Which one, it returns: 1 is the name wanted, n the one with
// (n) before its ending. Where a file with the same stamp was made already, nothing is done: a stamp
// stands for all that goes into a file.
func (f File) Make(stamp string, write func(w io.Writer) error) (n int, err error) {
	memo := readMemo(f.Memo)
	if n, done := f.made(memo, stamp); done {
		return n, nil
	}
	temp := f.Name + ".making"
	sum, err := writeWhole(temp, write)
	if err != nil {
		_ = os.Remove(temp)
		return 0, f.failure(err)
	}
	for n = 1; n <= mostNames; n++ {
		if !f.free(memo, n) {
			continue
		}
		// Before the name, so that the file is known as ours whenever the process ends.
		was := memo[n]
		memo[n] = made{Sums: append(slices.Clone(was.Sums), sum), Stamp: was.Stamp}
		if err := memo.write(f.Memo); err != nil {
			_ = os.Remove(temp)
			return 0, f.failure(err)
		}
		if err = f.renameTo(temp, Numbered(f.Name, n)); err != nil {
			if !busy(err) {
				break
			}
			memo[n] = was
			continue
		}
		memo[n] = made{Sums: []string{sum}, Stamp: stamp}
		syncFolder(f.Name)
		return n, f.failure(memo.write(f.Memo))
	}
	_ = os.Remove(temp)
	if err == nil {
		return 0, exit.Errorf(exit.Later, "the file of %s and those with a number beside it are open in another program: close them, then run the same command again", f.Flag)
	}
	return 0, f.failure(err)
}

// made finds what was made already, as long as no better name has become free.
func (f File) made(m memo, stamp string) (n int, done bool) {
	for n = 1; n <= mostNames; n++ {
		there := size(Numbered(f.Name, n)) >= 0
		if there && m[n].Stamp == stamp && stamp != "" {
			return n, true
		}
		if !there || f.free(m, n) {
			return 0, false
		}
	}
	return 0, false
}

// free reports whether a name may be written to: nothing lies there, or what idrec made, and no program
// has it open.
func (f File) free(m memo, n int) bool {
	name := Numbered(f.Name, n)
	if size(name) < 0 {
		return true
	}
	if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || inUse(name) {
		return false
	}
	if size(name) == 0 || n == 1 && f.Overwrite {
		return true
	}
	sum, err := sumOf(name)
	return err == nil && slices.Contains(m[n].Sums, sum)
}

func (f File) renameTo(from, to string) error {
	if f.rename != nil {
		return f.rename(from, to)
	}
	return os.Rename(from, to)
}

// failure says what to do about an error of the disk.
func (f File) failure(err error) error {
	var said *exit.Error
	switch {
	case err == nil || errors.As(err, &said):
		return err
	case errors.Is(err, fs.ErrPermission), errors.Is(err, fs.ErrNotExist):
		return exit.Errorf(exit.Usage, "the file of %s cannot be written: check its folder's permissions", f.Flag)
	}
	return exit.Errorf(exit.Later, "the file of %s could not be written whole, perhaps for want of room on the disk: free some space, then run the same command again", f.Flag)
}

// Numbered is the name with (n) before its ending; the first has none.
func Numbered(name string, n int) string {
	if n == 1 {
		return name
	}
	ending := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ending), n, ending)
}

// inUse reports whether a program says that it has the file open: LibreOffice and WPS put a file beside
// it, Excel another.
func inUse(name string) bool {
	dir, base := filepath.Split(name)
	return size(dir+".~lock."+base+"#") >= 0 || size(dir+"~$"+base) >= 0
}

// Errors of Windows for a file that is open elsewhere: access denied, sharing violation, lock violation.
const (
	windowsDenied, windowsSharing, windowsLock = 5, 32, 33
)

// busy reports whether a name could not be given because the file there is open in another program. The
// folder can be written to: the new file is in it.
func busy(err error) bool {
	number, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		return false
	}
	if isWindows {
		return slices.Contains([]syscall.Errno{windowsDenied, windowsSharing, windowsLock}, number)
	}
	return slices.Contains([]syscall.Errno{syscall.EBUSY, syscall.ETXTBSY, syscall.EACCES, syscall.EPERM}, number)
}

// writeWhole writes a file that is on the disk when it returns, and its digest. It is a new one: what a process
// left that was killed goes, and a link that somebody put there leads nowhere.
func writeWhole(name string, write func(w io.Writer) error) (sum string, err error) {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	w := bufio.NewWriter(io.MultiWriter(f, h))
	if err = write(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if cErr := f.Close(); err == nil {
		err = cErr
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

func sumOf(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// size is -1 for a file that is not there.
func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return -1
	}
	return info.Size()
}

// syncFolder makes a renamed file's name durable, where folders can be synced.
func syncFolder(name string) {
	if d, err := os.Open(filepath.Dir(name)); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
