package idcard

import (
	"slices"
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/seed-6b91b535/idrec/shared"
)

const (
	// chunkTimeout is for a chunk at two pictures a second that waits behind others at the plugin's gate.
	chunkTimeout = 30 * time.Minute
	// heartbeatTimeout is how long a dead worker goes unnoticed.
	heartbeatTimeout = 30 * time.Second
	// shortTimeout is for activities that take seconds and give no sign of life: so long goes a task
	// unnoticed that was handed out when the engine's server or a worker died.
	shortTimeout = time.Minute
	// manifestLines are read at once: some 200 KB in the history.
	manifestLines = 500
	// maxHistory is when a part of the workflow hands over to the next, in events. The engine ends a
	// workflow at 51,200.
	maxHistory = 8000
)

// Batch is the sample workflow [WorkflowName]: any number of pictures, in chunks, as parts that continue
// as new before the history gets long. It ends with an error only where somebody must act for all
// pictures (a setting, credentials); failures of single ones are counted.
func Batch(ctx workflow.Context, in WorkflowInput) (WorkflowOutput, error) {
	b := &batch{in: in}
	if err := b.prepare(); err != nil {
		return WorkflowOutput{}, err
	}
	// Failures of a kind that another try may mend are tried for ever, with the delay that they name.
	retry := &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute}
	b.long = workflow.ActivityOptions{TaskQueue: in.Queue, StartToCloseTimeout: chunkTimeout, HeartbeatTimeout: heartbeatTimeout, RetryPolicy: retry}
	b.short = workflow.ActivityOptions{TaskQueue: in.Queue, StartToCloseTimeout: shortTimeout, RetryPolicy: retry}
	if err := b.run(ctx); err != nil {
		return WorkflowOutput{}, err
	}
	if b.more() {
		return WorkflowOutput{}, workflow.NewContinueAsNewError(ctx, WorkflowName, b.rest())
	}
	return b.carried.Output, nil
}

// batch is one part of the workflow.
type batch struct {
	in      WorkflowInput
	carried Carried
	// long is for batches, short for what takes seconds.
	long, short workflow.ActivityOptions
	// ahead are pictures that are known and not given to an activity yet.
	ahead []Picture
	ended bool // there are no pictures beyond ahead
}

func (b *batch) prepare() error {
	in := &b.in
	if in.Carried == nil && (len(in.Pictures) > 0) == (in.Manifest != nil) {
		return refused("give either pictures or a manifest")
	}
	if in.Chunk == 0 {
		in.Chunk = defaultChunk
	}
	if in.Parallel == 0 {
		in.Parallel = defaultParallel
	}
	if in.Chunk < 1 || in.Chunk > MaxBatch || in.Parallel < 1 || in.Parallel > 100 {
		return refused("chunk is 1 to 200, parallel is 1 to 100")
	}
	if in.Carried != nil {
		b.carried = *in.Carried
	} else {
		in.Pictures = slices.Clone(in.Pictures)
		for i := range in.Pictures {
			if in.Pictures[i].ID == "" {
				in.Pictures[i].ID = strconv.Itoa(i)
			}
		}
	}
	if o := &b.carried.Output; o.Outcomes == nil {
		o.Outcomes, o.Errors = map[shared.Outcome]int{}, map[shared.Code]int{}
	} else if o.Errors == nil {
		o.Errors = map[shared.Code]int{}
	}
	b.ahead, b.ended = in.Pictures, in.Manifest == nil || b.carried.Ended
	return nil
}

func refused(message string) error {
	return temporal.NewNonRetryableApplicationError(message, TypeInput, nil)
}

// run works until there are no more pictures, or the history is long enough.
func (b *batch) run(ctx workflow.Context) error {
	turns := workflow.NewSemaphore(ctx, int64(b.in.Parallel))
	group := workflow.NewWaitGroup(ctx)
	var first error
	for first == nil && !b.full(ctx) {
		chunk, err := b.chunk(ctx)
		if err != nil {
			first = err
			break
		}
		if len(chunk) == 0 {
			break
		}
		if err := turns.Acquire(ctx, 1); err != nil {
			first = err
			break
		}
		number := b.carried.Chunks
		b.carried.Chunks++
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			defer turns.Release(1)
			if err := b.one(ctx, number, chunk); err != nil && first == nil {
				first = err
			}
		})
	}
	group.Wait(ctx)
	return first
}

// full reports whether the rest should be left to the next part.
func (b *batch) full(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetContinueAsNewSuggested() || info.GetCurrentHistoryLength() > maxHistory
}

// chunk takes the next pictures.
func (b *batch) chunk(ctx workflow.Context) ([]Picture, error) {
	ctx = workflow.WithActivityOptions(ctx, b.short)
	for len(b.ahead) < b.in.Chunk && !b.ended {
		var out ManifestOutput
		in := ManifestInput{Manifest: *b.in.Manifest, From: b.carried.Lines, Limit: manifestLines}
		if err := workflow.ExecuteActivity(ctx, ManifestName, in).Get(ctx, &out); err != nil {
			return nil, err
		}
		b.ahead, b.ended = append(b.ahead, out.Pictures...), !out.More
		b.carried.Lines += manifestLines
	}
	n := min(b.in.Chunk, len(b.ahead))
	chunk := b.ahead[:n:n]
	b.ahead = b.ahead[n:]
	return chunk, nil
}

// one has a chunk recognised, delivers its records and counts them.
func (b *batch) one(ctx workflow.Context, number int, chunk []Picture) error {
	var out BatchOutput
	long := workflow.WithActivityOptions(ctx, b.long)
	if err := workflow.ExecuteActivity(long, BatchName, BatchInput{Pictures: chunk, Wanted: b.in.Wanted}).Get(long, &out); err != nil {
		return err
	}
	if d := b.in.Deliver; d != nil {
		o := b.short
		if o.TaskQueue = d.Queue; d.Queue == "" {
			o.TaskQueue = workflow.GetInfo(ctx).TaskQueueName
		}
		ctx = workflow.WithActivityOptions(ctx, o)
		if err := workflow.ExecuteActivity(ctx, d.Name, Delivery{Chunk: number, Records: out.Records}).Get(ctx, nil); err != nil {
			return err
		}
	}
	b.count(out.Records)
	return nil
}

func (b *batch) count(records []shared.Record) {
	o := &b.carried.Output
	o.Pictures += len(records)
	for _, r := range records {
		if r.Error != nil {
			o.Errors[r.Error.Code]++
			o.Outcomes[r.Error.Outcome]++
			if len(o.Failed) < maxFailed {
				o.Failed = append(o.Failed, r)
			}
			continue
		}
		o.Results++
		o.Outcomes[r.Outcome]++
		if r.Usable != nil && *r.Usable {
			o.Usable++
		}
		if r.PriceYuan != nil {
			o.Spent += *r.PriceYuan
		}
	}
}

func (b *batch) more() bool { return len(b.ahead) > 0 || !b.ended }

// rest is the input of the next part.
func (b *batch) rest() WorkflowInput {
	in := b.in
	b.carried.Ended = b.ended
	in.Carried, in.Pictures = &b.carried, b.ahead
	return in
}
