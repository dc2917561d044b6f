package cli

import "github.com/seed-6b91b535/idrec/shared"

// description is a plugin's description as JSON.
type description struct {
	Name          string           `json:"name"`
	Version       string           `json:"version"`
	Title         string           `json:"title"`
	Product       string           `json:"product"`
	Remote        bool             `json:"remote"`
	Paid          bool             `json:"paid"`
	Faces         []shared.Face    `json:"faces"`
	Layers        []shared.Layer   `json:"layers"`
	Limits        limits           `json:"limits"`
	Prices        []price          `json:"prices,omitempty"`
	Options       []string         `json:"options,omitempty"`
	AnswerChanges []string         `json:"answer_changing,omitempty"`
	Fields        []describedField `json:"fields"`
}

type limits struct {
	MaxImageBytes   int64    `json:"max_image_bytes,omitempty"`
	MaxEncodedBytes int64    `json:"max_encoded_bytes,omitempty"`
	MinSide         int      `json:"min_side,omitempty"`
	MaxSide         int      `json:"max_side,omitempty"`
	MaxPixels       int64    `json:"max_pixels,omitempty"`
	Formats         []string `json:"formats,omitempty"`
	MaxURLBytes     int      `json:"max_url_bytes,omitempty"`
	CallsPerSecond  float64  `json:"calls_per_second,omitempty"`
	Concurrency     int      `json:"concurrency,omitempty"`
}

type price struct {
	Calls   int64        `json:"calls"`
	PerCall shared.Money `json:"per_call_yuan"`
}

type describedField struct {
	Name     string           `json:"name"`
	Type     shared.FieldType `json:"type"`
	Default  string           `json:"default,omitempty"`
	Required bool             `json:"required,omitempty"`
	Secret   bool             `json:"secret,omitempty"`
	Enum     []string         `json:"enum,omitempty"`
	Help     string           `json:"help"`
}

func descriptionOf(d *shared.Description) description {
	out := description{
		Name: d.Name, Version: d.Version, Title: d.Title, Product: d.Product, Remote: d.Remote, Paid: d.Paid, Faces: d.Faces,
		Layers: d.Layers, Limits: limits(d.Limits), Options: d.Options, AnswerChanges: d.AnswerChanging,
	}
	for _, p := range d.Prices {
		out.Prices = append(out.Prices, price(p))
	}
	for _, f := range d.Fields {
		out.Fields = append(out.Fields, describedField(f))
	}
	return out
}
