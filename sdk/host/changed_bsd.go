//go:build dragonfly || openbsd || solaris

package host

import "syscall"

// changed is when the file was changed last.
func changed(s *syscall.Stat_t) syscall.Timespec { return s.Ctim }
