package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// LockName is what a lock file is called.
const LockName = "idrec.lock"

// lockFormat is the version of the file's own form.
const lockFormat = 1

// maxLock is far above a file with every plugin there is; a larger one is another file.
const maxLock = 1 << 20

// Lock says which plugins may run: it stands in version control beside a host's configuration, so that
// a plugin that was exchanged, on the way or on the disk, is refused before it is run. [Options.Lock]
// names the file; commands of the host idrec write and check it.
type Lock struct {
	Plugins []Locked
}

// Locked is one plugin for one system.
type Locked struct {
	Name     string `json:"name"`     // the provider's
	Version  string `json:"version"`  // of the plugin
	Protocol int    `json:"protocol"` // that host and plugin agree on
	Platform string `json:"platform"` // GOOS/GOARCH of the host that locked it
	SHA256   string `json:"sha256"`   // hex, of the plugin's file
}

// lockFile is the file: JSON, so that tools of every language read it.
type lockFile struct {
	Format  int      `json:"format"`
	Plugins []Locked `json:"plugins"`
}

// ReadLock reads a lock file. The errors are [shared.CodeConfigurationInvalid].
func ReadLock(path string) (*Lock, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, badLock("there is no lock file at its path: write one with idrec plugins lock", err)
		}
		return nil, badLock("the lock file cannot be opened: check its permissions", err)
	}
	defer func() { _ = f.Close() }()
	i, err := f.Stat()
	if err != nil || !i.Mode().IsRegular() || i.Size() > maxLock {
		return nil, badLock("the lock file is no lock file: it is too large, or no regular file", err)
	}
	text := make([]byte, i.Size())
	if _, err := f.ReadAt(text, 0); err != nil {
		return nil, badLock("the lock file cannot be read", err)
	}
	return parseLock(text)
}

func parseLock(text []byte) (*Lock, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields() // one that is misspelt would not be checked
	var in lockFile
	if err := d.Decode(&in); err != nil || d.More() {
		return nil, badLock("the lock file is damaged: write it anew with idrec plugins lock", err)
	}
	if in.Format != lockFormat {
		return nil, badLock("the lock file has a form that this version does not know: update the host", nil)
	}
	seen := map[[2]string]bool{}
	for i, p := range in.Plugins {
		in.Plugins[i].SHA256 = strings.ToLower(p.SHA256)
		if !pluginName.MatchString(p.Name) || !isDigest(p.SHA256) || p.Protocol <= 0 || p.Platform == "" {
			return nil, badLock("an entry of the lock file lacks its name, protocol, platform or SHA-256: write it anew with idrec plugins lock", nil)
		}
		at := [2]string{p.Name, p.Platform}
		if seen[at] {
			return nil, badLock("a plugin stands twice in the lock file for one platform: remove one of the two", nil)
		}
		seen[at] = true
	}
	return &Lock{in.Plugins}, nil
}

// Write writes the lock file, whole or not at all. Its entries are ordered, so that a change shows as
// what it is in version control.
func (l *Lock) Write(path string) error {
	out := lockFile{Format: lockFormat, Plugins: slices.Clone(l.Plugins)}
	slices.SortFunc(out.Plugins, func(a, b Locked) int {
		return strings.Compare(a.Name+"\x00"+a.Platform, b.Name+"\x00"+b.Platform)
	})
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return badLock("the lock file cannot be written", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), LockName+".*")
	if err != nil {
		return badLock("the lock file cannot be written: check that its folder exists and may be written to", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone after the renaming
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()) // it is for everybody to read
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return badLock("the lock file cannot be written: check the disk and the permissions of its folder", err)
	}
	return nil
}

// Put adds an entry, or changes the one of the same plugin and platform.
func (l *Lock) Put(e Locked) {
	if i := l.index(e.Name, e.Platform); i >= 0 {
		l.Plugins[i] = e
		return
	}
	l.Plugins = append(l.Plugins, e)
}

// Entry returns what is locked for the plugin on this system.
func (l *Lock) Entry(name string) (e Locked, ok bool) {
	if i := l.index(name, platform); i >= 0 {
		return l.Plugins[i], true
	}
	return Locked{}, false
}

func (l *Lock) index(name, platform string) int {
	return slices.IndexFunc(l.Plugins, func(e Locked) bool { return e.Name == name && e.Platform == platform })
}

const platform = runtime.GOOS + "/" + runtime.GOARCH

// Locked is the entry that would lock the plugin as it runs.
func (p *Plugin) Locked() (Locked, error) {
	sum, err := p.SHA256()
	if err != nil {
		return Locked{}, err
	}
	i := p.instance()
	return Locked{Name: i.desc.Name, Version: i.desc.Version, Protocol: i.client.NegotiatedVersion(), Platform: platform, SHA256: sum}, nil
}

// Inspect starts the plugin, which is not looked up in a lock file, and returns the entry that would
// lock it.
func Inspect(ctx context.Context, o Options) (Locked, error) {
	o.Lock = ""
	p, err := Open(ctx, o)
	if err != nil {
		return Locked{}, err
	}
	defer func() { _ = p.Close(ctx) }()
	return p.Locked()
}

// pinByLock finds the file in the lock file: by the plugin's name where the options name it, else by
// its digest. From then on the digest is pinned.
func (b *binary) pinByLock(o Options) (*Locked, error) {
	l, err := ReadLock(o.Lock)
	if err != nil {
		return nil, err
	}
	sum, err := b.sha256()
	if err != nil {
		return nil, fault(shared.CodePluginRefused, "the plugin's file cannot be read to the end", err)
	}
	var e Locked
	if o.Path == "" {
		var known bool
		if e, known = l.Entry(o.Name); !known {
			return nil, notLocked
		}
	} else if i := slices.IndexFunc(l.Plugins, func(e Locked) bool { return e.SHA256 == sum && e.Platform == platform }); i >= 0 {
		e = l.Plugins[i]
	} else {
		return nil, notLocked
	}
	if e.SHA256 != sum {
		return nil, fault(shared.CodePluginRefused, "the plugin's file is not the one in the lock file: install the locked version, or lock this one with idrec plugins lock if you trust it", nil)
	}
	b.pin = sum
	return &e, nil
}

var notLocked = fault(shared.CodePluginRefused, "the plugin does not stand in the lock file for this system: lock it with idrec plugins lock if you trust it", nil)

// agrees checks what a file alone does not tell.
func (e *Locked) agrees(i *instance) error {
	if e == nil || e.Name == i.desc.Name && e.Version == i.desc.Version && e.Protocol == i.client.NegotiatedVersion() {
		return nil
	}
	return fault(shared.CodePluginRefused, "the plugin's name, version or protocol is not the one in the lock file: lock it anew with idrec plugins lock", nil)
}

func badLock(msg string, cause error) error {
	return fault(shared.CodeConfigurationInvalid, msg, cause)
}
