package cli

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/shared"
)

// inspect starts the plugin to hear what it says of itself, ends it, and finds its settings, without
// giving it any: nothing can be sent, and no secret is read. Settings that are missing are not missed. Of
// two plugins it is the paid one that counts.
func (a *app) inspect(ctx context.Context, p *pluginFlags, l settings.Layers, more map[string]string) (*opened, error) {
	each, err := p.each()
	if err != nil {
		return nil, err
	}
	fields, err := p.fields()
	if err != nil {
		return nil, err
	}
	var o *opened
	for _, one := range each {
		proc, about, err := a.start(ctx, one)
		if err != nil {
			return nil, err
		}
		_ = proc.Close()
		o = &opened{about: about}
	}
	if len(each) > 1 {
		maps.DeleteFunc(fields, func(name, _ string) bool { return !settings.Known(o.about, name) })
	}
	maps.Copy(fields, more)
	maps.DeleteFunc(fields, func(name, _ string) bool { return more[name] != "" && !settings.Known(o.about, name) })
	l.Flags = fields
	o.settings, err = l.Resolve(o.about)
	var missing *exit.Error
	if errors.As(err, &missing) && missing.Code == exit.Config {
		err = nil
	}
	return o, err
}

// value is a setting as it stands, or its default.
func (o *opened) value(name string) string {
	if v := o.settings.Values[name]; v != "" {
		return v
	}
	i := slices.IndexFunc(o.about.Fields, func(f shared.ConfigField) bool { return f.Name == name })
	if i < 0 {
		return ""
	}
	return o.about.Fields[i].Default
}

// price is what a call costs at most: what the user entered, else the vendor's highest; 0 where calls cost
// nothing, or nobody says what.
func (o *opened) price() (most shared.Money) {
	if !o.about.Paid {
		return 0
	}
	if m, err := shared.ParseMoney(o.value("price_per_call")); err == nil {
		return m
	}
	for _, p := range o.about.Prices {
		most = max(most, p.PerCall)
	}
	return most
}

// rate is how many calls a second are made at most; 0 where there is no such limit.
func (o *opened) rate() float64 {
	if r, err := strconv.ParseFloat(o.value("rate"), 64); err == nil && r > 0 {
		if math.IsInf(r, 1) {
			return 0
		}
		return r
	}
	return o.about.Limits.CallsPerSecond
}
