package sqlite

import "path/filepath"

// disk says what kind of disk a folder lies on.
type disk int

const (
	diskLocal disk = iota
	// diskNetwork: locks and shared memory do not work between its machines, and often not on one.
	diskNetwork
	// diskMemory: lost when the machine or the container ends.
	diskMemory
	// diskUnknown: a program behind the kernel's file system interface of which nothing is known.
	diskUnknown
)

// judge returns the refusal or the warning for a ledger on d; both may be empty.
func judge(d disk, temporary bool) (warning string, refused error) {
	switch {
	case d == diskNetwork:
		return "", misconfigured("the ledger's file lies on a network file system, where locks cannot be relied on: name a file on a local disk, or use postgres://…")
	case d == diskMemory:
		return "the ledger lies in memory or in a container's own layer: it is lost with the machine or the container, and its pictures are paid again", nil
	case temporary:
		return "the ledger lies in a folder for temporary files: when it is cleaned, its pictures are paid again", nil
	case d == diskUnknown:
		return "the ledger lies on a file system of which it is not known whether its locks and syncs can be relied on", nil
	}
	return "", nil
}

// OnNetwork reports whether a folder is known to lie on another machine's disk, where no ledger can.
func OnNetwork(dir string) bool {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	d, err := diskOf(abs)
	return err == nil && d == diskNetwork
}
