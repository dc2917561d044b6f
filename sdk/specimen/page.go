package specimen

import (
	"image/color"
	"strconv"
	"strings"
	"sync"
)

// The words that printed pages are filled with. They say nothing.
var (
	pageWords = strings.Fields("关于 进一步 加强 管理 工作 通知 各 单位 部门 根据 有关 规定 现将 事项 如下 一是 二是 三是 按照 要求 做好 相关 材料 申请 办理 登记 审核 时间 地点 负责 联系 方式 电话 提交 复印件 原件 证明 人员 信息 姓名 性别 地址 号码 合同 甲方 乙方 条款 协议 双方 权利 义务 服务 项目 内容 说明 附件 备注 日期 签字 盖章 本人 承诺 以上 属实 如有 不符 愿意 承担 责任 其他 未尽 事宜 协商 解决 自 之日 起 生效 有效期 年度 计划 报告 统计 数据 平均 增长 比例 公司 学校 医院 银行 账户 金额 人民币 元整 系统 用户 密码 操作 步骤 点击 确认")
	pageLatin = strings.Fields("the of and to in a is that for it as with on by this are from at which or be was an not have has data system user report table figure value number name date total page section method result model time order form line group level rate test type code")
)

// pages are printed sheets: texts and forms, each drawn once for a family, and used again in other
// parts, sizes and turns.
type pages struct{ texts, forms []sheet }

// A4, in millimetres.
const a4Width, a4Height = 210.0, 297.0

// Pages are drawn at 180 dpi, and a handful of each kind: one takes 15 MB and 50 ms.
const (
	pageScale    = 5.5 // pixels per millimetre; see newPage
	pagesOfAKind = 4
)

var pageBank = [3]func() pages{
	sync.OnceValue(func() pages { return drawPages(SetTrain) }),
	sync.OnceValue(func() pages { return drawPages(SetTune) }),
	sync.OnceValue(func() pages { return drawPages(SetTest) }),
}

func drawPages(set Set) pages {
	c := newChance(set, 4)
	var p pages
	for range pagesOfAKind {
		p.texts = append(p.texts, c.textPage())
		p.forms = append(p.forms, c.formPage())
	}
	return p
}

// newPage returns an empty sheet of paper to print on.
func (c chance) newPage() *canvas {
	paper := shade(c.Rand, color.RGBA{0xF2, 0xF1, 0xEE, 0xFF}, -24, 8, 6)
	// 1155 × 1633 pixels are A4.
	return &canvas{img: blank(1155, 1633, paper), scale: pageScale}
}

// page returns what was drawn as a sheet.
func (c *canvas) page() sheet {
	s := sheet{img: c.img, w: float64(c.img.Rect.Dx()) / c.scale, h: float64(c.img.Rect.Dy()) / c.scale}
	s.small = halves(c.img)
	return s
}

// sentence returns text of about that many characters.
func (c chance) sentence(n int, latin bool) string {
	var b strings.Builder
	for b.Len() < n*3 {
		switch {
		case latin:
			b.WriteString(pick(c.Rand, pageLatin) + " ")
			n += 1 // letters are one byte and half as wide
		case c.happens(0.12):
			b.WriteString(strconv.Itoa(c.IntN(10000)))
		case c.happens(0.05):
			b.WriteString(pick(c.Rand, surnames) + pick(c.Rand, givenMale) + syllables(c.Rand))
		case c.happens(0.16):
			b.WriteString("，")
		default:
			b.WriteString(pick(c.Rand, pageWords))
		}
	}
	return b.String()
}

// flow writes lines of text into a box, the last one of each paragraph shorter.
func (c chance) flow(k *canvas, b box, em, pitch float64, latin bool, ink color.Color) {
	for y := b.y + em/2; y < b.y+b.h-em/2; y += pitch {
		w := b.w
		if c.happens(0.18) {
			w *= c.between(0.2, 0.9)
		}
		t := text{at: point{b.x, y}, em: em, font: hei()}
		for _, r := range c.sentence(int(w/em*2)+4, latin) {
			t.s += string(r)
			if float64(len(t.s)) > w/em*1.4 { // widths are only asked for where they may matter
				if k.width(t) > w {
					break
				}
			}
		}
		k.write(t, ink)
	}
}

func (c chance) textPage() sheet {
	k := c.newPage()
	latin := c.happens(0.25)
	ink := shade(c.Rand, color.RGBA{0x20, 0x20, 0x22, 0xFF}, -20, 50, 4)
	em := c.banded(2.6, 5.5)
	columns := 1 + c.IntN(2)
	title := text{s: c.sentence(10, latin), em: em * 1.7, font: hei()}
	title.at = point{(a4Width - k.width(title)) / 2, 22}
	k.write(title, ink)
	gap := 8.0
	w := (a4Width - 36 - gap*float64(columns-1)) / float64(columns)
	for i := range columns {
		c.flow(k, box{18 + float64(i)*(w+gap), 34, w, a4Height - 55}, em, em*c.between(1.3, 1.8), latin, ink)
	}
	return k.page()
}

// formPage draws a table with labels, some of them a card's own.
func (c chance) formPage() sheet {
	k := c.newPage()
	ink := shade(c.Rand, color.RGBA{0x28, 0x28, 0x2C, 0xFF}, -20, 60, 6)
	em := c.banded(2.8, 4.6)
	title := text{s: c.sentence(8, false) + "登记表", em: em * 1.8, font: hei()}
	title.at = point{(a4Width - k.width(title)) / 2, 20}
	k.write(title, ink)
	labels := strings.Fields("姓名 性别 民族 出生 住址 公民身份号码 签发机关 有效期限 电话 单位 备注 编号 日期 金额 项目 数量 联系人 申请人")
	left, right := 15.0, a4Width-15
	const line = 0.35
	row := c.banded(8, 18)
	y := 32.0
	for ; y < a4Height-row-12; y += row {
		k.rect(box{left, y, right - left, line}, ink)
		x := left
		for x < right-14 {
			k.rect(box{x, y, line, row}, ink)
			s := pick(c.Rand, labels)
			k.write(text{s: s, at: point{x + 1.5, y + row/2}, em: em, font: hei()}, ink)
			w := float64(len([]rune(s)))*em + 4
			k.rect(box{x + w, y, line, row}, ink)
			value := c.between(18, 60)
			if c.happens(0.6) {
				k.write(text{s: c.sentence(int(value/em)-3, false), at: point{x + w + 1.5, y + row/2}, em: em * 0.95, font: hei()}, ink)
			}
			x += w + value
			k.rect(box{min(x, right), y, a4Width, row}, k.img.At(0, 0)) // what ran over its cell
		}
		k.rect(box{right, y, line, row}, ink)
	}
	k.rect(box{left, y, right - left + line, line}, ink)
	return k.page()
}

// keyboard draws rows of keys.
func (c chance) keyboard() sheet {
	const w, h, key, pitch = 300.0, 110.0, 16.0, 19.0
	light := c.happens(0.4)
	body, cap1, letter := color.RGBA{0x18, 0x18, 0x1A, 0xFF}, color.RGBA{0x2C, 0x2C, 0x30, 0xFF}, color.RGBA{0xD8, 0xD8, 0xDC, 0xFF}
	if light {
		body, cap1, letter = color.RGBA{0xB4, 0xB6, 0xBA, 0xFF}, color.RGBA{0xEE, 0xEE, 0xF0, 0xFF}, color.RGBA{0x38, 0x38, 0x3C, 0xFF}
	}
	k := &canvas{img: blank(int(w*3), int(h*3), body), scale: 3}
	for j, keys := range []string{"1234567890-=", "QWERTYUIOP[]", "ASDFGHJKL;'", "ZXCVBNM,./"} {
		for i, r := range keys {
			b := box{12 + float64(i)*pitch + float64(j)*5, 8 + float64(j)*pitch, key, key}
			k.rect(b, cap1)
			k.write(text{s: string(r), at: point{b.x + 3, b.y + 5}, em: 5, font: hei()}, letter)
		}
	}
	k.rect(box{70, 8 + 4*pitch, 110, key}, cap1)
	return k.page()
}
