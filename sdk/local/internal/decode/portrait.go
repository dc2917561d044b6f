package decode

import (
	"math"
	"slices"
	"strings"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lattice"
	"github.com/seed-6b91b535/idrec/sdk/local/internal/lines"
)

// What it costs that print and number contradict each other, in nats. Cards that do exist (forged, or
// registered wrongly), and a test for them must not be told otherwise; misreadings are far more frequent.
const (
	costBirthDiffers = 9
	costSexDiffers   = 8
)

// Triple is the number with what repeats it.
type Triple struct{ Number, Birth, Sex Field }

// NumberBirthSex decodes the number, the birth and the sex together.
func NumberBirthSex(number, birth, sex Line) Triple {
	births := map[idcard.Date]float32{}
	freeBirth := float32(math.Inf(-1))
	shown := slices.ContainsFunc(birth.Positions, func(p lines.Position) bool { return digitLike(&p) })
	consider := func(d idcard.Date) {
		if _, ok := births[d]; ok || !d.Valid() {
			return
		}
		if births[d] = 0; shown { // a line without digits speaks for none, not for the shortest
			births[d] = dateScore(birth, d)
		}
		freeBirth = max(freeBirth, births[d])
	}
	for _, d := range dates(birth) {
		consider(d)
	}
	ns := numbers(number, likely(births))
	for _, n := range ns {
		consider(birthOf(n.text))
	}
	sexes := map[string]float32{"男": lattice.Score(sex.Positions, "男"), "女": lattice.Score(sex.Positions, "女")}
	freeSex := max(sexes["男"], sexes["女"])

	j := joint{numbers: map[string]float32{}, births: map[idcard.Date]float32{}, sexes: map[string]float32{}}
	if len(ns) == 0 {
		ns = []scored{{}}
	}
	for _, n := range ns {
		b, s := birthOf(n.text), sexOf(n.text)
		for d, score := range births {
			if score < freeBirth-2*costBirthDiffers {
				continue
			}
			bs := n.score + score
			if n.text != "" && d != b {
				bs -= costBirthDiffers
			}
			for x, score := range sexes {
				all := bs + score
				if n.text != "" && x != s {
					all -= costSexDiffers
				}
				j.add(n.text, d, x, all)
			}
		}
		if len(births) == 0 {
			for x, score := range sexes {
				all := n.score + score
				if n.text != "" && x != s {
					all -= costSexDiffers
				}
				j.add(n.text, idcard.Date{}, x, all)
			}
		}
	}
	var t Triple
	t.Number, t.Birth, t.Sex = j.number(number.Positions, ns), j.birth(birth), j.sex(sex, freeSex)
	return t
}

// joint holds for each value of each field the best score of all that it stands in.
type joint struct {
	numbers map[string]float32
	births  map[idcard.Date]float32
	sexes   map[string]float32
	best    float32
	at      struct {
		number string
		birth  idcard.Date
		sex    string
	}
	any bool
}

func (j *joint) add(number string, birth idcard.Date, sex string, score float32) {
	if old, ok := j.numbers[number]; !ok || score > old {
		j.numbers[number] = score
	}
	if old, ok := j.births[birth]; !ok || score > old {
		j.births[birth] = score
	}
	if old, ok := j.sexes[sex]; !ok || score > old {
		j.sexes[sex] = score
	}
	// Ties are broken by the text, so that the order of a map does not show.
	if !j.any || score > j.best || score == j.best && (number < j.at.number || number == j.at.number && (birth.Before(j.at.birth) || birth == j.at.birth && sex < j.at.sex)) {
		j.any, j.best = true, score
		j.at.number, j.at.birth, j.at.sex = number, birth, sex
	}
}

// others returns the scores of all values but one.
func others[K comparable](m map[K]float32, but K) []float32 {
	out := make([]float32, 0, len(m))
	for k, v := range m {
		if k != but {
			out = append(out, v)
		}
	}
	return out
}

// number gives no number whose unseen digits could as well be others.
func (j *joint) number(ps []lines.Position, ns []scored) Field {
	f := Field{Text: j.at.number, Margin: margin(j.best, others(j.numbers, j.at.number))}
	f.measure(ps, f.Text)
	is := func(n scored) bool { return n.text == f.Text }
	i := slices.IndexFunc(ns, is) // the first is the best of several ways to see it
	if i < 0 || ns[i].unseen == 0 {
		return f
	}
	f.Unseen = ns[i].unseen
	if ns[i].unsound || !(f.Margin >= leastOdds) {
		f.Text, f.Unseen = "", 0
	}
	return f
}

func (j *joint) birth(l Line) Field {
	f := Field{Raw: lattice.Best(l.Positions), Empty: len(l.Positions) == 0, Worst: minScore, Mean: minScore, Margin: -maxMargin}
	if !j.at.birth.Valid() {
		return f
	}
	f.Text = j.at.birth.String()
	f.Margin = margin(j.best, others(j.births, j.at.birth))
	printed := strings.Builder{}
	for _, s := range spots(j.at.birth) {
		if !s.sign {
			printed.WriteRune(s.r)
		}
	}
	var digits []lines.Position
	for _, p := range l.Positions {
		if digitLike(&p) {
			digits = append(digits, p)
		}
	}
	seen := lattice.Align(digits, printed.String())
	f.Cost = max(0, float64(own(digits)-lattice.Score(digits, printed.String())))
	f.Worst, f.Mean = worstAndMean(seen)
	return f
}

// sex is left open if the print shows neither: the number alone does not say what is printed.
func (j *joint) sex(l Line, free float32) Field {
	f := Field{Text: j.at.sex, Margin: margin(j.best, others(j.sexes, j.at.sex))}
	f.measure(l.Positions, f.Text)
	if free <= lattice.Score(nil, "男") {
		f.Text = ""
	}
	return f
}

func birthOf(number string) idcard.Date {
	n, _ := idcard.ParseNumber(number) // one with problems may have a birth all the same
	return n.Birth()
}

func sexOf(number string) string {
	n, _ := idcard.ParseNumber(number) // one with problems may tell a sex all the same
	return n.Sex()
}
