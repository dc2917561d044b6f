package decode_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/decode"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
	"github.com/seed-6b91b535/idrec/shared"
)

// line makes what a network sees of a text that it reads with probability p a character. A character in
// braces, as in {1|7}, is the first with p and the second with the rest; _ is a character that it did not
// see, whose place stays empty.
func line(text string, p, left, width, scale float64) decode.Line {
	l := decode.Line{Left: left - 1, Scale: scale}
	rs := []rune(text)
	x := left
	for i := 0; i < len(rs); i++ {
		w := width
		if rs[i] < 0x100 && rs[i] != '{' && width > 3 && rs[i] != '_' {
			w = width * 0.55
		}
		r, other := rs[i], rune(0)
		if r == '{' {
			r, other = rs[i+1], rs[i+3]
			i += 4
			if r < 0x100 && width > 3 {
				w = width * 0.55
			}
		}
		if r != '_' {
			q := lines.Position{X: float32((x + w/2 - l.Left) * scale), Blank: -9}
			q.Candidates = append(q.Candidates, lines.Candidate{Rune: r, LogP: float32(math.Log(p))})
			if other != 0 {
				q.Candidates = append(q.Candidates, lines.Candidate{Rune: other, LogP: float32(math.Log(1 - p))})
			}
			for _, rest := range "0123456789X" {
				if rest != r && rest != other {
					q.Candidates = append(q.Candidates, lines.Candidate{Rune: rest, LogP: -9})
				}
			}
			l.Positions = append(l.Positions, q)
		}
		x += w
	}
	return l
}

func text(s string) decode.Line   { return line(s, 0.97, 15.8, 3.3, 8) }
func digits(s string) decode.Line { return line(s, 0.97, 29.5, 2.62, 8.3) }

// born sets a birth in the columns of the card, without the signs.
func born(year, month, day string) decode.Line {
	l := decode.Line{Left: 14, Scale: 8}
	put := func(s string, middle float64) {
		for i, r := range s {
			x := middle + (float64(i)-float64(len(s)-1)/2)*1.83
			q := lines.Position{X: float32((x - l.Left) * l.Scale), Blank: -9, Candidates: []lines.Candidate{{Rune: r, LogP: -0.03}}}
			for _, other := range "0123456789" {
				if other != r {
					q.Candidates = append(q.Candidates, lines.Candidate{Rune: other, LogP: -8})
				}
			}
			l.Positions = append(l.Positions, q)
		}
	}
	put(year, 19.46)
	put(month, 30.3)
	put(day, 38.8)
	return l
}

// Numbers below have the never issued city 88.
const number = "118801199001021246" // a woman, 2 January 1990

func init() {
	if c, _ := idcard.CheckDigit(number[:17]); c != number[17] {
		panic(fmt.Sprintf("the check character is %c", c))
	}
}

func TestNumberIsRepairedByItsCheckDigit(t *testing.T) {
	t.Parallel()
	for _, seen := range []string{
		number,
		"11880119900102{7|1}246",  // a doubtful digit
		"{7|1}18801199001021246",  // no such province
		"1188011990010212{5|4}6",  // in the sequence
		"11880119900102124{8|6}",  // the check character itself
		"118801199{6|0}01021246",  // the birth
		"118801199001021_46",      // a digit that was not seen: the sex is printed, the rest is arithmetic
		"118801199001021246{1|7}", // something behind it
	} {
		got := decode.NumberBirthSex(line(seen, 0.6, 29.5, 2.62, 8.3), born("1990", "1", "2"), text("女"))
		if got.Number.Text != number {
			t.Errorf("%s is read as %s", seen, got.Number.Text)
		}
	}
}

// A reflection hides some digits. The others stand in their columns, so it can be told which are hidden.
func TestUnseenDigitsFollowFromTheBirthAndTheCheckCharacter(t *testing.T) {
	t.Parallel()
	for seen, unseen := range map[string]int{
		number:               0,
		"_18801199001021246": 1,
		"1188_1199001021246": 1,
		"118801__9001021246": 2,
		"118801____01021246": 4,
		"1188011990____1246": 4,
		"11880_1_9001021246": 2, // the birth tells one, the check character the other
		"11880119900102124_": 1,
		"1188__199001021246": -1, // ten numbers that are all as good
		"__8801199001021246": -1,
		"1188011990010212__": -1,
		"118801________1246": -1, // too many
	} {
		got := decode.NumberBirthSex(digits(seen), born("1990", "1", "2"), text("女")).Number
		want := number
		if unseen < 0 {
			want, unseen = "", 0
		}
		if got.Text != want || got.Unseen != unseen {
			t.Errorf("%s is read as %q, %d digits unseen", seen, got.Text, got.Unseen)
		}
	}
	const withX = "11880119900102114X"
	if got := decode.NumberBirthSex(digits(withX[:17]), born("1990", "1", "2"), text("女")).Number; got.Text != withX || got.Unseen != 1 {
		t.Errorf("with its X unseen it is %q", got.Text)
	}
}

// Whatever is hidden, and whether the birth is legible or not: what is given is what stands there. One digit follows
// from the check character; those of the birth from its print; others from nothing.
func TestUnseenDigitsAreNeverMadeUp(t *testing.T) {
	t.Parallel()
	for _, number := range []string{number, "448801199001020119", "53881519900102614X", "11880119900102114X"} {
		sex := text("女")
		if number[16]%2 == 1 {
			sex = text("男")
		}
		for from := range 18 {
			for to := from + 1; to <= min(18, from+7); to++ {
				seen := number[:from] + strings.Repeat("_", to-from) + number[to:]
				ofBirth := max(0, min(to, 14)-max(from, 6))
				told := to-from <= 6 && to-from-ofBirth <= 1
				got := decode.NumberBirthSex(digits(seen), born("1990", "1", "2"), sex).Number
				if got.Text != number && (got.Text != "" || told) {
					t.Errorf("%s is read as %q", seen, got.Text)
				}
				got = decode.NumberBirthSex(digits(seen), decode.Line{Left: 14, Scale: 8}, sex).Number
				if got.Text != number && (got.Text != "" || to == from+1) {
					t.Errorf("%s without a birth in print is read as %q", seen, got.Text)
				}
			}
		}
	}
}

// A reflection over the birth leaves a stray digit or none of it; the number is plain.
func TestANumberNeedsNoBirthInPrint(t *testing.T) {
	t.Parallel()
	for _, stray := range []string{"", "5", "57"} {
		plain := digits("53881519901222116X")
		for i := range plain.Positions { // so plain that no other birth is considered
			plain.Positions[i].Candidates = plain.Positions[i].Candidates[:1]
		}
		if got := decode.NumberBirthSex(plain, born(stray, "", ""), text("")).Number; got.Text != "53881519901222116X" {
			t.Errorf("with %q in the birth's place it is %q", stray, got.Text)
		}
	}
}

// faintAt makes a position one that was seen with the contrast evened.
func faintAt(l decode.Line, at int) decode.Line {
	l.Faint = make([]bool, len(l.Positions))
	l.Faint[at] = true
	for i := range l.Positions[at].Candidates {
		c := &l.Positions[at].Candidates[i]
		c.LogP = float32(math.Log(0.5*math.Exp(float64(c.LogP)) + 0.5/11))
	}
	return l
}

// A forged card must not be made to agree with itself behind its reader's back.
func TestAFaintDigitIsNotReplacedSilently(t *testing.T) {
	t.Parallel()
	forged := digits("118801199001021241") // another check character
	if got := decode.NumberBirthSex(faintAt(forged, 17), born("1990", "1", "2"), text("女")).Number; got.Text != number || got.Unseen != 1 {
		t.Errorf("read as %q, %d digits unseen", got.Text, got.Unseen)
	}
	if got := decode.NumberBirthSex(faintAt(digits(number), 17), born("1990", "1", "2"), text("女")).Number; got.Text != number || got.Unseen != 0 {
		t.Errorf("the right one is read as %q, %d digits unseen", got.Text, got.Unseen)
	}
}

// Cards are printed half a millimetre aside, and wider or narrower.
func TestColumnsAreThoseOfTheLineItself(t *testing.T) {
	t.Parallel()
	for _, left := range []float64{28.7, 29.5, 30.3} {
		for _, pitch := range []float64{2.5, 2.62, 2.74} {
			l := line("118801____01021_46", 0.97, left, pitch, 8.3)
			if got := decode.NumberBirthSex(l, born("1990", "1", "2"), text("女")).Number; got.Text != number {
				t.Errorf("from %.1f mm, %.2f mm apart: %q", left, pitch, got.Text)
			}
		}
	}
}

func TestRepairCostsCertainty(t *testing.T) {
	t.Parallel()
	read := func(s string, p float64) decode.Field {
		return decode.NumberBirthSex(line(s, p, 29.5, 2.62, 8.3), born("1990", "1", "2"), text("女")).Number
	}
	sure, repaired := read(number, 0.99), read("1188011990010212{5|4}6", 0.8)
	if repaired.Text != number || repaired.Margin >= sure.Margin || repaired.Cost <= sure.Cost {
		t.Errorf("clear %+v, repaired %+v", sure, repaired)
	}
}

func TestClearPrintThatContradictsIsGivenAsItStands(t *testing.T) {
	t.Parallel()
	wrong := "118801199001021241" // clear, and with another check character
	got := decode.NumberBirthSex(line(wrong, 0.999, 29.5, 2.62, 8.3), born("1991", "3", "12"), line("男", 0.999, 15.8, 3.3, 8))
	if got.Number.Text != wrong || got.Birth.Text != "1991-03-12" || got.Sex.Text != "男" {
		t.Errorf("read %s, %s, %s", got.Number.Text, got.Birth.Text, got.Sex.Text)
	}
}

func TestBirthIsReadWithTheNumber(t *testing.T) {
	t.Parallel()
	doubtful := born("1990", "1", "2")
	p := &doubtful.Positions[3]
	p.Candidates[0] = lines.Candidate{Rune: '8', LogP: -0.3}
	p.Candidates[1] = lines.Candidate{Rune: '0', LogP: -1.5}
	got := decode.NumberBirthSex(digits(number), doubtful, text("女"))
	if got.Birth.Text != "1990-01-02" || got.Number.Text != number {
		t.Errorf("read %s and %s", got.Birth.Text, got.Number.Text)
	}
	// Without the number, it is what the print says best.
	if got := decode.NumberBirthSex(decode.Line{}, doubtful, text("女")); got.Birth.Text != "1998-01-02" || got.Number.Text != "" || got.Sex.Text != "女" {
		t.Errorf("alone %+v", got)
	}
}

// 1 | 12 and 11 | 2 have the same digits; the columns tell them apart.
func TestBirthColumnsTellMonthFromDay(t *testing.T) {
	t.Parallel()
	for _, c := range [][4]string{{"1990", "1", "12", "1990-01-12"}, {"1990", "11", "2", "1990-11-02"}} {
		if got := decode.NumberBirthSex(decode.Line{}, born(c[0], c[1], c[2]), text("男")).Birth.Text; got != c[3] {
			t.Errorf("%v is read as %s", c, got)
		}
	}
}

func TestNothingIsInvented(t *testing.T) {
	t.Parallel()
	empty := decode.Line{Left: 14, Scale: 8}
	got := decode.NumberBirthSex(digits(number), empty, empty)
	if got.Sex.Text != "" {
		t.Errorf("the sex %q is not printed", got.Sex.Text)
	}
	for name, f := range map[string]decode.Field{
		"ethnicity": decode.Ethnicity(empty), "name": decode.Name(empty), "address": decode.Address(nil, ""),
		"authority": decode.Authority(empty), "from": decode.Validity(empty).From, "until": decode.Validity(empty).Until,
	} {
		if f.Text != "" || !f.Empty {
			t.Errorf("%s: %+v", name, f)
		}
	}
	all := decode.NumberBirthSex(decode.Line{}, empty, empty)
	if all.Number.Text != "" || all.Birth.Text != "" || all.Sex.Text != "" {
		t.Errorf("%+v", all)
	}
}

func TestEthnicityIsOneThatExists(t *testing.T) {
	t.Parallel()
	for seen, want := range map[string]string{"汉": "汉", "{义|汉}": "汉", "维吾{尓|尔}": "维吾尔", "{上|土}家": "土家", "土": "土", "穿青人": "穿青人", "{仫|仡}佬": "仫佬"} {
		if got := decode.Ethnicity(line(seen, 0.7, 33.6, 3.3, 8)).Text; got != want {
			t.Errorf("%s is read as %s", seen, got)
		}
	}
}

func TestNamesAreWeakEvidence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		seen string
		p    float64
		want string
	}{
		{"{玉|王}伟", 0.55, "王伟"},
		{"{玉|王}伟", 0.97, "玉伟"}, // clear print wins
		{"买买提·热合曼", 0.9, "买买提·热合曼"},
		{"欧阳{𠮷|吉}", 0.9, "欧阳𠮷"},
		{"张{8|小}明", 0.6, "张小明"},
	} {
		if got := decode.Name(line(c.seen, c.p, 15.8, 3.7, 7)).Text; got != c.want {
			t.Errorf("%s with %v is read as %s", c.seen, c.p, got)
		}
	}
}

func TestAddressKnowsPlaces(t *testing.T) {
	t.Parallel()
	ls := []decode.Line{line("江西省{帻|赣}州市章贡区", 0.6, 15.8, 3.3, 8), line("文清{踣|路}18号", 0.6, 15.8, 3.3, 8)}
	if got := decode.Address(ls, "").Text; got != "江西省赣州市章贡区文清路18号" {
		t.Errorf("read as %s", got)
	}
	// A place that no list has, clear.
	if got := decode.Address([]decode.Line{line("江西省霁垟市溦浐县", 0.97, 15.8, 3.3, 8)}, "").Text; got != "江西省霁垟市溦浐县" {
		t.Errorf("read as %s", got)
	}
	// The county of the number is where most people live.
	ls = []decode.Line{line("北京市{东|丰}{台|城}区", 0.52, 15.8, 3.3, 8)}
	if got := decode.Address(ls, "110101").Text; got != "北京市东城区" {
		t.Errorf("read as %s", got)
	}
}

func TestAuthorityEndsInItsWords(t *testing.T) {
	t.Parallel()
	for seen, want := range map[string]string{"{赣|帻}县公安{局|周}": "赣县公安局", "北京市公安局东城分{周|局}": "北京市公安局东城分局"} {
		if got := decode.Authority(line(seen, 0.6, 34.2, 3.3, 8)).Text; got != want {
			t.Errorf("%s is read as %s", seen, got)
		}
	}
}

func TestValidityKnowsTerms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ seen, from, until string }{
		{"2017.03.13-2037.03.13", "2017-03-13", "2037-03-13"},
		{"2017.03.13-20{87|3}7.03.13", "2017-03-13", "2037-03-13"},
		{"2017.03.1{8|3}-2037.03.13", "2017-03-13", "2037-03-13"},
		{"2017.03.13长期", "2017-03-13", shared.LongTerm}, // the hyphen is thin
		{"2017.03.13-长期", "2017-03-13", shared.LongTerm},
		{"2017.03.13-长1D", "2017-03-13", shared.LongTerm}, // 期 fell apart
		{"20170313-20370313", "2017-03-13", "2037-03-13"}, // so are the full stops
		{"2012.02.29-2022.03.01", "2012-02-29", "2022-03-01"},
		{"2017.03.13-2031.01.01", "2017-03-13", "2031-01-01"}, // clear, though no law knows it
		{"_017.03.13-2037.03.13", "2017-03-13", "2037-03-13"}, // a digit under glare
	} {
		seen := c.seen
		if seen == "2017.03.13-20{87|3}7.03.13" {
			seen = "2017.03.13-20{8|3}7.03.13"
		}
		got := decode.Validity(line(seen, 0.8, 34.2, 1.83, 8))
		if got.From.Text != c.from || got.Until.Text != c.until {
			t.Errorf("%s is read as %s to %s", seen, got.From.Text, got.Until.Text)
		}
	}
}

// Whatever a network says, decoding ends, and what it calls a number or a day has the form of one.
func TestDecodingIsSound(t *testing.T) {
	t.Parallel()
	runes := []rune("0123456789X-.年月日长期男女汉公安局·王市")
	rapid.Check(t, func(rt *rapid.T) {
		l := decode.Line{Left: 14, Scale: 8}
		x := float32(0)
		for range rapid.IntRange(0, 24).Draw(rt, "positions") {
			x += float32(rapid.Float64Range(1, 40).Draw(rt, "step"))
			p := lines.Position{X: x, Blank: float32(rapid.Float64Range(-30, 0).Draw(rt, "blank"))}
			for _, r := range rapid.SliceOfNDistinct(rapid.SampledFrom(runes), 1, 10, rapid.ID[rune]).Draw(rt, "runes") {
				p.Candidates = append(p.Candidates, lines.Candidate{Rune: r, LogP: float32(rapid.Float64Range(-25, 0).Draw(rt, "p"))})
			}
			l.Positions = append(l.Positions, p)
		}
		got := decode.NumberBirthSex(l, l, l)
		if n := got.Number.Text; n != "" && len(n) != 18 {
			rt.Fatalf("a number of %d characters", len(n))
		}
		if b := got.Birth.Text; b != "" {
			if _, err := idcard.ParseDate(b); err != nil {
				rt.Fatal(err)
			}
		}
		v := decode.Validity(l)
		if (v.From.Text == "") != (v.Until.Text == "") {
			rt.Fatalf("%q to %q", v.From.Text, v.Until.Text)
		}
		for _, f := range []decode.Field{got.Number, got.Birth, got.Sex, v.From, v.Until, decode.Ethnicity(l), decode.Name(l), decode.Authority(l), decode.Address([]decode.Line{l, l}, "110101")} {
			for _, n := range []float64{f.Margin, f.Cost, f.Worst, f.Mean} {
				if math.IsNaN(n) || math.IsInf(n, 0) {
					rt.Fatalf("%+v", f)
				}
			}
		}
	})
}
