package convert

import (
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// DescriptionTo returns nil for nil.
func DescriptionTo(d *shared.Description) *recognizerpb.Description {
	if d == nil {
		return nil
	}
	p := &recognizerpb.Description{
		Name:           text(d.Name),
		Version:        text(d.Version),
		Title:          text(d.Title),
		Product:        text(d.Product),
		Remote:         d.Remote,
		Paid:           d.Paid,
		Faces:          textsTo(d.Faces),
		Layers:         textsTo(d.Layers),
		Options:        textsTo(d.Options),
		AnswerChanging: textsTo(d.AnswerChanging),
		Limits: &recognizerpb.Limits{
			MaxImageBytes:   d.Limits.MaxImageBytes,
			MaxEncodedBytes: d.Limits.MaxEncodedBytes,
			MinSide:         int64(d.Limits.MinSide),
			MaxSide:         int64(d.Limits.MaxSide),
			MaxPixels:       d.Limits.MaxPixels,
			Formats:         textsTo(d.Limits.Formats),
			MaxUrlBytes:     int64(d.Limits.MaxURLBytes),
			CallsPerSecond:  d.Limits.CallsPerSecond,
			Concurrency:     int64(d.Limits.Concurrency),
		},
	}
	for _, x := range d.Prices {
		p.Prices = append(p.Prices, &recognizerpb.Price{Calls: x.Calls, PerCallMilliyuan: int64(x.PerCall)})
	}
	for _, f := range d.Fields {
		p.Fields = append(p.Fields, &recognizerpb.ConfigField{Name: text(f.Name), Type: text(f.Type), Default: text(f.Default),
			Required: f.Required, Secret: f.Secret, Enum: textsTo(f.Enum), Help: text(f.Help)})
	}
	return p
}

// DescriptionFrom returns nil for nil.
func DescriptionFrom(p *recognizerpb.Description) *shared.Description {
	if p == nil {
		return nil
	}
	l := p.GetLimits()
	d := &shared.Description{
		Name:           p.GetName(),
		Version:        p.GetVersion(),
		Title:          p.GetTitle(),
		Product:        p.GetProduct(),
		Remote:         p.GetRemote(),
		Paid:           p.GetPaid(),
		Faces:          textsFrom[shared.Face](p.GetFaces()),
		Layers:         textsFrom[shared.Layer](p.GetLayers()),
		Options:        textsFrom[string](p.GetOptions()),
		AnswerChanging: textsFrom[string](p.GetAnswerChanging()),
		Limits: shared.Limits{
			MaxImageBytes:   l.GetMaxImageBytes(),
			MaxEncodedBytes: l.GetMaxEncodedBytes(),
			MinSide:         int(l.GetMinSide()),
			MaxSide:         int(l.GetMaxSide()),
			MaxPixels:       l.GetMaxPixels(),
			Formats:         textsFrom[string](l.GetFormats()),
			MaxURLBytes:     int(l.GetMaxUrlBytes()),
			CallsPerSecond:  finite(l.GetCallsPerSecond()),
			Concurrency:     int(l.GetConcurrency()),
		},
	}
	for _, x := range p.GetPrices() {
		d.Prices = append(d.Prices, shared.Price{Calls: x.GetCalls(), PerCall: shared.Money(x.GetPerCallMilliyuan())})
	}
	for _, f := range p.GetFields() {
		d.Fields = append(d.Fields, shared.ConfigField{Name: f.GetName(), Type: shared.FieldType(f.GetType()), Default: f.GetDefault(),
			Required: f.GetRequired(), Secret: f.GetSecret(), Enum: textsFrom[string](f.GetEnum()), Help: f.GetHelp()})
	}
	return d
}
