package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/batch"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/report"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/source"
	"github.com/seed-6b91b535/idrec/sdk/layers"
	"github.com/seed-6b91b535/idrec/sdk/ledger/open"
	"github.com/seed-6b91b535/idrec/sdk/local"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/shared"
)

// prose is a text of at least two words, one of them of letters; machines are told things in one.
var prose = regexp.MustCompile(`[A-Za-z]{2,}\S*\s+\S|\S\s+\S*[A-Za-z]{2,}`)

// unspoken are the calls whose texts nobody reads but programmers and logs.
var unspoken = map[string]bool{
	"Info": true, "Warn": true, "Debug": true, "Error": true, "panic": true, "MustCompile": true, "HasPrefix": true, "Contains": true, "CutPrefix": true,
}

// wordy is a text with a word in it, apart from verbs.
func wordy(text string) bool {
	return regexp.MustCompile(`[A-Za-z]{2,}`).MatchString(regexp.MustCompile(`%[.0-9]*[a-z]`).ReplaceAllString(text, ""))
}

// spoken are the calls whose texts, all of them, people read, even a word.
var spoken = map[string]bool{
	"Of": true, "Word": true, "Plural": true, "Text": true, "text": true, "Format": true, "format": true, "tellf": true, "say": true, "Errorf": true,
	"verdict": true, "newTable": true, "Head": true, "head": true, "flags": true, "healthLine": true,
}

// unread are texts that look like prose and are none, or that only programs read.
var unread = []string{
	"exit %d", "encode a record: %w", `<script type="application/json" id="rows">[`, "a sealed record was changed", "read a record: %w", "write a spreadsheet: %w", "too large", "idrec: %s\n", "idrec {{.Version}}\n", "system volume information", "not written: give --out FILE or --output", "file line ", "-file, -env or -command",
	"doc docx dot dotx rtf odt wps xls xlsx xlsm et ods ppt pptx dps odp vsd vsdx mdb accdb msg pst", "lnk tmp bak part crdownload db-journal lock",
	"heic heif avif jp2 jxl psd ai svg dng cr2 cr3 nef arw raw ico wmf emf eps djvu caj", "mp3 wav m4a amr wma mp4 mov avi mkv wmv 3gp flv", "pdf ofd xps",
	"txt md log json ndjson jsonl csv tsv xml htm html yaml yml ini cfg eml url", "zip rar 7z tar gz tgz bz2 xz zst iso cab",
}

// findings are those of the contract.
var findings = []shared.FindingCode{
	shared.FindingNumberFormat, shared.FindingNumberCheckDigit, shared.FindingNumberSequence, shared.FindingNumberRegion, shared.FindingNumberLegacy,
	shared.FindingBirthMismatch, shared.FindingSexMismatch, shared.FindingBirthInvalid, shared.FindingSexInvalid, shared.FindingEthnicityUnknown,
	shared.FindingNameSuspicious, shared.FindingTermInvalid, shared.FindingTermUnexpected, shared.FindingExpired, shared.FindingNotYetValid,
	shared.FindingFieldMissing, shared.FindingVendorCheck, shared.FindingReversedSide, shared.FindingSeveralCards, shared.FindingURLByVendor,
	shared.FindingCaseMismatch, shared.FindingCaseIncomplete,
}

// literals hands over the texts in the packages of the program that people may read, with where they stand.
func literals(t *testing.T, dirs []string, found func(text, where string)) {
	t.Helper()
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool { return visit(set, n, false, found) })
		}
	}
}

func visit(set *token.FileSet, n ast.Node, all bool, found func(text, where string)) bool {
	again := func(n ast.Node, all bool) {
		ast.Inspect(n, func(n ast.Node) bool { return visit(set, n, all, found) })
	}
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.Field:
		if n.Tag != nil { // of a struct
			return false
		}
	case *ast.KeyValueExpr:
		// The tree of commands is walked as it is when it runs.
		if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Use", "Short", "Long", "Example"}, key.Name) {
			return false
		}
	case *ast.GenDecl:
		if n.Tok == token.CONST && strings.HasSuffix(n.Specs[0].(*ast.ValueSpec).Names[0].Name, "Help") {
			return false
		}
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			name = f.Sel.Name
		}
		switch {
		case unspoken[name], strings.HasSuffix(name, "Var"), strings.HasSuffix(name, "VarP"):
			return false
		case spoken[name]:
			again(n.Fun, false)
			for _, a := range n.Args {
				if lit, ok := a.(*ast.BasicLit); ok {
					visit(set, lit, true, found)
					continue
				}
				again(a, false)
			}
			return false
		}
	case *ast.BasicLit:
		text, err := strconv.Unquote(n.Value)
		if n.Kind == token.STRING && err == nil && (all || prose.MatchString(text)) {
			found(text, set.Position(n.Pos()).String())
		}
	}
	return true
}

// commandTexts are what the tree of commands says of itself.
func commandTexts(root *cobra.Command) map[string]string {
	root.InitDefaultHelpCmd()
	texts := map[string]string{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		texts[c.Short] = c.CommandPath()
		for _, p := range messages.Paragraphs(c.Long) {
			if !strings.HasPrefix(p, " ") {
				texts[p] = c.CommandPath()
			}
		}
		see := func(f *pflag.Flag) {
			if !f.Hidden {
				texts[f.Usage] = c.CommandPath() + " --" + f.Name
			}
		}
		c.Flags().VisitAll(see)
		c.PersistentFlags().VisitAll(see)
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(root)
	delete(texts, "")
	return texts
}

// allTexts are all that people read, with where each stands.
func allTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := commandTexts((&app{World: World{Lookup: func(string) (string, bool) { return "", false }}}).root())
	literals(t, []string{"../batch", "../cli", "../exit", "../journal", "../report", "../settings", "../source", "../target"}, func(text, where string) {
		texts[text] = where
	})
	for _, i := range shared.Codes() {
		texts[i.Meaning], texts[i.Do] = "shared", "shared"
	}
	fields := layers.Fields(&shared.Description{Paid: true})
	for _, r := range []shared.Recognizer{wapi.NewProvider(), local.New(local.Options{})} {
		about, err := r.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, about.Fields...)
	}
	for _, f := range fields {
		texts[f.Help] = "a setting"
	}
	texts[open.KeyAdvice] = "sdk/ledger/open"
	// Codes, as people read them in tables.
	for _, s := range []shared.PictureStatus{
		shared.StatusNormal, shared.StatusReversedSide, shared.StatusNonIDCard, shared.StatusBlurred, shared.StatusOtherTypeCard, shared.StatusOverExposure, shared.StatusOverDark, shared.StatusUnknown,
	} {
		texts[string(s)] = "a status"
	}
	for _, s := range []shared.Side{shared.SidePortrait, shared.SideEmblem, shared.SideBoth} {
		texts[string(s)] = "a side"
	}
	for _, f := range shared.CardFields() {
		texts[string(f)] = "a field"
	}
	for _, f := range findings {
		texts[string(f)] = "a finding"
	}
	for _, o := range []shared.Outcome{shared.OutcomeNotSent, shared.OutcomeRejected, shared.OutcomeBilled, shared.OutcomeAmbiguous, shared.OutcomeFree} {
		texts[string(o)] = "an outcome"
	}
	for _, k := range []batch.Kind{batch.Recognised, batch.Unusable, batch.Failed, batch.Unclear, batch.Later, batch.Blocked} {
		texts[string(k)] = "a kind of answer"
	}
	for _, k := range source.FileKinds() {
		texts[string(k)] = "a kind of file"
	}
	for _, h := range report.Heads() {
		texts[h] = "a head of a spreadsheet or a report"
	}
	for _, w := range []string{shared.LongTerm, "good", "bad", "warning", "note", "process", "upstream", "clock", "credentials", "unclear", "equal", "explained", "unexplained", ", ", "; ", ":"} {
		texts[w] = "a word"
	}
	for _, text := range unread {
		delete(texts, text)
	}
	return texts
}

func TestNoTextForPeopleLacksItsChineseTwin(t *testing.T) {
	t.Parallel()
	texts := allTexts(t)
	var missing []string
	for _, text := range slices.Sorted(maps.Keys(texts)) {
		if wordy(text) && !messages.Chinese.Known(text) {
			missing = append(missing, strconv.Quote(text)+" // "+texts[text])
		}
	}
	if len(missing) > 0 {
		t.Errorf("%d texts have no twin in internal/messages:\n%s", len(missing), strings.Join(missing, "\n"))
	}
}

func TestNoTwinIsLeftOfATextThatIsGone(t *testing.T) {
	t.Parallel()
	texts := allTexts(t)
	// What the rooms below say need not be whole there: names stand in the middle.
	var below strings.Builder
	err := filepath.WalkDir("../../../../sdk", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != "testdata" && d.Name() != "train" {
			if files, _ := filepath.Glob(filepath.Join(path, "*.go")); len(files) > 0 {
				literals(t, []string{path}, func(text, _ string) { below.WriteString(text + "\n") })
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`%[.0-9]*[a-z]`)
	said := verb.ReplaceAllString(below.String(), "%v")
	for _, english := range messages.Texts() {
		if _, used := texts[english]; used || strings.Contains(said, english) {
			continue
		}
		for part := range strings.SplitSeq(english, "%v") {
			if len(part) > len("no plugin ") && !strings.Contains(said, part) {
				t.Errorf("nobody says %q", english)
			}
		}
	}
}

// What is written past the catalogue would not be said in the user's language.
func TestNothingIsPrintedPastTheCatalogue(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || name == "say.go" || name == "help.go" { // which builds a text
			continue
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Fprint", "Fprintf", "Fprintln", "Print", "Printf", "Println", "WriteString"}, fun.Sel.Name) {
				return true
			}
			to := call.Args[0]
			if of, ok := fun.X.(*ast.Ident); ok && of.Name != "fmt" && of.Name != "io" {
				return true // a builder's method
			}
			if local, ok := to.(*ast.UnaryExpr); !ok || local.Op != token.AND {
				t.Errorf("%s prints by itself: use say, tellf or print", set.Position(call.Pos()))
			}
			return true
		})
	}
}

func TestHelpIsChineseToTheLastLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.env["LANG"] = "zh_CN.UTF-8"
	root := (&app{World: World{Lookup: func(string) (string, bool) { return "", false }}}).root()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		b.want(exit.OK, "", append(strings.Fields(c.CommandPath())[1:], "--help")...)
		verbatim := false
		for line := range strings.Lines(b.out.String()) {
			verbatim = strings.HasPrefix(line, "示例") || verbatim && strings.HasPrefix(line, " ")
			if words := regexp.MustCompile(`[a-z]{2,} [a-z]{2,} [a-z]{2,}`).FindString(line); words != "" && !verbatim && !strings.HasPrefix(line, "  idrec ") && !strings.HasPrefix(words, "idrec") {
				t.Errorf("%s: %s", c.CommandPath(), line)
			}
			if messages.Width(strings.TrimRight(line, "\n")) > helpWidth && !verbatim {
				t.Errorf("%s: %d wide: %s", c.CommandPath(), messages.Width(line), line)
			}
		}
		for _, s := range c.Commands() {
			walk(s)
		}
	}
	walk(root)
}
