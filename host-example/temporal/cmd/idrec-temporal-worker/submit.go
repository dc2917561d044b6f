package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/seed-6b91b535/idrec/host-example/internal/pictures"
	"github.com/seed-6b91b535/idrec/host-example/temporal/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// errNoInput says that there is nothing to do, which is more often a wrong folder than a success.
var errNoInput = errors.New("there is no picture in the folder: check its name")

// deliverName is the activity that brings records to the starter, followed by the number of the part.
const deliverName = "idcard.submit.deliver."

// maxInput is how much of a list one workflow gets, in bytes: the engine refuses an input of 2 MiB, and
// encryption adds a little.
const maxInput = 1 << 20

// submit starts the workflow for the pictures of a folder, which the workers must be allowed to read
// under the same path, and writes the records as their chunks are done. A list that is too long for one
// workflow is given to several, one after the other.
func submit(ctx context.Context, log *slog.Logger, folder string) (err error) {
	c, err := configure(os.LookupEnv)
	if err != nil {
		return err
	}
	if !c.hidden() { // the references would hold file names
		return errReadable
	}
	list, names, err := references(folder)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errNoInput
	}
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	conn, err := c.dial(log, client.MetricsNopHandler)
	if err != nil {
		return err
	}
	defer conn.Close()
	to := io.Writer(os.Stdout)
	if c.out != "" {
		f, err := os.OpenFile(c.out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) // records are personal
		if err != nil {
			return errors.New("the file of IDREC_OUT cannot be written")
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	id := "idcard-" + rand.Text()
	parts := split(list, maxInput)
	w := worker.New(conn, id, worker.Options{DisableWorkflowWorker: true})
	sinks := newSinks(to, names, len(parts))
	for i, s := range sinks {
		w.RegisterActivityWithOptions(s.deliver, activity.RegisterOptions{Name: deliverName + strconv.Itoa(i)})
	}
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	in := idcard.WorkflowInput{Chunk: c.chunk, Parallel: c.chunks, Queue: c.activityQueue, Wanted: idcard.Wanted{Results: c.results}}
	if in.Results == "" && (c.keys != nil || c.plain) {
		in.Results = idcard.ResultRecord
	}
	out := idcard.WorkflowOutput{Outcomes: map[shared.Outcome]int{}, Errors: map[shared.Code]int{}}
	for i, part := range parts {
		in.Pictures, in.Deliver = part, &idcard.Activity{Name: deliverName + strconv.Itoa(i), Queue: id}
		name := id + "-" + strconv.Itoa(i)
		run, err := conn.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: name, TaskQueue: c.queue}, idcard.WorkflowName, in)
		if err != nil {
			return err
		}
		var of idcard.WorkflowOutput
		if err := run.Get(ctx, &of); err != nil {
			return fmt.Errorf("workflow %s: %w", name, err)
		}
		add(&out, of)
	}
	summary, err := json.Marshal(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stderr, "%s\n", summary)
	return err
}

// split cuts a list so that each part takes no more than limit bytes as JSON.
func split(list []idcard.Picture, limit int) [][]idcard.Picture {
	var parts [][]idcard.Picture
	room := 0
	for i := range list {
		text, _ := json.Marshal(&list[i]) //nolint:errchkjson // strings and numbers have a form always
		if len(parts) == 0 || len(text)+1 > room {
			parts, room = append(parts, nil), limit
		}
		room -= len(text) + 1 // and a comma
		last := len(parts) - 1
		parts[last] = append(parts[last], list[i])
	}
	return parts
}

// add sums up what parts say. The failed records are left out: they are among those that were written.
func add(sum *idcard.WorkflowOutput, o idcard.WorkflowOutput) {
	sum.Pictures += o.Pictures
	sum.Results += o.Results
	sum.Usable += o.Usable
	sum.Spent += o.Spent
	for outcome, n := range o.Outcomes {
		sum.Outcomes[outcome] += n
	}
	for code, n := range o.Errors {
		sum.Errors[code] += n
	}
}

// references makes a reference of every picture of the folder. Their ids are numbers, since file names
// are personal; names has the paths by id. Links are passed over: workers may not see what they lead to.
func references(folder string) (list []idcard.Picture, names map[string]string, err error) {
	root, err := filepath.Abs(folder)
	if err != nil {
		return nil, nil, err
	}
	names = map[string]string{}
	entries, err := pictures.Below(root)
	for _, e := range entries {
		if err != nil {
			break
		}
		if e.Link {
			continue
		}
		path := filepath.Join(root, e.Name)
		var sum string
		var size int64
		sum, size, err = digest(path)
		id := fmt.Sprintf("%06d", len(list))
		names[id] = path
		list = append(list, idcard.Picture{ID: id, URI: (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String(), SHA256: sum, Size: size})
	}
	if err != nil {
		return nil, nil, &shared.Error{Code: shared.CodePictureUnreadable, Message: "the folder, or a picture in it, cannot be read", Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
	}
	return list, names, nil
}

func digest(path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	size, err = io.Copy(h, bufio.NewReader(f))
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// sink writes the records of one part under the names of their pictures.
type sink struct {
	to    *destination
	names map[string]string
	seen  map[int]bool // chunks, under the lock of to
}

// destination is where all parts write.
type destination struct {
	mu sync.Mutex
	*json.Encoder
}

// newSinks returns a sink for each part.
func newSinks(to io.Writer, names map[string]string, parts int) []*sink {
	d := &destination{Encoder: json.NewEncoder(to)}
	sinks := make([]*sink, parts)
	for i := range sinks {
		sinks[i] = &sink{to: d, names: names, seen: map[int]bool{}}
	}
	return sinks
}

// deliver is the activity; a chunk that comes again is not written again.
func (s *sink) deliver(_ context.Context, d idcard.Delivery) error {
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	if s.seen[d.Chunk] {
		return nil
	}
	for _, r := range d.Records {
		r.Source = s.names[r.Source]
		if err := s.to.Encode(r); err != nil {
			return errors.New("the records cannot be written")
		}
	}
	s.seen[d.Chunk] = true
	return nil
}
