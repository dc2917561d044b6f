package shared

import (
	"context"
	"fmt"
	"log/slog"
)

// Configurer is the face of a recognizer that takes settings.
type Configurer interface {
	// Configure replaces all settings. It checks them without reaching the network; an [Error] with
	// [CodeConfigurationInvalid] names the first field that is wrong. Calls in flight go on with the
	// settings they began with.
	Configure(ctx context.Context, c Configuration) error
}

// Configuration holds settings by the names in [Description.Fields]. A field that is missing has its
// default; an unknown one is refused.
type Configuration struct {
	Values  map[string]string
	Secrets map[string]Secret
}

const redacted = "[secret]"

// Secret is a value that never prints: not with any verb of package fmt, not in log/slog, not in JSON
// or any text encoding.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(v string) Secret { return Secret{v} }

// Reveal returns the value. Search for this name to find every place that uses one.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no value.
func (s Secret) IsZero() bool { return s.value == "" }

// String hides the value.
func (s Secret) String() string { return redacted }

// Format hides the value, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue hides the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText hides the value; it covers JSON, YAML and map keys too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
