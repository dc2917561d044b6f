//go:build !linux

package rpc

import "os"

func socketPair() (near, far *os.File, err error) { return nil, nil, errNoLane }

func isLane(int) bool { return false }
