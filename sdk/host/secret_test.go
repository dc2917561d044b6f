package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/seed-6b91b535/idrec/shared"
)

const hushed = "hush-hush"

func secretIn(t *testing.T, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASecretComesFromEachPlace(t *testing.T) {
	t.Setenv("IDREC_TEST_SECRET", hushed)
	for name, c := range map[string]struct {
		from SecretSource
		want string
	}{
		"value":                  {SecretSource{Value: shared.NewSecret(hushed)}, hushed},
		"file":                   {SecretSource{File: secretIn(t, hushed, 0o600)}, hushed},
		"file, newline":          {SecretSource{File: secretIn(t, hushed+"\n", 0o600)}, hushed},
		"file, Windows' newline": {SecretSource{File: secretIn(t, hushed+"\r\n", 0o600)}, hushed},
		"file, Windows' mark":    {SecretSource{File: secretIn(t, "\ufeff"+hushed+"\r\n", 0o600)}, hushed},
		"file, two newlines":     {SecretSource{File: secretIn(t, hushed+"\n\n", 0o600)}, hushed + "\n"},
		"file, bytes":            {SecretSource{File: secretIn(t, "\xff\r", 0o600)}, "\xff\r"},
		"environment":            {SecretSource{Env: "IDREC_TEST_SECRET"}, hushed},
		"command":                {SecretSource{Command: []string{"printf", "%s\\n", hushed}}, hushed},
	} {
		got, err := ResolveSecret(t.Context(), c.from, nil)
		if err != nil || got.Reveal() != c.want {
			t.Errorf("%s: %q, %v", name, got.Reveal(), err)
		}
	}
}

func TestASecretThatIsNotThereSaysSoWithoutSayingIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		from SecretSource
		says string
	}{
		"nothing":          {SecretSource{}, "exactly one way"},
		"two ways":         {SecretSource{Value: shared.NewSecret(hushed), Env: "HOME"}, "exactly one way"},
		"no file":          {SecretSource{File: filepath.Join(t.TempDir(), hushed)}, "cannot be opened"},
		"a folder":         {SecretSource{File: t.TempDir()}, "cannot be read"},
		"empty file":       {SecretSource{File: secretIn(t, "\n", 0o600)}, "empty"},
		"large file":       {SecretSource{File: secretIn(t, strings.Repeat(hushed, 10_000), 0o600)}, "64 KiB"},
		"unset variable":   {SecretSource{Env: "IDREC_TEST_UNSET"}, "not set"},
		"no command":       {SecretSource{Command: []string{"/no/such/" + hushed}}, "failed"},
		"failing command":  {SecretSource{Command: []string{"sh", "-c", "echo " + hushed + "; echo " + hushed + " >&2; exit 1"}}, "failed"},
		"talkative":        {SecretSource{Command: []string{"sh", "-c", "head -c 100000 /dev/zero"}}, "64 KiB"},
		"quiet command":    {SecretSource{Command: []string{"true"}}, "empty"},
		"command, no text": {SecretSource{Command: []string{"echo"}}, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := ResolveSecret(t.Context(), c.from, nil)
			if !errors.Is(err, shared.CodeConfigurationInvalid) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), hushed) || !got.IsZero() {
				t.Error(err)
			}
		})
	}
}

func TestASecretsCommandIsGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := ResolveSecret(ctx, SecretSource{Command: []string{"sleep", "30"}}, nil)
	if !errors.Is(err, shared.CodeCanceled) || time.Since(start) > 5*time.Second {
		t.Error(err, time.Since(start))
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err = ResolveSecret(ctx, SecretSource{Command: []string{"sleep", "30"}}, nil); !errors.Is(err, shared.CodeConfigurationInvalid) {
		t.Error(err)
	}
}

func TestAFileThatOthersReadIsWarnedOf(t *testing.T) {
	t.Parallel()
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o640: false, 0o644: true} {
		var log bytes.Buffer
		path := secretIn(t, hushed, mode)
		if _, err := ResolveSecret(t.Context(), SecretSource{File: path}, hclog.New(&hclog.LoggerOptions{Output: &log})); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(log.String(), "chmod"); got != warned && exposed(0o777) || strings.Contains(log.String(), path) || strings.Contains(log.String(), hushed) {
			t.Error(mode, log.String())
		}
	}
}
