//go:build !unix

package pgtest

import "os/exec"

// PostgreSQL is not looked for on these systems, so nothing below is reached.

func own(...string) error { return errMissing }
func become(*exec.Cmd)    {}
func children(int) []int  { return nil }
func kill(int)            {}
func suspend(int)         {}
func resume(int)          {}
func ended(int) bool      { return true }
