package specimen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// cityNeverIssued stands at the place of the city in every number: GB/T 2260 gives 01 to 70 to cities
// and prefectures and 90 to counties directly under a province, and has never used 88.
const cityNeverIssued = "88"

// province is a division of the first level with its code in GB/T 2260.
type province struct {
	code, name   string
	municipality bool // has districts and no cities below it
}

var provinces = []province{
	{"11", "北京市", true}, {"12", "天津市", true}, {"13", "河北省", false}, {"14", "山西省", false},
	{"15", "内蒙古自治区", false}, {"21", "辽宁省", false}, {"22", "吉林省", false}, {"23", "黑龙江省", false},
	{"31", "上海市", true}, {"32", "江苏省", false}, {"33", "浙江省", false}, {"34", "安徽省", false},
	{"35", "福建省", false}, {"36", "江西省", false}, {"37", "山东省", false}, {"41", "河南省", false},
	{"42", "湖北省", false}, {"43", "湖南省", false}, {"44", "广东省", false}, {"45", "广西壮族自治区", false},
	{"46", "海南省", false}, {"50", "重庆市", true}, {"51", "四川省", false}, {"52", "贵州省", false},
	{"53", "云南省", false}, {"54", "西藏自治区", false}, {"61", "陕西省", false}, {"62", "甘肃省", false},
	{"63", "青海省", false}, {"64", "宁夏回族自治区", false}, {"65", "新疆维吾尔自治区", false},
}

// The syllables of invented places. Rare characters that real places have (浉 垟 埇 崀 …) stand among
// them, so that readers meet them.
var (
	placeHeads = strings.Fields("云 望 青 映 霁 松 砚 栖 汀 鹤 岚 沐 璧 澹 蓼 槿 筠 鹭 枕 漱 涵 芷 衡 澄 峪 浉 湉 垚 崀 埇 溦 滢 沄 玥 珺 堃")
	placeTails = strings.Fields("屏 澜 禾 溪 川 麓 湖 桐 兰 鸣 泽 岭 浦 塬 洲 坞 湾 渡 坪 陂 垟 塘 圩 洑 洎 浐 堉 嵊 墩 埠")
	streetEnds = strings.Fields("路 街 大道 巷 东路 西街 南路 北街 胡同 新村")
	townEnds   = strings.Fields("镇 乡 街道")
	estateEnds = strings.Fields("花园 小区 公寓 家园 新村 雅苑 名邸")
)

func syllables(r *rand.Rand) string { return pick(r, placeHeads) + pick(r, placeTails) }

// place is an invented county, or district of a city.
type place struct {
	province province
	city     string // empty in a municipality
	county   string
	number   int // of the county within the city
}

func inventPlace(r *rand.Rand) place {
	p := place{province: pick(r, provinces), number: 1 + r.IntN(29)}
	if !p.province.municipality {
		p.city = syllables(r) + "市"
	}
	p.county = syllables(r)
	if p.province.municipality {
		p.county += "区"
	} else {
		p.county += pick(r, []string{"区", "县", "县", "市"})
	}
	return p
}

// region returns the six digits with which the numbers of the place begin.
func (p place) region() string {
	return fmt.Sprintf("%s%s%02d", p.province.code, cityNeverIssued, p.number)
}

// address invents a home there, and leaves out parts until it fits the card.
func (p place) address(r *rand.Rand) string {
	county := p.province.name + p.city + p.county
	if strings.HasSuffix(p.county, "市") { // a city of the county level is written without the one above
		county = p.province.name + p.county
	}
	var parts []string
	switch r.IntN(4) {
	case 0: // in the country
		parts = []string{syllables(r) + pick(r, townEnds[:2]), syllables(r) + "村", fmt.Sprintf("%d组", 1+r.IntN(20)), fmt.Sprintf("%d号", 1+r.IntN(200))}
	case 1: // short
		parts = []string{syllables(r) + pick(r, streetEnds[:2]) + fmt.Sprintf("%d号", 1+r.IntN(99))}
		if p.province.municipality && r.IntN(2) == 0 {
			parts = []string{syllables(r) + fmt.Sprintf("街%d号", 1+r.IntN(9))} // eleven characters with the county
		}
	default: // in the city
		parts = []string{syllables(r) + pick(r, streetEnds) + fmt.Sprintf("%d号", 1+r.IntN(1999)), syllables(r) + pick(r, estateEnds),
			fmt.Sprintf("%d栋", 1+r.IntN(40)), fmt.Sprintf("%d单元", 1+r.IntN(6)), fmt.Sprintf("%d室", 101+r.IntN(3200))}
		if r.IntN(3) == 0 {
			parts = append([]string{syllables(r) + "街道办事处" + syllables(r) + "社区"}, parts...)
		}
	}
	address := county
	for _, part := range parts {
		if utf8.RuneCountInString(address+part) <= AddressColumns*AddressLines {
			address += part
		}
	}
	return address
}

// authority returns who issues the cards of the place.
func (p place) authority(r *rand.Rand) string {
	switch {
	case strings.HasSuffix(p.county, "区"):
		base := p.city
		if p.province.municipality {
			base = p.province.name
		}
		return base + "公安局" + strings.TrimSuffix(p.county, "区") + "分局"
	case r.IntN(8) == 0:
		return p.province.name + p.county + "公安局"
	}
	return p.county + "公安局"
}
