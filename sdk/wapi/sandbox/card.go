package sandbox

import (
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// The product's names for the fields, in the order in which they are answered.
var fieldNames = []struct {
	name  string
	field shared.FieldName
}{
	{"姓名", shared.FieldFullName},
	{"性别", shared.FieldSex},
	{"民族", shared.FieldEthnicity},
	{"出生", shared.FieldBirthDate},
	{"住址", shared.FieldAddress},
	{"公民身份号码", shared.FieldNumber},
	{"签发机关", shared.FieldAuthority},
	{"签发日期", shared.FieldValidFrom},
	{"失效日期", shared.FieldValidUntil},
}

// noExpiry is what the product writes for a card that does not expire.
const noExpiry = "长期"

// cardAnswer writes what the engine read as the product does.
func cardAnswer(res *shared.Result, asked shared.Side, g *Guesses) object {
	status := res.Status
	if status == "" {
		status = shared.StatusUnknown
	}
	if status == shared.StatusNormal && asked != shared.SideDetect && res.Side != shared.SideDetect &&
		res.Side != shared.SideBoth && res.Side != asked {
		status = shared.StatusReversedSide
	}
	values := make(map[shared.FieldName]string, len(res.Fields))
	frontEmpty := true
	for name := range res.Fields {
		v := vendorValue(name, res.Value(name))
		values[name] = v
		if v != "" && name.Side() == shared.SidePortrait {
			frontEmpty = false
		}
	}
	kind := numberType(values[shared.FieldNumber], values[shared.FieldBirthDate], values[shared.FieldSex], frontEmpty)
	if kind == shared.NumberInvalid {
		values[shared.FieldNumber] = "" // an invalid number is not returned
	}
	out := object{{"image_status", string(status)}, {"idcard_number_type", numberAs(int(kind), g.NumberType)}}
	for _, f := range fieldNames {
		if v := values[f.field]; v != "" || g.AbsentFields == "empty" {
			out = append(out, member{f.name, v})
		}
	}
	return out
}

// vendorValue writes a normalised value as the product does: dates as YYYYMMDD, no expiry as 长期.
func vendorValue(f shared.FieldName, v string) string {
	switch f {
	case shared.FieldBirthDate, shared.FieldValidFrom, shared.FieldValidUntil:
		if v == shared.LongTerm {
			return noExpiry
		}
		return strings.ReplaceAll(v, "-", "")
	default:
		return v
	}
}
