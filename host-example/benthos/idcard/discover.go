package idcard

import (
	"context"
	"fmt"

	"github.com/seed-6b91b535/idrec/sdk/host"
	"github.com/seed-6b91b535/idrec/shared"
)

// Found are the plugins that can be used, and where they were looked for.
type Found struct {
	Dirs    []string
	Plugins []*shared.Description
}

// Discover asks every plugin beside the program and in dirs what it is. One that does not answer is
// left out and reported, and so is it if there is none: the program must come up to say the rest.
func Discover(ctx context.Context, dirs []string, report func(problem string)) Found {
	found := Found{Dirs: dirs}
	files, err := host.List(dirs)
	if err != nil {
		report(err.Error())
	}
	for _, f := range files {
		d, err := describe(ctx, host.Options{Name: f.Name, Dirs: dirs})
		if err != nil {
			report(fmt.Sprintf("the plugin %s is left out: %s", f.Name, err))
			continue
		}
		found.Plugins = append(found.Plugins, d)
	}
	if len(found.Plugins) == 0 {
		report("no plugin was found: put idrec-plugin-NAME beside this program, or its folder into IDREC_PLUGIN_DIR")
	}
	return found
}

func describe(ctx context.Context, o host.Options) (*shared.Description, error) {
	p, err := host.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	d, err := p.Describe(ctx)
	if stop := p.Close(context.WithoutCancel(ctx)); err == nil && stop != nil {
		return nil, stop
	}
	return d, err
}
