package rpc

import (
	"errors"
	"net"
	"os"
	"strconv"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/lane"
)

// Lane takes pictures from a host to its plugin beside the encrypted connection: an unnamed pair of sockets
// that nobody but the two processes has. It belongs to one process of a plugin, and goes into [Plugin.Lane]
// on both sides. Where one side has none, or it breaks, pictures go through the connection.
//
// There are lanes on Linux.
type Lane struct {
	sender   *lane.Sender
	receiver *lane.Receiver
}

// errNoLane is what NewLane answers on other systems.
var errNoLane = errors.New("this system has no lane")

// NewLane makes a lane. The plugin's process inherits the file, and is told its number by [EnvLane]; the host
// closes its own when the process was started. broken is told, once and in one clause, why a lane that was in
// use is not any more.
func NewLane(broken func(why string)) (*Lane, *os.File, error) {
	near, far, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	socket, err := socketOf(near)
	if err != nil {
		_ = far.Close()
		return nil, nil, err
	}
	return &Lane{sender: lane.NewSender(socket, broken)}, far, nil
}

// InheritedLane returns the plugin's end of the lane that its host made, or nil where it made none. It takes
// [EnvLane] out of the environment, since the lane is not meant for children.
func InheritedLane() (*Lane, error) {
	number := os.Getenv(EnvLane)
	if number == "" {
		return nil, nil //nolint:nilnil // no lane is no error
	}
	if err := os.Unsetenv(EnvLane); err != nil {
		return nil, err
	}
	fd, err := strconv.Atoi(number)
	if err != nil || fd < 3 || !isLane(fd) { // what is something else is not ours to close
		return nil, errors.New(EnvLane + " is not the number of a lane")
	}
	socket, err := socketOf(os.NewFile(uintptr(fd), "lane"))
	if err != nil {
		return nil, err
	}
	l := &Lane{receiver: lane.NewReceiver(socket)}
	go l.receiver.Run()
	return l, nil
}

// socketOf takes f over.
func socketOf(f *os.File) (*net.UnixConn, error) {
	defer func() { _ = f.Close() }()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	socket, ok := c.(*net.UnixConn)
	if !ok {
		_ = c.Close()
		return nil, errNoLane
	}
	_ = socket.SetWriteBuffer(laneBytes) // the system may allow less
	return socket, nil
}

// Close ends the lane. Nil has nothing to end.
func (l *Lane) Close() {
	switch {
	case l == nil:
	case l.sender != nil:
		l.sender.Close()
	default:
		l.receiver.Close()
	}
}

// forHost and forPlugin are the two ends; nil where there is none.
func (l *Lane) forHost() *lane.Sender {
	if l == nil {
		return nil
	}
	return l.sender
}

func (l *Lane) forPlugin() *lane.Receiver {
	if l == nil {
		return nil
	}
	return l.receiver
}

// laneBytes is how much of a lane may lie in it that the plugin has not taken yet: a picture, so that the host
// need not wait for its reader.
const laneBytes = 4 << 20
