package shared

import "slices"

// Description is what a recognizer says of itself. It holds no secret and nothing personal, and needs
// no configuration to be asked for.
type Description struct {
	Name    string // short and stable, in lower case: "wapi"; the plugin binary is idrec-plugin-NAME
	Version string // of the program
	Title   string // for people
	Product string // which of the vendor's products; part of the request key
	// Remote: the picture leaves the machine.
	Remote bool
	// Paid: a call can cost money; then the provider calls [BeforeSend].
	Paid   bool
	Faces  []Face
	Layers []Layer // the concerns already inside; a host must not add them again
	Limits Limits
	Prices []Price
	// Options are the names in [Request.Options] that the provider knows; AnswerChanging are those
	// among them that can change the answer, and so are part of the request key.
	Options        []string
	AnswerChanging []string
	// Fields are what [Configurer.Configure] takes.
	Fields []ConfigField
}

// HasFace reports whether the face is offered.
func (d *Description) HasFace(f Face) bool {
	return slices.Contains(d.Faces, f)
}

// HasLayer reports whether the layer is inside already.
func (d *Description) HasLayer(l Layer) bool {
	return slices.Contains(d.Layers, l)
}

// Layer is the name of a concern around a provider.
type Layer string

// The layers, outermost first.
const (
	LayerVerify  Layer = "verify"
	LayerSource  Layer = "source" // a path is read, a URL fetched
	LayerRecall  Layer = "recall"
	LayerShare   Layer = "share"
	LayerPrepare Layer = "prepare"
	LayerPause   Layer = "pause"
	LayerGate    Layer = "gate"
)

// Limits are what a provider takes. A zero is no limit.
type Limits struct {
	MaxImageBytes   int64    // of the encoded picture, as a file
	MaxEncodedBytes int64    // of the picture as it is sent, base64 and percent-encoding included
	MinSide         int      // pixels, shortest side
	MaxSide         int      // pixels, longest side
	MaxPixels       int64    // width × height
	Formats         []string // jpeg, png, bmp, gif, webp, tiff; empty: all that can be decoded
	MaxURLBytes     int      // of a picture's address that is handed to the vendor
	CallsPerSecond  float64  // the default rate
	Concurrency     int      // the default number of calls at once
}

// Price is one package that the vendor sells: so many calls at so much each.
type Price struct {
	Calls   int64
	PerCall Money
}

// FieldType is the type of a configuration field.
type FieldType string

// The types. Values are always given as text.
const (
	TypeString   FieldType = "string"
	TypeInt      FieldType = "int"
	TypeFloat    FieldType = "float"
	TypeBool     FieldType = "bool"     // true or false
	TypeDuration FieldType = "duration" // as Go writes it: 1m30s
	TypeEnum     FieldType = "enum"     // one of Enum
	TypeMoney    FieldType = "money"    // yuan, as [ParseMoney] reads it
	TypePath     FieldType = "path"
	TypeURL      FieldType = "url"
)

// ConfigField is one setting that a recognizer takes. Hosts build forms, environment names and
// configuration files from it.
type ConfigField struct {
	Name     string // lower_snake_case
	Type     FieldType
	Default  string
	Required bool
	// Secret: hosts never show, log or store the value, and take it by file, environment or command,
	// never on a command line.
	Secret bool
	// Enum lists the values of a [TypeEnum]; of a [TypePath], words that are taken besides paths. A path
	// with :// in it is an address, and no path of the host's machine.
	Enum []string
	Help string // one line, with the unit
}
