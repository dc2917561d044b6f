// Command notices writes THIRD_PARTY_NOTICES: for every module that is linked into our programs on any
// platform, and for the Go standard library, the licence texts that its authors ship; and the notices
// that stand beside our embedded data. Run it from the top of the repository.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

type module struct {
	Path, Version, Dir string
	Main               bool
}

var (
	platforms = []string{"linux", "darwin", "windows"}
	programs  = []string{"./host-example/idrec", "./plugin/..."}
	licence   = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)
	embedded  = regexp.MustCompile(`(?i)^(NOTICES\.md|OFL\.txt|OCR-B\.txt|LICENSE.*)$`)
)

func main() {
	log.SetFlags(0)
	modules := map[string]module{}
	for _, goos := range platforms {
		if err := collect(modules, goos); err != nil {
			log.Fatal(err)
		}
	}
	var out bytes.Buffer
	out.WriteString("THIRD-PARTY NOTICES\n\nidrec's programs contain the following. Made by `make generate`.\n")
	if err := section(&out, "The Go standard library", goroot()); err != nil {
		log.Fatal(err)
	}
	for _, path := range slices.Sorted(keys(modules)) {
		m := modules[path]
		if err := section(&out, m.Path+" "+m.Version, m.Dir); err != nil {
			log.Fatal(err)
		}
	}
	if err := data(&out); err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(out.Bytes()); err != nil {
		log.Fatal(err)
	}
}

func keys(m map[string]module) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func collect(modules map[string]module, goos string) error {
	cmd := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, programs...)...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		var p struct{ Module *module }
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = *p.Module
		}
	}
}

func goroot() string {
	b, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		log.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// section writes the licence files of one directory. A module without any is an error: it must not be
// shipped.
func section(out *bytes.Buffer, title, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	n := 0
	for _, e := range entries {
		if e.IsDir() || !licence.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		if err := text(out, title, filepath.Join(dir, e.Name())); err != nil {
			return err
		}
		n++
	}
	if n == 0 {
		return fmt.Errorf("%s: no licence file in %s", title, dir)
	}
	return nil
}

func text(out *bytes.Buffer, title, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n%s (%s)\n%s\n\n%s\n", strings.Repeat("=", 78), title, filepath.Base(file), strings.Repeat("=", 78),
		strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")))
	return nil
}

// data adds the notices beside embedded fonts, names and weights.
func data(out *bytes.Buffer) error {
	return filepath.WalkDir("sdk", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "node_modules" {
			return filepath.SkipDir // what `make peer` installs is not linked in
		}
		if err != nil || d.IsDir() || !embedded.MatchString(d.Name()) {
			return err
		}
		return text(out, filepath.ToSlash(filepath.Dir(path)), path)
	})
}
