package host

import (
	"time"
)

// Status is what a host knows of its plugin without asking it: the first kind of health, that of the
// process. The second, whether the plugin's upstream can be reached, is what [Plugin.Check] asks for.
type Status struct {
	// Up: there is a process, and it is of use.
	Up bool
	// Version is what the last process said of itself, and PID its number.
	Version string
	PID     int
	// Since is when the last process was started.
	Since time.Time
	// Ends counts the processes that ended by themselves and the starts that failed, since the last
	// quiet period.
	Ends int
	// NextStart is when the next start may be tried; zero: at once.
	NextStart time.Time
	// Calls are being worked on, and Waiting wait for their turn.
	Calls, Waiting int
}

// Status tells how the process is. It asks nobody and returns at once.
func (p *Plugin) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Status{
		Up: !p.now.gone(), Version: p.now.desc.Version, PID: p.now.proc.PID(), Since: p.now.started,
		Ends: p.pace.ends, Calls: len(p.queue.turns), Waiting: int(p.queue.waiting.Load()),
	}
	if now := time.Now(); p.pace.wait(now) > 0 {
		s.NextStart = p.pace.until
	}
	return s
}
