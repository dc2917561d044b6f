package source_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/shared"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree makes files with the names given, and returns the folder.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, n := range names {
		p := filepath.Join(dir, filepath.FromSlash(n))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sources returns the sources relative to dir.
func sources(dir string, items []source.Item) []string {
	var out []string
	for _, i := range items {
		out = append(out, filepath.ToSlash(strings.TrimPrefix(i.Source, dir+string(filepath.Separator))))
	}
	return out
}

func TestFoldersAreListedInOrderAndOnlyTheirPictures(t *testing.T) {
	t.Parallel()
	dir := tree(t, "b/2.JPG", "b/10.png", "a.webp", "c.truth.json", ".hidden.jpg", ".cache/x.jpg", "b/._2.JPG", "z.tiff", "Thumbs.db", "@eaDir/a.jpg", "b/scan.PDF", "b/~$x.docx", "b/wechat.jfif")
	items, passed, err := source.Expand(source.Inputs{Args: []string{dir}, Side: shared.SideEmblem})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(sources(dir, items)); got != "[a.webp b/10.png b/2.JPG b/wechat.jfif z.tiff]" ||
		!maps.Equal(passed, source.Passed{source.KindText: 1, source.KindHidden: 3, source.KindSystem: 3, source.KindPDF: 1}) {
		t.Errorf("got %v, passed over %v", got, passed)
	}
	for n, i := range items {
		if i.N != n+1 || i.Side != shared.SideEmblem || !filepath.IsAbs(i.Image.Path) || i.Size == 0 || i.Modified.IsZero() {
			t.Errorf("item %d: %+v", n, i)
		}
	}
}

func TestALinkedFolderIsWalkedWhenItIsNamed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege there")
	}
	dir := tree(t, "real/a.jpg", "real/sub/b.jpg")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "real"), link); err != nil {
		t.Fatal(err)
	}
	// A link that closes a loop, and a linked file, within the folder.
	if err := os.Symlink(filepath.Join(dir, "real"), filepath.Join(dir, "real", "loop.jpg")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "real", "a.jpg"), filepath.Join(dir, "real", "z.jpg")); err != nil {
		t.Fatal(err)
	}
	items, _, err := source.Expand(source.Inputs{Args: []string{link}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(sources(link, items)); got != "[a.jpg sub/b.jpg z.jpg]" {
		t.Errorf("got %v", got)
	}
}

func TestPatternsAreExpandedHere(t *testing.T) {
	t.Parallel()
	dir := tree(t, "x/1.jpg", "x/y/2.jpg", "x/y/3.tscan", "x/y/4.txt", "lit[1].jpg")
	for pattern, want := range map[string]string{
		"**/*.jpg":        "[lit[1].jpg x/1.jpg x/y/2.jpg]",
		"x/y/*":           "[x/y/2.jpg x/y/3.tscan]",
		"x/{1,y/2}.jpg":   "[x/1.jpg x/y/2.jpg]",
		"lit[1].jpg":      "[lit[1].jpg]", // a file of that very name comes first
		"x/y/[23].{j,t}*": "[x/y/2.jpg x/y/3.tscan]",
	} {
		items, _, err := source.Expand(source.Inputs{Args: []string{filepath.Join(dir, filepath.FromSlash(pattern))}})
		if got := fmt.Sprint(sources(dir, items)); err != nil || got != want {
			t.Errorf("%s: got %v, %v; want %s", pattern, got, err, want)
		}
	}
}

func TestAPatternGoesByTheRulesOfAFolder(t *testing.T) {
	t.Parallel()
	dir := tree(t, "x/1.jpg", "x/._1.jpg", "x/.hidden/2.jpg", "x/dir.jpg/3.jpg")
	for link, to := range map[string]string{"x/up.jpg": "..", "x/loop.jpg": "loop.jpg", "x/nowhere.jpg": "nothing", "x/same.jpg": "1.jpg"} {
		if err := os.Symlink(to, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	for _, in := range []string{"", "/**/*.jpg"} {
		items, _, err := source.Expand(source.Inputs{Args: []string{filepath.Join(dir, "x") + filepath.FromSlash(in)}})
		if got := fmt.Sprint(sources(dir, items)); err != nil || got != "[x/1.jpg x/dir.jpg/3.jpg x/loop.jpg x/nowhere.jpg x/same.jpg]" {
			t.Errorf("%q: %s, %v", in, got, err)
		}
	}
}

func TestListOnStandardInput(t *testing.T) {
	t.Parallel()
	dir := tree(t, "a.jpg")
	in := filepath.Join(dir, "a.jpg") + "\r\n\n# a comment\nhttps://pictures.example/1.jpg?token=x\n" + filepath.Join(dir, "gone.jpg") + "\n"
	items, _, err := source.Expand(source.Inputs{Args: []string{"-"}, Stdin: strings.NewReader(in)})
	if err != nil || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	if items[0].Image.Path == "" || items[1].Image.URL == "" || items[2].Image.Path == "" || items[2].Size != 0 {
		t.Errorf("kinds: %v %v %v", items[0].Image, items[1].Image, items[2].Image)
	}
}

func TestTheSamePictureTwiceIsTwoItems(t *testing.T) {
	t.Parallel()
	dir := tree(t, "a.jpg")
	a := filepath.Join(dir, "a.jpg")
	items, _, err := source.Expand(source.Inputs{Args: []string{a, dir, a}})
	if err != nil || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), err)
	}
	ids := map[string]bool{}
	for _, i := range items {
		ids[i.Identity] = true
	}
	if len(ids) != 3 {
		t.Errorf("%d identities for 3 items", len(ids))
	}
}

func TestManifestGivesEachPictureItsOwnSettings(t *testing.T) {
	t.Parallel()
	dir := tree(t, "pics/a.jpg")
	sum := strings.Repeat("ab", 32)
	nd := `{"source":"pics/a.jpg","side":"back","case":"c1","key":"k1","subject":"s","purpose":"p","sha256":"` + strings.ToUpper(sum) + `"}` + "\n\n" +
		`{"source":"http://127.0.0.1/x.jpg"}` + "\n"
	csv := "\xEF\xBB\xBFSource,side,case,key,subject,purpose,sha256\npics/a.jpg,emblem,c1,k1,s,p," + sum + "\nhttp://127.0.0.1/x.jpg,,,,,,\n"
	for name, text := range map[string]string{"m.ndjson": nd, "m.csv": csv} {
		m := filepath.Join(dir, name)
		if err := os.WriteFile(m, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		items, _, err := source.Expand(source.Inputs{Manifest: m, Side: shared.SidePortrait})
		if err != nil || len(items) != 2 {
			t.Fatalf("%s: %d items, %v", name, len(items), err)
		}
		a := items[0]
		if a.Side != shared.SideEmblem || a.Case != "c1" || a.Key != "k1" || a.Subject != "s" || a.Purpose != "p" || a.SHA256 != sum ||
			a.Image.Path != filepath.Join(dir, "pics", "a.jpg") || a.Source != "pics/a.jpg" {
			t.Errorf("%s: fields lost", name)
		}
		if items[1].Image.URL == "" || items[1].Side != shared.SidePortrait {
			t.Errorf("%s: second item", name)
		}
	}
}

func TestBadInputsAreOneClearLineWithoutTheirNames(t *testing.T) {
	t.Parallel()
	const canary = "李秀英-11010519491231002X"
	dir := tree(t, canary+"/notes.txt", "m1", "m2", "m3", "m4", "m5", "empty.csv")
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, c := range map[string]struct {
		in   source.Inputs
		exit int
		says string
	}{
		"nothing":         {source.Inputs{}, exit.NoInput, "no input"},
		"missing":         {source.Inputs{Args: []string{dir, filepath.Join(dir, canary+".jpg")}}, exit.NoInput, "input 2 does not exist"},
		"no pictures":     {source.Inputs{Args: []string{filepath.Join(dir, canary)}}, exit.NoInput, "no pictures"},
		"no match":        {source.Inputs{Args: []string{filepath.Join(dir, canary+"*.jpg")}}, exit.NoInput, "matches no file"},
		"bad pattern":     {source.Inputs{Args: []string{filepath.Join(dir, "[a")}}, exit.Usage, "pattern"},
		"ftp":             {source.Inputs{Args: []string{"ftp://h/" + canary}}, exit.Usage, "http or https"},
		"empty argument":  {source.Inputs{Args: []string{""}}, exit.Usage, "input 1 is empty"},
		"stdin twice":     {source.Inputs{Args: []string{"-", "-"}, Stdin: strings.NewReader("")}, exit.Usage, "once"},
		"empty list":      {source.Inputs{Args: []string{"-"}, Stdin: strings.NewReader("\n")}, exit.NoInput, "nothing to do"},
		"no manifest":     {source.Inputs{Manifest: filepath.Join(dir, canary+".csv")}, exit.NoInput, "manifest cannot be opened"},
		"unknown key":     {source.Inputs{Manifest: write("m1", `{"source":"a"}`+"\n"+`{"sorce":"`+canary+`"}`)}, exit.Usage, "line 2"},
		"unknown column":  {source.Inputs{Manifest: write("m2", "source,"+canary+"\na,b\n")}, exit.Usage, "column 2"},
		"no source":       {source.Inputs{Manifest: write("m3", `{"side":"front"}`)}, exit.Usage, "line 1 has no source"},
		"unknown side":    {source.Inputs{Manifest: write("m4", "source,side\na.jpg,"+canary+"\n")}, exit.Usage, "line 2 has an unknown side"},
		"ragged CSV":      {source.Inputs{Manifest: write("m5", "source,side\na.jpg\n")}, exit.Usage, "line 2"},
		"empty manifest":  {source.Inputs{Manifest: write("empty.csv", "\n")}, exit.NoInput, "nothing to do"},
		"two JSON a line": {source.Inputs{Manifest: write("m6", `{"source":"a"}{"source":"b"}`)}, exit.Usage, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			items, _, err := source.Expand(c.in)
			if err == nil {
				t.Fatalf("no error, %d items", len(items))
			}
			if got := exit.Of(err); got != c.exit || !strings.Contains(err.Error(), c.says) {
				t.Errorf("exit %d (%v), want %d with %q", got, err, c.exit, c.says)
			}
			if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
				t.Errorf("personal, or more than a line: %v", err)
			}
		})
	}
}

func TestAnItemPrintsAsItsAliasOnly(t *testing.T) {
	t.Parallel()
	i := source.Item{N: 7, Source: "李秀英.jpg", Image: shared.Image{Path: "/x/李秀英.jpg"}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if got := fmt.Sprintf(verb, i); got != "#7" {
			t.Errorf("%s: %s", verb, got)
		}
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"source":"a.jpg","side":"front"}`))
	f.Add([]byte("source,side\na.jpg,back\n"))
	f.Add([]byte("\xEF\xBB\xBF\n{"))
	f.Add([]byte("source\n\"unclosed\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		items, _, err := source.Expand(source.Inputs{Manifest: "-", Stdin: strings.NewReader(string(text))})
		if err == nil && len(items) == 0 {
			t.Error("neither items nor an error")
		}
		if err != nil && exit.Of(err) == exit.Defect {
			t.Errorf("untyped error %v", err)
		}
	})
}
