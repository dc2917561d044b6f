package sqlite

import (
	"crypto/rand"
	"encoding/binary"
	"os"
	"sync"
)

// Owners lock bytes from lockBase on. That is beyond any data (SQLite's largest file has 2⁴⁸ bytes) and
// beyond SQLite's own locks, and the largest number ends within an int64.
const (
	lockBase = int64(1) << 62
	lockSpan = int64(1) << 61
)

// owner holds the lock of this store on its file, and asks for those of others.
type owner struct {
	file *os.File
	id   int64

	mu sync.Mutex
	// dead are owners that were seen to be gone. Numbers are random and never come again, so they stay so.
	dead map[int64]bool
}

func newOwner(path string) (*owner, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	o := &owner{file: f, dead: map[int64]bool{}}
	for {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails, see crypto/rand
		o.id = lockBase + int64(binary.LittleEndian.Uint64(b[:])%uint64(lockSpan))
		locked, err := lock(f, o.id)
		if err != nil {
			_ = f.Close()
			return nil, err
		}
		if locked {
			return o, nil
		}
	}
}

// knownDead reports whether an owner was seen to be gone before.
func (o *owner) knownDead(id int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dead[id]
}

// look asks the system whether another owner lives, and remembers one that does not.
func (o *owner) look(id int64) (alive bool, err error) {
	if alive, err = isLocked(o.file, id); err == nil && !alive {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.dead[id] = true
	}
	return alive, err
}

func (o *owner) close() error { return o.file.Close() }
