package sqlite

import "encoding/binary"

// repair makes the log durable after a sync failed, or where that of another may have, for the writer within a
// transaction, so that nobody else writes.
// The system takes what it could not write for written, so a further sync would write nothing: the frames that are
// committed are read, checked and written again.
func (l *log) repair() error {
	l.landed()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.all {
		_ = f.Sync() // what it has not been told yet
	}
	if err := l.rewrite(); err != nil {
		return err
	}
	for _, f := range l.all {
		if err := l.sync(f); err != nil {
			return err
		}
	}
	l.last = nil
	l.durable.Store(l.head())
	l.failed.Store(nil)
	return nil
}

// errChangedLog is lasting: what is on the disk is another log than what is read.
var errChangedLog = &failure{"its log on the disk is not as it was written: stop all processes that use it and start again", nil}

// rewrite writes the committed frames again as they are. They are still in the system's memory, most likely; where
// they are not, the log on the disk is what it was before, and nothing can be built on it.
func (l *log) rewrite() error {
	now := l.head()
	if now == nil {
		return errChangedLog
	}
	n := frames(now)
	if n == 0 { // all of it was brought home
		return nil
	}
	var head [walHead]byte
	if _, err := l.look.ReadAt(head[:], 0); err != nil {
		return err
	}
	sum := logSum{order: binary.LittleEndian}
	if head[3]&1 == 1 {
		sum.order = binary.BigEndian
	}
	sum.add(head[:24])
	if !sum.is(head[24:]) || string(head[16:24]) != string(now[32:40]) {
		return errChangedLog
	}
	if _, err := l.look.WriteAt(head[:], 0); err != nil {
		return err
	}
	frame := make([]byte, frameHead+pageSize)
	for i := range int64(n) {
		at := walHead + i*int64(len(frame))
		if _, err := l.look.ReadAt(frame, at); err != nil {
			return err
		}
		sum.add(frame[:8])
		sum.add(frame[frameHead:])
		if !sum.is(frame[16:]) || string(frame[8:16]) != string(head[16:24]) {
			return errChangedLog
		}
		if _, err := l.look.WriteAt(frame, at); err != nil {
			return err
		}
	}
	return nil
}
