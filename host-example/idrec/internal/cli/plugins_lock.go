package cli

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/sdk/host"
)

func (a *app) pluginsLock() *cobra.Command {
	p := &pluginFlags{}
	c := &cobra.Command{
		Use: "lock [NAME…]", Short: "Write down which plugins may run: name, version, protocol and SHA-256",
		Long: `Start the plugins named, or all that are found, and write their name, version, protocol and the SHA-256 of
their files into the lock file ("idrec.lock" in the working folder unless --lock says otherwise). What stands
in it for other plugins and other systems stays. With --lock, idrec runs nothing else; keep the file with your
configuration.`,
		Example: "  idrec plugins lock\n  idrec plugins lock wapi --lock /etc/idrec/idrec.lock",
		RunE: do(func(ctx context.Context, args []string) error {
			if err := a.pluginSettings(p); err != nil {
				return err
			}
			file := p.lockFile()
			lock, err := host.ReadLock(file)
			if errors.Is(err, fs.ErrNotExist) {
				lock, err = &host.Lock{}, nil
			}
			if err != nil {
				return err
			}
			names, err := p.names(args)
			if err != nil {
				return err
			}
			var out strings.Builder
			for _, name := range names {
				one := *p
				one.plugin = name
				o, err := a.options(&one)
				if err != nil {
					return err
				}
				e, err := host.Inspect(ctx, o)
				if err != nil {
					return err
				}
				lock.Put(e)
				out.WriteString(a.format("%s %s, protocol %d, sha256 %s", e.Name, e.Version, e.Protocol, e.SHA256) + "\n")
			}
			if err := lock.Write(file); err != nil {
				return err
			}
			return a.print(out.String())
		}),
	}
	p.place(c.Flags())
	return c
}

// lockFile is the file to write or to check.
func (p *pluginFlags) lockFile() string {
	if p.lock != "" {
		return p.lock
	}
	return host.LockName
}

// names are the plugins named, or else all that are found.
func (p *pluginFlags) names(args []string) ([]string, error) {
	if len(args) > 0 {
		return args, nil
	}
	found, err := host.List(p.folders())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, exit.Errorf(exit.Plugin, "no plugin found: put idrec-plugin-NAME beside idrec, or give its folder with --plugin-dir")
	}
	var names []string
	for _, f := range found {
		names = append(names, f.Name)
	}
	return names, nil
}

func (a *app) pluginsVerify() *cobra.Command {
	p := &pluginFlags{}
	c := &cobra.Command{
		Use: "verify [NAME…]", Short: "Check plugins: their files' SHA-256, that they may be run, and that they start",
		Long: `Check that a plugin's file is the one in the lock file (--lock) or has the SHA-256 given (--sha256), that it is
safe to run, and that it starts and speaks this protocol. With --lock and without a name, all that the lock file
has for this system are checked. Exit 69 if one is not right.`,
		RunE: do(func(ctx context.Context, args []string) error {
			if err := a.pluginSettings(p); err != nil {
				return err
			}
			names := args
			if len(args) == 0 {
				names = []string{p.plugin}
			}
			if p.lock != "" && len(args) == 0 {
				lock, err := host.ReadLock(p.lock)
				if err != nil {
					return err
				}
				if names = lockedHere(lock); len(names) == 0 {
					return exit.Errorf(exit.Plugin, "the lock file has no plugin for this system: write them down with idrec plugins lock")
				}
			}
			for _, name := range names {
				one := *p
				one.plugin = name
				if err := a.verify(ctx, &one); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	p.place(c.Flags())
	return c
}

func lockedHere(l *host.Lock) (names []string) {
	for _, e := range l.Plugins {
		if e.Platform == runtime.GOOS+"/"+runtime.GOARCH {
			names = append(names, e.Name)
		}
	}
	return names
}

func (a *app) verify(ctx context.Context, p *pluginFlags) error {
	path, err := p.path()
	if err != nil {
		return err
	}
	sum, err := digestOf(path)
	if err != nil {
		return exit.Errorf(exit.Plugin, "the plugin's file cannot be read: check its permissions")
	}
	if p.sha256 != "" && strings.ToLower(p.sha256) != sum {
		return exit.Errorf(exit.Plugin, "the plugin's file has the SHA-256 %s, not the one given: do not run it unless you know why", sum)
	}
	proc, about, err := a.start(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = proc.Close() }()
	pinned := messages.Word("not compared: give --sha256 or --lock")
	switch {
	case p.lock != "":
		pinned = "as locked"
	case p.sha256 != "":
		pinned = "as given"
	}
	if err := a.say("%s %s starts and speaks this protocol", about.Name, about.Version); err != nil {
		return err
	}
	return a.say("sha256 %s (%s)", sum, pinned)
}
