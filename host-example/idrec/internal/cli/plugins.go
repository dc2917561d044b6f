package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/sdk/host"
)

func (a *app) plugins() *cobra.Command {
	c := &cobra.Command{
		Use: "plugins", Short: "List, describe, check and lock plugins", Args: noArgs, RunE: help, DisableFlagsInUseLine: true,
		Long: "Plugins are files named idrec-plugin-NAME beside idrec itself and in the folders of --plugin-dir; the working\nfolder is never looked in.",
	}
	c.AddCommand(a.pluginsList(), a.pluginsDescribe(), a.pluginsVerify(), a.pluginsLock(), a.pluginsConform())
	return c
}

func (a *app) pluginsList() *cobra.Command {
	p := &pluginFlags{}
	c := &cobra.Command{
		Use: "list", Short: "List the plugins that are found, with the SHA-256 of their files", Args: noArgs,
		RunE: do(func(context.Context, []string) error {
			if err := a.pluginSettings(p); err != nil {
				return err
			}
			found, err := host.List(p.folders())
			if err != nil {
				return err
			}
			if len(found) == 0 {
				return exit.Errorf(exit.Plugin, "no plugin found: put idrec-plugin-NAME beside idrec, or give its folder with --plugin-dir")
			}
			t := a.newTable("Name", "File", "SHA-256")
			for _, f := range found {
				sum, err := digestOf(f.Path)
				if err != nil {
					sum = a.text("(cannot be read)")
				}
				t.AppendRow(table.Row{f.Name, f.Path, sum})
			}
			return a.print(a.fit(t, 24, "File"))
		}),
	}
	p.place(c.Flags())
	return c
}

func (a *app) pluginsDescribe() *cobra.Command {
	p := &pluginFlags{}
	c := &cobra.Command{
		Use: "describe [NAME]", Short: "Start a plugin and print what it says of itself, as JSON", Args: atMostOneArg,
		RunE: do(func(ctx context.Context, args []string) error {
			if err := a.pluginSettings(p); err != nil {
				return err
			}
			if len(args) == 1 {
				p.plugin = args[0]
			}
			proc, about, err := a.start(ctx, p)
			if err != nil {
				return err
			}
			defer func() { _ = proc.Close() }()
			return a.printJSON(descriptionOf(about))
		}),
	}
	p.place(c.Flags())
	return c
}

// atMostOneArg never repeats what was given.
func atMostOneArg(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return exit.Errorf(exit.Usage, "%s takes one argument at most: see --help", c.CommandPath())
	}
	return nil
}

// pluginSettings brings in what the environment and the file say of where plugins are.
func (a *app) pluginSettings(p *pluginFlags) error {
	layers, err := a.layers()
	if err != nil {
		return err
	}
	_, err = layers.Apply(p.flags, pluginKeys())
	return err
}

// folders are the plugin folders as absolute paths.
func (p *pluginFlags) folders() []string {
	var out []string
	for _, d := range p.dirs {
		if abs, err := filepath.Abs(d); err == nil {
			out = append(out, abs)
		}
	}
	return out
}

// isPath: what holds a separator is a path and no name.
func isPath(plugin string) bool { return strings.ContainsAny(plugin, `/\`) }

// path is the plugin's file.
func (p *pluginFlags) path() (string, error) {
	if isPath(p.plugin) {
		return filepath.Abs(p.plugin)
	}
	return host.Find(p.plugin, p.folders())
}
