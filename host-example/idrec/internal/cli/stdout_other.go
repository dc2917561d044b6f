//go:build !unix

package cli

func outClosed() bool { return false }

func outGone() bool { return false }
