package rpc

import (
	"os"

	"golang.org/x/sys/unix"
)

// socketPair returns two sockets that are connected with each other.
func socketPair() (near, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "lane"), os.NewFile(uintptr(fds[1]), "lane"), nil
}

// isLane reports whether the descriptor is one end of a pair of sockets, whose ends have no names.
func isLane(fd int) bool {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil || kind != unix.SOCK_STREAM {
		return false
	}
	peer, err := unix.Getpeername(fd) // fails where it listens
	if err != nil {
		return false
	}
	there, ok := peer.(*unix.SockaddrUnix)
	return ok && (there.Name == "" || there.Name == "@") // as package unix shows that there is none
}
