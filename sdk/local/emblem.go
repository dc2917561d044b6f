package local

import (
	"context"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/shared"
)

// readEmblem reads the lines of the emblem side.
func (c *cutter) readEmblem(ctx context.Context, k *card) (map[shared.FieldName]reading, error) {
	authority, err := c.read(k, slotAuthority, searchY)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	validity, err := c.read(k, slotValidity, searchY)
	if err != nil {
		return nil, err
	}
	lost, missing := authority.tidy()
	lost += authority.trim(authority.office())
	issuer := decode.Authority(authority.Line)
	issuer.Lost, issuer.Missing = lost, authority.late()+missing
	t := decode.Validity(validity.Line)
	from, until := validity.box(), validity.box()
	// The two days stand on both sides of a hyphen; 长期 is shorter than a day.
	middle := from.left + (from.right-from.left)*10.5/21
	if t.Until.Text == shared.LongTerm {
		middle = from.left + (from.right-from.left)*0.7
	}
	from.right, until.left = middle, middle
	return map[shared.FieldName]reading{
		shared.FieldAuthority:  {Field: issuer, box: authority.box()},
		shared.FieldValidFrom:  {Field: t.From, box: from},
		shared.FieldValidUntil: {Field: t.Until, box: until},
	}, nil
}
