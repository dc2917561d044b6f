package idcard

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/shared"
)

// The keys of the metadata that say how a picture fared.
const (
	metaCode      = "idrec_code"
	metaClass     = "idrec_class"
	metaRetryable = "idrec_retryable"
	metaOutcome   = "idrec_outcome"
	metaStatus    = "idrec_status"
	metaUsable    = "idrec_usable"
)

// processor is idcard_recognize.
type processor struct {
	recognizer shared.Recognizer
	giveBack   func(context.Context) error

	source, url, digest, side, key, caseOf, subject, purpose *service.InterpolatedString

	fields   []shared.FieldName
	retry    shared.Basis
	timeout  time.Duration
	mask     bool
	parallel int
	metrics  metrics
}

// ProcessBatch recognises every message of the batch. Failures stay with their message.
func (p *processor) ProcessBatch(ctx context.Context, batch service.MessageBatch) ([]service.MessageBatch, error) {
	turns := make(chan struct{}, p.parallel)
	var all sync.WaitGroup
	for i := range batch {
		// Interpolation may look at other messages of the batch, so it is done before any is changed.
		req, source, err := p.request(batch, i)
		turns <- struct{}{}
		all.Go(func() {
			defer func() { <-turns }()
			p.one(ctx, batch[i], req, source, err)
		})
	}
	all.Wait()
	return []service.MessageBatch{batch}, nil
}

// Close gives the plugin back; the last processor that has it ends it.
func (p *processor) Close(ctx context.Context) error { return p.giveBack(ctx) }

// one recognises one picture and puts its record in its place.
func (p *processor) one(ctx context.Context, m *service.Message, req *shared.Request, source string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	start := time.Now()
	var res *shared.Result
	if err == nil {
		res, err = p.recognizer.Recognize(ctx, req)
	}
	took := time.Since(start)
	for _, key := range []string{metaCode, metaClass, metaRetryable, metaOutcome, metaStatus, metaUsable} {
		m.MetaDelete(key) // of an earlier attempt
	}
	record := shared.NewRecord(source, req, res, err, took)
	if p.mask {
		record = record.Masked("")
	}
	if err != nil {
		e := shared.ErrorOf(err, shared.OutcomeAmbiguous, shared.BasisProved)
		p.metrics.error(e, took)
		m.MetaSet(metaCode, string(e.Code))
		m.MetaSet(metaClass, string(e.Class()))
		m.MetaSet(metaRetryable, strconv.FormatBool(e.Retryable()))
		m.MetaSet(metaOutcome, string(e.Outcome))
		m.SetError(e)
	} else {
		p.metrics.result(res, took)
		m.MetaSet(metaStatus, string(res.Status))
		m.MetaSet(metaUsable, strconv.FormatBool(res.Usable()))
		m.MetaSet(metaOutcome, string(res.Outcome))
	}
	text, err := json.Marshal(record)
	if err != nil {
		text = []byte("{}") // a record of the contract can always be written; a picture must not stay
		m.SetError(err)
	}
	m.SetBytes(text)
}

// request makes the request for a message, and the name that its record gives the picture.
func (p *processor) request(batch service.MessageBatch, i int) (*shared.Request, string, error) {
	var texts [8]string
	req := &shared.Request{Fields: p.fields, Retry: p.retry}
	for n, s := range []*service.InterpolatedString{p.source, p.url, p.digest, p.side, p.key, p.caseOf, p.subject, p.purpose} {
		text, err := batch.TryInterpolatedString(i, s)
		if err != nil {
			// The cause may quote the message.
			return req, texts[0], &shared.Error{Code: shared.CodeInvalidRequest, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err,
				Message: "an interpolation of the processor's fields fails for this message: correct it, or the message"}
		}
		texts[n] = text
	}
	side, err := shared.ParseSide(texts[3])
	req.SHA256, req.Side, req.Key, req.Case, req.Subject, req.Purpose = texts[2], side, texts[4], texts[5], texts[6], texts[7]
	if err != nil {
		return req, texts[0], err
	}
	if u, ok := errors.AsType[unread](batch[i].GetError()); ok {
		return req, texts[0], u.error
	}
	if req.Image.URL = texts[1]; req.Image.URL == "" {
		content, err := batch[i].AsBytes()
		if err != nil {
			return req, texts[0], &shared.Error{Code: shared.CodePictureUnreadable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved, Err: err}
		}
		req.Image.Bytes = append([]byte{}, content...) // an empty message is an empty picture, and the call may outlive the message
	}
	return req, texts[0], nil
}
