package specimen

import (
	"image/color"
	"strings"

	"github.com/seed-6b91b535/idrec/shared"
)

// CardKind is a kind of card in a photo.
type CardKind string

// The kinds. All but the first are invented designs of their kind, marked 样本, that copy no real one.
const (
	KindIdentity CardKind = "identity"
	KindBank     CardKind = "bank"
	KindLicence  CardKind = "licence"  // like a driving licence
	KindPermit   CardKind = "permit"   // like a residence permit
	KindBusiness CardKind = "business" // a business card
)

// otherKinds are the cards that are no identity cards.
var otherKinds = []CardKind{KindBank, KindLicence, KindPermit, KindBusiness}

// otherCard draws a card of another kind, width pixels wide.
func (c chance) otherCard(kind CardKind, width int) sheet {
	s := sheet{w: CardWidth, h: CardHeight, radius: cornerRadius}
	if kind == KindBusiness {
		s.radius = 0
	}
	scale := float64(width) / CardWidth
	k := &canvas{img: blank(width, cardHeight(width), color.RGBA{0xFF, 0xFF, 0xFF, 0xFF}), scale: scale}
	switch kind {
	case KindBank:
		c.bankCard(k)
	case KindLicence:
		c.licenceCard(k)
	case KindPermit:
		c.permitCard(k)
	default:
		c.businessCard(k)
	}
	k.mark(box{c.between(58, 66), c.between(2.5, 4), 15, 5})
	s.img = k.img
	return s
}

func (c chance) digits(groups ...int) string {
	var b strings.Builder
	for i, n := range groups {
		if i > 0 {
			b.WriteByte(' ')
		}
		for range n {
			b.WriteByte(byte('0' + c.IntN(10)))
		}
	}
	return b.String()
}

func (c chance) bankCard(k *canvas) {
	g := ground{left: hsv(c.banded(0, 1), c.between(0.3, 0.9), c.between(0.3, 0.9)), right: hsv(c.banded(0, 1), c.between(0.3, 0.9), c.between(0.2, 0.8)), families: guilloche}
	g.fill(k.img, k.scale)
	white := color.NRGBA{0xFF, 0xFF, 0xFF, 0xE8}
	k.write(text{s: syllables(c.Rand) + "银行", at: point{6, 8}, em: 5, font: hei()}, white)
	k.rect(box{8, 18, 11, 9}, color.RGBA{0xD8, 0xB8, 0x60, 0xFF})
	for i := range 3 {
		k.rect(box{8, 20.5 + float64(i)*2.4, 11, 0.25}, color.RGBA{0x90, 0x70, 0x28, 0xFF})
	}
	k.write(text{s: "88" + c.digits(2, 4, 4, 4), at: point{7, 34}, em: 5.2, font: ocrb()}, white)
	k.write(text{s: "VALID THRU " + c.digits(2) + "/" + c.digits(2), at: point{30, 42}, em: 2.6, font: hei()}, white)
	k.write(text{s: "SPECIMEN CARD", at: point{7, 48}, em: 3.4, font: hei()}, white)
}

func (c chance) licenceCard(k *canvas) {
	g := plain.ground[shared.SidePortrait]
	g.left, g.right = hsv(c.banded(0.25, 0.5), 0.12, 0.95), hsv(c.banded(0.05, 0.3), 0.1, 0.97)
	g.fill(k.img, k.scale)
	p := invent(c.Rand)
	label := hsv(c.banded(0.3, 0.5), 0.7, 0.4)
	k.title("机动车驾驶样本证", 38, 6.5, 3.8, 0.8)
	rows := [][2]string{{"证号", "样本" + c.digits(12)}, {"姓名", p.Name}, {"国籍", "中国"}, {"住址", p.Address}, {"出生日期", p.Birth.String()}, {"准驾车型", pick(c.Rand, []string{"C1", "C2", "B2", "A1D", "C1E"})}, {"有效期限", p.Issued.String() + " 至 " + c.digits(4)}}
	for i, r := range rows {
		y := 12 + float64(i)*5.6
		k.write(text{s: r[0], at: point{4, y}, em: 2.3, font: hei()}, label)
		value := []rune(r[1])
		k.write(text{s: string(value[:min(len(value), 13)]), at: point{17, y}, em: 2.9, font: hei()}, textInk)
	}
	k.portrait(box{61, 19, 21, 26}, false)
}

func (c chance) permitCard(k *canvas) {
	g := plain.ground[shared.SideEmblem]
	g.left, g.right = hsv(c.banded(0.5, 0.9), 0.15, 0.95), hsv(c.banded(0.4, 0.7), 0.12, 0.95)
	g.fill(k.img, k.scale)
	p := invent(c.Rand)
	k.title("居住样本证", 43, 7, 4.4, 1)
	k.portrait(box{4, 13, 21, 27}, false)
	for i, r := range [][2]string{{"姓名", p.Name}, {"性别", p.Sex}, {"出生", p.Birth.String()}, {"证件号", "样本" + c.digits(8)}, {"住址", p.Address}, {"签发", p.Authority}} {
		y := 15 + float64(i)*5.4
		k.write(text{s: r[0], at: point{29, y}, em: 2.6, font: hei()}, labelInk)
		value := []rune(r[1])
		k.write(text{s: string(value[:min(len(value), 12)]), at: point{40, y}, em: 3, font: hei()}, textInk)
	}
	k.write(text{s: c.digits(4, 4, 4), at: point{30, 48.5}, em: 3.6, font: ocrb()}, textInk)
}

func (c chance) businessCard(k *canvas) {
	ground := hsv(c.banded(0, 1), c.between(0, 0.15), c.between(0.85, 1))
	k.rect(box{0, 0, CardWidth, CardHeight}, ground)
	p := invent(c.Rand)
	accent := hsv(c.banded(0, 1), 0.8, 0.6)
	k.rect(box{0, 0, c.between(2, 8), CardHeight}, accent)
	k.write(text{s: syllables(c.Rand) + "科技有限公司", at: point{12, 9}, em: 4.2, font: hei()}, accent)
	k.write(text{s: p.Name, at: point{12, 24}, em: 6, font: hei()}, textInk)
	k.write(text{s: pick(c.Rand, []string{"经理", "工程师", "顾问", "主任"}), at: point{50, 24}, em: 3, font: hei()}, textInk)
	for i, s := range []string{"电话 000-" + c.digits(8), "邮箱 name@example.com", "地址 " + p.Address} {
		value := []rune(s)
		k.write(text{s: string(value[:min(len(value), 24)]), at: point{12, 35 + float64(i)*5}, em: 2.7, font: hei()}, textInk)
	}
}
