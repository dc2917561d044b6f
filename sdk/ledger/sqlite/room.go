package sqlite

// A write behind the end of a file changes its size, which a sync has to write too, with whatever else the file
// system has in its journal: it takes a third longer on an idle disk, and several times as long on a busy one. So
// the log gets room in advance, of zeros, which are no frames.
const (
	// roomAtLeast is how much is there before a transaction: about eight calls.
	roomAtLeast = 64 << 12
	// roomStep bounds what is added at once: as much as the log has already, up to this.
	roomStep = 1 << 20
)

// room sees to it that the log has room for what comes, for the writer within a transaction, so that nobody else
// writes. What cannot be had now, on a full disk, the transaction itself finds out.
func (l *log) room(f logFile) {
	now := l.head()
	if now == nil {
		return
	}
	end := walHead + int64(frames(now))*(frameHead+pageSize)
	info, err := f.Stat()
	if err != nil || info.Size() < walHead || info.Size()-end >= roomAtLeast {
		return // or SQLite has yet to begin it
	}
	_, _ = f.WriteAt(make([]byte, min(max(info.Size(), roomAtLeast), roomStep)), info.Size())
}
