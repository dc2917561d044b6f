package local

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/shared"
)

// leastName is how many characters a name has at least: one of the family, one of the person.
const leastName = 2

// besideY is how far above and below its neighbour a field stands on the same line, in millimetres.
const besideY = 0.3

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
	if len(ethnicity.Positions) == 0 && len(sex.Positions) > 0 {
		// One character in a wide slot: a copy's dots, or a stamp, have more edges. It stands beside the sex.
		s := slotEthnicity
		s.middle = sex.middle
		var err error
		if ethnicity, err = c.read(k, s, besideY); err != nil {
			return nil, err
		}
	}
	address, lost, missing, err := c.address(ctx, k)
	if err != nil {
		return nil, err
	}
	nameLost, nameMissing := name.tidy()
	ethnicityLost, _ := ethnicity.tidy()
	t := decode.NumberBirthSex(number.Line, birth.Line, sex.Line)
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
	home, called, of := decode.Address(all, region), decode.Name(name.Line), decode.Ethnicity(ethnicity.Line)
	home.Lost, called.Lost, of.Lost = lost, nameLost, ethnicityLost
	called.Missing, of.Missing, home.Missing = name.late()+nameMissing, ethnicity.late(), missing
	if utf8.RuneCountInString(strings.ReplaceAll(called.Text, "·", "")) < leastName {
		called.Missing++
	}
	return map[shared.FieldName]reading{
		shared.FieldNumber:    {Field: t.Number, box: number.box()},
		shared.FieldBirthDate: {Field: t.Birth, box: birth.box()},
		shared.FieldSex:       {Field: t.Sex, box: sex.box()},
		shared.FieldEthnicity: {Field: of, box: ethnicity.box()},
		shared.FieldFullName:  {Field: called, box: name.box()},
		shared.FieldAddress:   {Field: home, box: around},
	}, nil
}
