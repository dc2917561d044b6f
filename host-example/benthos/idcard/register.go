package idcard

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/host-example/internal/pluginlog"
	"github.com/seed-6b91b535/idrec/shared"
)

// The names under which Benthos knows the components.
const (
	ProcessorName = "idcard_recognize"
	ScannerName   = "idcard_picture"
	InputName     = "idcard_folder"
)

// Register adds the processor, for the plugins that were found, the scanner and the input to the
// environment.
func Register(env *service.Environment, found Found) error {
	return register(env, found, newPool(found.Dirs))
}

func register(env *service.Environment, found Found, plugins *pool) error {
	err := env.RegisterBatchProcessor(ProcessorName, spec(found), func(c *service.ParsedConfig, r *service.Resources) (service.BatchProcessor, error) {
		return newProcessor(c, r, plugins)
	})
	if err != nil {
		return err
	}
	if err := env.RegisterInput(InputName, folderSpec(), newFolders); err != nil {
		return err
	}
	return env.RegisterBatchScannerCreator(ScannerName, scannerSpec(), newScanner)
}

func newProcessor(c *service.ParsedConfig, r *service.Resources, plugins *pool) (*processor, error) {
	p := &processor{}
	var w wanted
	var retry string
	var list []string
	parse := []error{
		field(c.FieldString, fieldPlugin, &w.Name),
		field(c.FieldString, fieldSHA256, &w.SHA256),
		field(c.FieldString, fieldLock, &w.Lock),
		field(c.FieldString, fieldRetry, &retry),
		field(c.FieldStringList, fieldFields, &list),
		field(c.FieldDuration, fieldTimeout, &p.timeout),
		field(c.FieldBool, fieldMask, &p.mask),
		field(c.FieldInt, fieldParallel, &p.parallel),
	}
	for name, to := range map[string]**service.InterpolatedString{
		fieldSource: &p.source, fieldURL: &p.url, fieldDigest: &p.digest, fieldSide: &p.side,
		fieldKey: &p.key, fieldCase: &p.caseOf, fieldSubject: &p.subject, fieldPurpose: &p.purpose,
	} {
		parse = append(parse, field(c.FieldInterpolatedString, name, to))
	}
	if err := errors.Join(parse...); err != nil {
		return nil, err
	}
	p.retry, p.parallel = shared.Basis(retry), max(p.parallel, 1)
	for _, name := range list {
		f := shared.FieldName(name)
		if !f.Known() {
			return nil, errors.New("an unknown card field is asked for: use those that the record's card has")
		}
		p.fields = append(p.fields, f)
	}
	var err error
	if w.Settings, err = settings(c, w.Name); err != nil {
		return nil, err
	}
	p.metrics = newMetrics(r.Metrics())
	// Starting a plugin is bounded by the host; this bounds commands that print secrets as well.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	p.recognizer, p.giveBack, err = plugins.get(ctx, w, logger(r.Logger()))
	return p, err
}

// field reads one field of the configuration.
func field[T any](get func(...string) (T, error), name string, to *T) (err error) {
	*to, err = get(name)
	return err
}

// logger hands the plugin's log to Benthos's.
func logger(to *service.Logger) hclog.Logger {
	return pluginlog.New(hclog.Info, func(level hclog.Level, msg string, pairs ...any) {
		l := to.With(pairs...)
		switch level {
		case hclog.Error:
			l.Error(msg)
		case hclog.Warn:
			l.Warn(msg)
		default:
			l.Info(msg)
		}
	})
}
