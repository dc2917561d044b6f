package idcard

import (
	"fmt"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

// The names under which workflows of any language call the activities, and starters the workflow.
const (
	RecognizeName = "idcard.recognize.v1"
	BatchName     = "idcard.recognize_batch.v1"
	ManifestName  = "idcard.manifest.v1"
	WorkflowName  = "idcard.batch.v1"
)

// The types of the application errors: one for each class of failure, one for a worker that is about
// to end and has handed back the rest of its batch, and one for a worker that is older than the workflow.
const (
	TypeInput         = "idcard.input"
	TypeConfiguration = "idcard.configuration"
	TypePaused        = "idcard.paused"
	TypeTransient     = "idcard.transient"
	TypeUnclear       = "idcard.unclear"
	TypeInternal      = "idcard.internal"
	TypeStopping      = "idcard.stopping"
	TypeOutdated      = "idcard.outdated"
)

// The forms of results.
const (
	ResultReference = "reference" // how it fared, and the request key; nothing that was read
	ResultRecord    = "record"    // everything that was read, too
)

// Picture is a reference to a picture.
type Picture struct {
	// ID is the caller's name of the item and the source of its record; it stands in the history, so it
	// must name nobody. Empty: its number in the batch.
	ID string `json:"id,omitempty"`
	// URI is where it lies: file://, https://, s3://, or alias:// (package fetch).
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"` // hex
	Size   int64  `json:"size,omitempty"`
	Side   string `json:"side,omitempty"` // portrait, emblem or nothing

	Case    string `json:"case,omitempty"`    // ties the pictures of one person together
	Subject string `json:"subject,omitempty"` // whose document it is; kept as a keyed digest only
}

// Format writes the id only, whatever the verb: the address and the subject are personal.
func (p Picture) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "picture(%.64q)", p.ID) }

func (p Picture) reference() fetch.Reference {
	return fetch.Reference{URI: p.URI, SHA256: p.SHA256, Size: p.Size}
}

// Wanted is what is wanted of pictures.
type Wanted struct {
	Fields  []shared.FieldName `json:"fields,omitempty"`  // card fields to return; empty is all
	Purpose string             `json:"purpose,omitempty"` // why they are read, for the audit
	Results string             `json:"results,omitempty"` // [ResultReference], the default, or [ResultRecord]
	Budget  *Budget            `json:"budget,omitempty"`
}

// Budget bounds what may be spent in the name of a run, over all its pictures.
type Budget struct {
	Run   string       `json:"run"`
	Yuan  shared.Money `json:"yuan,omitempty"`
	Calls int64        `json:"calls,omitempty"`
}

// RecognizeInput is the input of [RecognizeName], whose output is a [shared.Record].
type RecognizeInput struct {
	Picture
	Wanted
}

// BatchInput is the input of [BatchName].
type BatchInput struct {
	Pictures []Picture `json:"pictures"`
	Wanted
}

// BatchOutput has the records of a batch in the order of its pictures, those of failures among them:
// what failed for good, or may be billed. What may go through later is tried again by the engine.
type BatchOutput struct {
	Records []shared.Record `json:"records"`
}

// ManifestInput is the input of [ManifestName]: lines of a file of at most 32 MiB, some 100,000 pictures,
// in which each is a [Picture] as JSON.
type ManifestInput struct {
	Manifest Picture `json:"manifest"`
	From     int     `json:"from"`  // lines to skip
	Limit    int     `json:"limit"` // lines to return
}

// ManifestOutput has the next pictures of a manifest.
type ManifestOutput struct {
	Pictures []Picture `json:"pictures"`
	More     bool      `json:"more"` // there are more lines
}

// WorkflowInput is the input of [WorkflowName], which reads any number of pictures. Either Pictures or
// Manifest is given; an input takes about 4,000 pictures (2 MiB).
type WorkflowInput struct {
	Pictures []Picture `json:"pictures,omitempty"`
	Manifest *Picture  `json:"manifest,omitempty"`
	Wanted

	// Chunk is how many pictures an activity gets, 20 by default, and Parallel how many activities wait
	// or work at once, 4 by default.
	Chunk    int `json:"chunk,omitempty"`
	Parallel int `json:"parallel,omitempty"`
	// Queue is the task queue of the activities: one for each vendor account. Empty: the workflow's own.
	Queue string `json:"queue,omitempty"`
	// Deliver names an activity of yours that gets every chunk's records, as [Delivery]; it must bear
	// getting a chunk again. Without it the records stand in the history only.
	Deliver *Activity `json:"deliver,omitempty"`

	// Carried is what earlier parts of this workflow did; starters leave it out.
	Carried *Carried `json:"carried,omitempty"`
}

// Activity names an activity.
type Activity struct {
	Name  string `json:"name"`
	Queue string `json:"queue,omitempty"` // empty: the workflow's own
}

// Delivery is what the activity of [WorkflowInput.Deliver] gets.
type Delivery struct {
	Chunk   int             `json:"chunk"` // counted from 0, over the whole run
	Records []shared.Record `json:"records"`
}

// Carried goes from one part of a long workflow to the next.
type Carried struct {
	Lines  int            `json:"lines,omitempty"` // of the manifest, that were read
	Ended  bool           `json:"ended,omitempty"` // it has no more
	Chunks int            `json:"chunks"`          // that were given to activities
	Output WorkflowOutput `json:"output"`
}

// WorkflowOutput says how a run went.
type WorkflowOutput struct {
	Pictures int                    `json:"pictures"`
	Results  int                    `json:"results"`
	Usable   int                    `json:"usable"`
	Outcomes map[shared.Outcome]int `json:"outcomes"`
	Errors   map[shared.Code]int    `json:"errors,omitempty"`
	Spent    shared.Money           `json:"spent_yuan"`
	// Failed has the records of the first failures, at most 200.
	Failed []shared.Record `json:"failed,omitempty"`
}

// maxFailed keeps the output far below the 2 MiB that a payload may have.
const maxFailed = 200

// The defaults of the workflow and the bounds of the activities.
const (
	defaultChunk    = 20
	defaultParallel = 4
	// MaxBatch is how many pictures an activity takes: its records must fit a payload of 2 MiB.
	MaxBatch = 200
)

// Options are those of the activities. The zero value is every default.
type Options struct {
	// AllowRecords says that what was read may go into the history: because it is encrypted, or because
	// the user decided so.
	AllowRecords bool
	// Parallel is how many pictures of a batch are worked on at once; zero is 8. The plugin's own rate
	// and concurrency hold besides.
	Parallel int
	// PausedDelay is when an activity whose account is paused is tried again, unless the plugin says
	// so; zero is a minute.
	PausedDelay time.Duration
	// Timeout is the time for one picture once it is fetched; zero is three minutes.
	Timeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.PausedDelay <= 0 {
		o.PausedDelay = time.Minute
	}
	if o.Timeout <= 0 {
		o.Timeout = 3 * time.Minute
	}
	return o
}
