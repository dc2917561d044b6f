package postgres

import "sync"

// unsettled are the calls that this process began and that have not ended. One that is not on record any
// more when it ends was deleted as one in doubt, while this process had no session, and the books have it.
type unsettled struct {
	mu    sync.Mutex
	calls map[string]struct{} // by CallID
}

func (u *unsettled) add(callID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.calls == nil {
		u.calls = map[string]struct{}{}
	}
	u.calls[callID] = struct{}{}
}

func (u *unsettled) has(callID string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.calls[callID]
	return ok
}

func (u *unsettled) remove(callID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.calls, callID)
}
