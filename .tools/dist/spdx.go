package main

import (
	"bytes"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdx/v2/v2_3"
)

// ours is the licence of this repository.
const ours = "Apache-2.0"

// spdx lists what the programs contain, by the modules that the linker wrote into them (SPDX 2.3).
func spdx(name, version string, at time.Time, programs []string, l *licences) ([]byte, error) {
	doc := &v2_3.Document{
		SPDXVersion: v2_3.Version, DataLicense: v2_3.DataLicense, SPDXIdentifier: "DOCUMENT", DocumentName: name,
		CreationInfo: &v2_3.CreationInfo{Created: at.Format(time.RFC3339), Creators: []common.Creator{{CreatorType: "Tool", Creator: "idrec-dist"}}},
	}
	modules := map[string]*debug.Module{}
	digest := sha256.New()
	var goVersion string
	for _, p := range programs {
		info, err := buildinfo.ReadFile(p)
		if err != nil {
			return nil, err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		digest.Write(b)
		sum := sha256.Sum256(b)
		goVersion = info.GoVersion
		pack := program(filepath.Base(p), version, hex.EncodeToString(sum[:]))
		doc.Packages = append(doc.Packages, pack)
		doc.Relationships = append(doc.Relationships, relation("DOCUMENT", "DESCRIBES", pack.PackageSPDXIdentifier),
			relation(pack.PackageSPDXIdentifier, "CONTAINS", "Package-go"))
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			modules[m.Path] = m
			doc.Relationships = append(doc.Relationships, relation(pack.PackageSPDXIdentifier, "CONTAINS", moduleID(m.Path)))
		}
	}
	doc.DocumentNamespace = "https://github.com/seed-6b91b535/idrec/spdx/" + name + "-" + hex.EncodeToString(digest.Sum(nil))
	doc.Packages = append(doc.Packages, &v2_3.Package{
		PackageName: "go", PackageSPDXIdentifier: "Package-go", PackageVersion: goVersion, PackageDownloadLocation: "https://go.dev/dl/",
		PackageLicenseConcluded: "BSD-3-Clause", PackageLicenseDeclared: "BSD-3-Clause", PackageCopyrightText: "NOASSERTION", IsFilesAnalyzedTagPresent: true,
	})
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		m := modules[path]
		licence, err := l.of(m.Path, m.Version)
		if err != nil {
			return nil, err
		}
		doc.Packages = append(doc.Packages, &v2_3.Package{
			PackageName: m.Path, PackageSPDXIdentifier: moduleID(m.Path), PackageVersion: m.Version, PackageDownloadLocation: "NOASSERTION",
			PackageLicenseConcluded: licence, PackageLicenseDeclared: licence, PackageCopyrightText: "NOASSERTION", IsFilesAnalyzedTagPresent: true,
			PackageExternalReferences: []*v2_3.PackageExternalReference{{
				Category: "PACKAGE-MANAGER", RefType: "purl", Locator: "pkg:golang/" + m.Path + "@" + m.Version,
			}},
		})
	}
	var out bytes.Buffer
	err := spdxjson.Write(doc, &out, spdxjson.Indent("  "))
	return out.Bytes(), err
}

func program(name, version, sum string) *v2_3.Package {
	return &v2_3.Package{
		PackageName: name, PackageSPDXIdentifier: common.ElementID("Package-" + identifier(name)), PackageVersion: version, PackageFileName: name,
		PackageDownloadLocation: "https://github.com/seed-6b91b535/idrec", PackageLicenseConcluded: ours, PackageLicenseDeclared: ours,
		PackageCopyrightText: "NOASSERTION", PrimaryPackagePurpose: "APPLICATION", IsFilesAnalyzedTagPresent: true,
		PackageChecksums: []common.Checksum{{Algorithm: common.SHA256, Value: sum}},
	}
}

func relation(from common.ElementID, kind string, to common.ElementID) *v2_3.Relationship {
	return &v2_3.Relationship{RefA: common.MakeDocElementID("", string(from)), RefB: common.MakeDocElementID("", string(to)), Relationship: kind}
}

// identifier brings a name into the letters that an SPDX identifier may have.
func identifier(name string) string {
	return regexp.MustCompile(`[^a-zA-Z0-9.-]`).ReplaceAllString(name, "-")
}

func moduleID(path string) common.ElementID { return common.ElementID("Package-" + identifier(path)) }

// licences tells the SPDX names of modules' licences by their texts.
type licences struct {
	classifier *classifier.Classifier
	known      map[string]string
}

func newLicences() (*licences, error) {
	c, err := assets.DefaultClassifier()
	return &licences{c, map[string]string{}}, err
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)([.-].*)?$`)

// of returns the licences joined by AND, as many as the texts at the module's top name.
func (l *licences) of(path, version string) (string, error) {
	at := path + "@" + version
	if name, ok := l.known[at]; ok {
		return name, nil
	}
	b, err := exec.Command("go", "mod", "download", "-json", at).Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w", at, err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(b, &module); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(module.Dir)
	if err != nil {
		return "", err
	}
	found := map[string]bool{}
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(module.Dir, e.Name()))
		if err != nil {
			return "", err
		}
		for _, m := range l.classifier.Match(text).Matches {
			if m.MatchType == "License" {
				found[m.Name] = true
			}
		}
	}
	name := strings.Join(slices.Sorted(maps.Keys(found)), " AND ")
	if name == "" {
		name = "NOASSERTION"
	}
	l.known[at] = name
	return name, nil
}
