package serve

import "golang.org/x/sys/unix"

// noDump forbids core dumps, whatever the limits say, and with them ptrace and /proc/PID/mem for
// other processes of the same user.
func noDump() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
