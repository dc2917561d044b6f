package source_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestSplitMark(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stem, prefix, mark string }{
		{"张三_1", "张三", "1"}, {"张三_02", "张三", "2"}, {"张三(2)", "张三", "2"}, {"张三（反）", "张三", "反"}, {"张三 1", "张三", "1"},
		{"张三1", "张三", "1"}, {"001a", "001", "a"}, {"001B", "001", "b"}, {"card_front", "card", "front"}, {"card-Back", "card", "back"},
		{"张三front", "张三", "front"}, {"张三正面", "张三", "正面"}, {"张三-国徽面", "张三", "国徽面"}, {"正面_张三", "张三", "正面"},
		// What is no mark.
		{"李正", "李正", ""}, {"cardfront", "cardfront", ""}, {"IMG_0001", "IMG_0001", ""}, {"0001", "0001", ""}, {"正面", "正面", ""},
		{"_1", "_1", ""}, {"张三", "张三", ""}, {"anna", "anna", ""}, {"", "", ""},
	} {
		if prefix, mark := source.SplitMark(c.stem); prefix != c.prefix || mark != c.mark {
			t.Errorf("%q: %q %q, want %q %q", c.stem, prefix, mark, c.prefix, c.mark)
		}
	}
}

func TestPair(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, pair, sources, want string // a + before a source: the manifest gave it the case "own"
	}{
		{"folder", "folder", "in/甲/1.jpg in/甲/2.jpg in/乙/1.jpg", "in/甲 in/甲 in/乙"},
		{"the working folder has its own name", "folder", "1.jpg 2.jpg", "w w"},
		{"prefix", "prefix", "in/张三_1.jpg in/张三_2.png in/李四正面.jpg in/李四反面.jpg", "in/张三 in/张三 in/李四 in/李四"},
		{"one of them without a mark", "prefix", "in/001.jpg in/001b.jpg", "in/001 in/001"},
		{"the same name in two folders is two people", "prefix", "a/张三_1.jpg b/张三_2.jpg", "a/张三 b/张三"},
		{"a scanner's numbers pair nobody", "prefix", "in/scan_1.jpg in/scan_2.jpg in/scan_3.jpg", "in/scan_1 in/scan_2 in/scan_3"},
		{"next", "next", "in/1.jpg in/2.jpg in/3.jpg", "in/1 in/1 in/3"},
		{"next stays in its folder", "next", "a/1.jpg b/1.jpg b/2.jpg", "a/1 b/1 b/1"},
		{"page", "page", "in/1.jpg in/2.jpg", "in/1 in/2"},
		{"the same file twice is two pages", "page", "in/1.jpg in/1.jpg", "in/1 in/1_(2)"},
		{"a case that is given stays, and its name is not given again", "folder", "+in/1.jpg own/1.jpg", "own own_(2)"},
		{"a case that is given takes no part", "next", "in/1.jpg +in/2.jpg in/3.jpg", "in/1 own in/1"},
		{"an address gives no key away", "folder", "https://p.example/甲/1.jpg?token=abc https://p.example/甲/2.jpg", "p.example/甲 p.example/甲"},
		{"no pairing", "", "in/1.jpg", ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			items := itemsOf(strings.Fields(c.sources))
			p, err := source.ParsePairing(c.pair)
			if err != nil {
				t.Fatal(err)
			}
			source.Pair(items, p)
			var got []string
			for _, i := range items {
				got = append(got, strings.ReplaceAll(i.Case, " ", "_"))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
		})
	}
	if _, err := source.ParsePairing("name"); exit.Of(err) != exit.Usage {
		t.Errorf("unknown pairing: %v", err)
	}
}

func itemsOf(sources []string) []source.Item {
	items := make([]source.Item, len(sources))
	for n, s := range sources {
		i := source.Item{N: n + 1, Identity: fmt.Sprintf("%s\x00%d", s, n)}
		if rest, ok := strings.CutPrefix(s, "+"); ok {
			i.Case, s = "own", rest
		}
		i.Source = s
		if strings.Contains(s, "://") {
			i.Image = shared.Image{URL: s}
		} else {
			i.Image = shared.Image{Path: filepath.Join("/w", s)}
		}
		items[n] = i
	}
	return items
}

// Whatever the names: every picture gets a case with a name that a request may carry, a case never
// reaches over folders, and only next and page look at the order.
func TestPairingsOfAnyNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom([]source.Pairing{source.PairFolder, source.PairPrefix, source.PairNext, source.PairPage}).Draw(t, "pairing")
		names := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			person := rapid.SampledFrom([]string{"张三", "李正", "001", "scan", strings.Repeat("长", 120)}).Draw(t, "person")
			mark := rapid.SampledFrom([]string{"", "_1", "_2", "_3", "a", "b", "正面", "-back"}).Draw(t, "mark")
			return rapid.SampledFrom([]string{"甲", "乙/丙"}).Draw(t, "folder") + "/" + person + mark + ".jpg"
		}), 1, 12).Draw(t, "names")
		items := itemsOf(names)
		source.Pair(items, p)
		folders, sizes := map[string]string{}, map[string]int{}
		for _, i := range items {
			if i.Case == "" || len(i.Case) > 255 || !utf8.ValidString(i.Case) {
				t.Fatalf("case %q of %d bytes", i.Case, len(i.Case))
			}
			folder := filepath.Dir(i.Image.Path)
			if f, ok := folders[i.Case]; ok && f != folder {
				t.Fatalf("a case over two folders: %q", names)
			}
			folders[i.Case] = folder
			sizes[i.Case]++
			if most := map[source.Pairing]int{source.PairNext: 2, source.PairPage: 1}[p]; most > 0 && sizes[i.Case] > most {
				t.Fatalf("%s: %d pictures in a case", p, sizes[i.Case])
			}
		}
	})
}

func FuzzSplitMark(f *testing.F) {
	for _, s := range []string{"张三_1", "001a", "card (front)", "正面_张三", "李正", "[1]", "\xff_1", " _1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stem string) {
		prefix, mark := source.SplitMark(stem)
		if mark == "" && prefix != stem || mark != "" && (prefix == "" || !strings.Contains(stem, prefix)) {
			t.Errorf("%q: %q %q", stem, prefix, mark)
		}
	})
}
