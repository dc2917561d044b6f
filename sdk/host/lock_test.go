package host

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/seed-6b91b535/idrec/shared"
)

const someDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestALockFileIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), LockName)
	l := &Lock{}
	l.Put(Locked{"wapi", "1.0.0", 1, platform, someDigest})
	l.Put(Locked{"local", "1.0.0", 1, platform, someDigest})
	l.Put(Locked{"wapi", "1.0.0", 1, "plan9/mips", someDigest})
	l.Put(Locked{"wapi", "1.1.0", 1, platform, someDigest})
	for range 2 { // also over one that is there
		if err := l.Write(path); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadLock(path)
	if err != nil || len(got.Plugins) != 3 || got.Plugins[0].Name != "local" {
		t.Fatal(got, err)
	}
	if e, ok := got.Entry("wapi"); !ok || e != (Locked{"wapi", "1.1.0", 1, platform, someDigest}) {
		t.Error(e, ok)
	}
	if _, ok := got.Entry("absent"); ok {
		t.Error("found what is not there")
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Error("left behind:", left)
	}
}

func TestALockFileThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	entry := `{"name":"wapi","version":"1","protocol":1,"platform":"linux/amd64","sha256":"` + someDigest + `"}`
	for name, text := range map[string]string{
		"empty":         ``,
		"no JSON":       `plugins:`,
		"two objects":   `{"format":1}{}`,
		"other format":  `{"format":2,"plugins":[` + entry + `]}`,
		"unknown field": `{"format":1,"plugins":[],"pluggins":[]}`,
		"twice":         `{"format":1,"plugins":[` + entry + `,` + entry + `]}`,
		"no digest":     `{"format":1,"plugins":[` + strings.Replace(entry, someDigest, "abc", 1) + `]}`,
		"a path":        `{"format":1,"plugins":[` + strings.Replace(entry, `"wapi"`, `"../wapi"`, 1) + `]}`,
		"no protocol":   `{"format":1,"plugins":[` + strings.Replace(entry, `:1,`, `:0,`, 1) + `]}`,
	} {
		path := filepath.Join(t.TempDir(), LockName)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := ReadLock(path); !errors.Is(err, shared.CodeConfigurationInvalid) || strings.Contains(err.Error(), path) {
			t.Error(name, l, err)
		}
	}
	for name, path := range map[string]string{"absent": filepath.Join(t.TempDir(), "absent"), "a folder": t.TempDir()} {
		if l, err := ReadLock(path); !errors.Is(err, shared.CodeConfigurationInvalid) {
			t.Error(name, l, err)
		}
	}
	if err := (&Lock{}).Write(filepath.Join(t.TempDir(), "absent", LockName)); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Error(err)
	}
}

func FuzzAnyLockFileIsReadOrRefused(f *testing.F) {
	f.Add([]byte(`{"format":1,"plugins":[]}`))
	f.Add([]byte(`{"format":1,"plugins":[{"name":"wapi","version":"1","protocol":1,"platform":"linux/amd64","sha256":"` + strings.ToUpper(someDigest) + `"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := parseLock(text)
		if (l == nil) == (err == nil) {
			t.Fatal(l, err)
		}
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), LockName)
		if err := l.Write(path); err != nil {
			t.Fatal(err)
		}
		again, err := ReadLock(path)
		if err != nil || len(again.Plugins) != len(l.Plugins) {
			t.Fatal(again, err)
		}
		for _, e := range l.Plugins {
			if i := again.index(e.Name, e.Platform); i < 0 || !reflect.DeepEqual(again.Plugins[i], e) {
				t.Fatal(e, again)
			}
		}
	})
}
