package host

import "github.com/seed-6b91b535/idrec/shared"

// Kept is what the next process of p would be configured with.
func Kept(p *Plugin) shared.Configuration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return *p.conf
}

// Forgive forgets that p ended.
func Forgive(p *Plugin) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = restarts{}
}
