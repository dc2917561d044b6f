package local

import (
	"context"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/shared"
)

// readPortrait reads the lines of the portrait side.
func (c *cutter) readPortrait(ctx context.Context, k *card) (map[shared.FieldName]reading, error) {
	var lines [5]cut
	for i, s := range []slot{slotNumber, slotBirth, slotSex, slotEthnicity, slotName} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var err error
		if lines[i], err = c.read(k, s, searchY); err != nil {
			return nil, err
		}
	}
	number, birth, sex, ethnicity, name := lines[0], lines[1], lines[2], lines[3], lines[4]
	address, err := c.address(ctx, k)
	if err != nil {
		return nil, err
	}
	t := decode.NumberBirthSex(number.Positions, birth.Line, sex.Line)
	region := ""
	if len(t.Number.Text) == 18 {
		region = t.Number.Text[:6]
	}
	all := make([]decode.Line, len(address))
	around := box{slotAddress.left, slotAddress.middle - slotAddress.em/2, slotAddress.right, slotAddress.middle + slotAddress.em/2}
	for i, a := range address {
		all[i] = a.Line
		b := a.box()
		if i == 0 {
			around = b
		}
		around = box{min(around.left, b.left), min(around.top, b.top), max(around.right, b.right), max(around.bottom, b.bottom)}
	}
	return map[shared.FieldName]reading{
		shared.FieldNumber:    {Field: t.Number, box: number.box()},
		shared.FieldBirthDate: {Field: t.Birth, box: birth.box()},
		shared.FieldSex:       {Field: t.Sex, box: sex.box()},
		shared.FieldEthnicity: {Field: decode.Ethnicity(ethnicity.Line), box: ethnicity.box()},
		shared.FieldFullName:  {Field: decode.Name(name.Line), box: name.box()},
		shared.FieldAddress:   {Field: decode.Address(all, region), box: around},
	}, nil
}

// address reads the lines of the address as far as there are any: a further line follows a full one only.
func (c *cutter) address(ctx context.Context, k *card) ([]cut, error) {
	var out []cut
	s, around := slotAddress, searchY
	for range addressLines {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		line, err := c.read(k, s, around)
		if err != nil {
			return nil, err
		}
		if len(line.Positions) == 0 {
			break
		}
		out = append(out, line)
		if len(line.Positions) < addressFull {
			break
		}
		s.middle, around = line.middle+addressStep, 0.5
	}
	return out, nil
}
