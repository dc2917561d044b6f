package report

import (
	"slices"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/shared"
)

// Level says how badly a case needs somebody's look.
type Level int

// The levels.
const (
	Fine    Level = iota
	Doubt         // a warning was found
	Trouble       // an error was found, or a picture gave nothing
)

func levelOf(f shared.Finding) Level {
	switch f.Severity {
	case shared.SeverityInfo:
		return Fine
	case shared.SeverityError:
		return Trouble
	case shared.SeverityWarning:
	}
	return Doubt
}

// Level is the highest of what was found and became of the pictures.
func (c Case) Level() Level {
	level := Fine
	for _, f := range c.Findings {
		level = max(level, levelOf(f))
	}
	for _, p := range c.Pictures {
		if kindOf(p.Record) != batch.Recognised {
			return Trouble
		}
		for _, f := range p.Record.Findings {
			level = max(level, levelOf(f))
		}
	}
	return level
}

// FieldLevels are the fields in which something was found.
func (c Case) FieldLevels() map[shared.FieldName]Level {
	levels := map[shared.FieldName]Level{}
	add := func(findings []shared.Finding) {
		for _, f := range findings {
			if level := levelOf(f); f.Field != "" && level > levels[f.Field] {
				levels[f.Field] = level
			}
		}
	}
	add(c.Findings)
	for _, p := range c.Pictures {
		add(p.Record.Findings)
	}
	return levels
}

// kindOf sorts a record as [batch.Answer.Kind] does the answer that it is of.
func kindOf(r shared.Record) batch.Kind {
	if r.Error == nil {
		if r.Usable != nil && *r.Usable {
			return batch.Recognised
		}
		return batch.Unusable
	}
	return batch.KindOf(r.Error.Class)
}

// failed reports whether a picture of the case gave nothing.
func (c Case) failed() bool {
	return slices.ContainsFunc(c.Pictures, func(p Picture) bool { return kindOf(p.Record) != batch.Recognised })
}
