// Command dist makes the release archives: idrec and its plugins for every platform, with licences and
// an SPDX list of what is in them, and SHA256SUMS over all. Run it from the top of the repository by
// `make dist`. The same commit, Go version and -version give the same bytes: the time in the archives is
// SOURCE_DATE_EPOCH, or else that of the commit.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// documents lie in every archive beside the programs.
var documents = []string{"LICENSE", "THIRD_PARTY_NOTICES", "README.md", "README.zh-CN.md", "CHANGELOG.md", "SECURITY.md"}

type file struct {
	name string
	mode int64
	data []byte
}

func main() {
	log.SetFlags(0)
	version := flag.String("version", "dev", "version that the programs report")
	out := flag.String("out", "dist", "folder of the archives; what it held is removed")
	platforms := flag.String("platforms", "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64", "GOOS/GOARCH, comma-separated")
	flag.Parse()
	if err := run(*version, *out, strings.Split(*platforms, ",")); err != nil {
		log.Fatal("dist: ", err)
	}
}

func run(version, out string, platforms []string) error {
	at, err := released()
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	licences, err := newLicences()
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range platforms {
		goos, goarch, ok := strings.Cut(p, "/")
		if !ok {
			return fmt.Errorf("platform %q is not GOOS/GOARCH", p)
		}
		name := fmt.Sprintf("idrec_%s_%s_%s", strings.TrimPrefix(version, "v"), goos, goarch)
		files, err := contents(name, version, goos, goarch, at, licences)
		if err != nil {
			return err
		}
		var archive []byte
		if goos == "windows" {
			name += ".zip"
			archive, err = zipped(files, at)
		} else {
			name += ".tar.gz"
			archive, err = tarred(files, at)
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name), archive, 0o644); err != nil {
			return err
		}
		sum := sha256.Sum256(archive)
		fmt.Fprintf(&sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
		fmt.Printf("%s  %.1f MB\n", name, float64(len(archive))/1e6)
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}

// released is the time that stands in the archives.
func released() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		b, err := exec.Command("git", "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("the time of the commit is not known: set SOURCE_DATE_EPOCH: %w", err)
		}
		text = strings.TrimSpace(string(b))
	}
	s, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(s, 0).UTC(), err
}

// contents builds the programs of one platform and puts the documents beside them, all below top.
func contents(top, version, goos, goarch string, at time.Time, l *licences) ([]file, error) {
	dir, err := os.MkdirTemp("", "idrec-dist-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	packages := []string{"./host-example/idrec"}
	plugins, err := filepath.Glob("plugin/idrec-plugin-*")
	if err != nil {
		return nil, err
	}
	for _, p := range plugins {
		packages = append(packages, "./"+filepath.ToSlash(p))
	}
	var files []file
	var programs []string
	for _, p := range packages {
		name := filepath.Base(p)
		if goos == "windows" {
			name += ".exe"
		}
		program := filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.version="+version, "-o", program, p)
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("building %s for %s/%s: %w", p, goos, goarch, err)
		}
		b, err := os.ReadFile(program)
		if err != nil {
			return nil, err
		}
		files = append(files, file{top + "/" + name, 0o755, b})
		programs = append(programs, program)
	}
	for _, d := range documents {
		b, err := os.ReadFile(d)
		if err != nil {
			return nil, err
		}
		files = append(files, file{top + "/" + d, 0o644, b})
	}
	sbom, err := spdx(top, version, at, programs, l)
	if err != nil {
		return nil, err
	}
	files = append(files, file{top + "/sbom.spdx.json", 0o644, sbom})
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return files, nil
}

func tarred(files []file, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	for _, f := range files {
		if err := t.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: at, Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.data); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}

func zipped(files []file, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		h.SetMode(os.FileMode(f.mode))
		w, err := z.CreateHeader(h)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(f.data); err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return out.Bytes(), err
}
