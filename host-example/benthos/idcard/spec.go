package idcard

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/host-example/internal/fields"
	"github.com/seed-6b91b535/idrec/shared"
)

// The fields of the processor's configuration. The settings of a plugin stand in an object of the
// plugin's name.
const (
	fieldPlugin   = "plugin"
	fieldSHA256   = "plugin_sha256"
	fieldLock     = "plugin_lock"
	fieldSource   = "source"
	fieldURL      = "picture_url"
	fieldDigest   = "picture_sha256"
	fieldSide     = "side"
	fieldKey      = "key"
	fieldCase     = "case"
	fieldSubject  = "subject"
	fieldPurpose  = "purpose"
	fieldFields   = "fields"
	fieldRetry    = "retry"
	fieldTimeout  = "timeout"
	fieldMask     = "mask"
	fieldParallel = "max_in_flight"
)

// defaultParallel keeps a batch of any size from filling the queues of the plugin.
const defaultParallel = 8

const summary = "Reads pictures of Chinese resident identity cards through a plugin of idrec, and replaces each by its record."

const description = `
The content of a message is a picture (jpg, png, bmp, gif, webp or tiff), unless ` + "`picture_url`" + ` names where it lies. After the processor it is the record, a JSON object: with what was read, or with ` + "`error`" + `. The picture itself is never handed on.

A picture that was not recognised leaves a message that is flagged as failed. These keys of its metadata help to route it: ` + "`idrec_code`, `idrec_class` (input, configuration, paused, transient, unclear, internal), `idrec_retryable`, `idrec_outcome`" + `. Those of a recognised one are ` + "`idrec_status`, `idrec_usable`, `idrec_outcome`" + `.

Every message of a batch is worked on by itself; messages of a batch, and pipeline threads, share one process of the plugin for each configuration. Its rate and its number of calls at once are settings of the plugin.

Nothing that may have been billed is sent again: a message that comes again is answered from the plugin's ledger. Under the processor ` + "`retry`" + ` set ` + "`retry: proved`" + ` here, so that one of the two owns the retries.

Metrics: ` + "`idcard_results`" + ` by status, outcome and answered_by, ` + "`idcard_errors`" + ` by code and outcome, ` + "`idcard_spent_yuan_thousandths`, `idcard_latency`" + `.`

// spec is the processor's configuration for the plugins that were found.
func spec(found Found) *service.ConfigSpec {
	names := make([]string, 0, len(found.Plugins))
	for _, d := range found.Plugins {
		names = append(names, d.Name)
	}
	plugin := service.NewStringField(fieldPlugin).Description("The plugin, by its name.")
	if len(names) > 0 {
		plugin = service.NewStringEnumField(fieldPlugin, names...).Description("The plugin, by its name.").Default(names[0])
	}
	s := service.NewConfigSpec().
		Categories("AI", "Integration").
		Summary(summary).
		Description(description).
		Field(plugin)
	for _, d := range found.Plugins {
		s = s.Field(settingsField(d))
	}
	name := func(field, text string) *service.ConfigField {
		return service.NewInterpolatedStringField(field).Description(text).Default("").Advanced()
	}
	return s.Fields(
		service.NewInterpolatedStringField(fieldSide).Description("Which side the picture shows: detect, portrait (front) or emblem (back). The other one is read too.").Default("detect").Example(`${! @side.or("detect") }`),
		service.NewStringListField(fieldFields).Description("The card fields to return, as in `name` and `number`; empty for all.").Default([]any{}),
		service.NewBoolField(fieldMask).Description("Mask names, numbers, addresses and the source in the records.").Default(false),
		service.NewInterpolatedStringField(fieldSource).Description("How the record names the picture. A file name is personal data.").
			Default(`${! @path.or("") }`),
		name(fieldURL, "Where the picture lies (http or https); the plugin fetches it, from hosts that its settings allow, and the message's content is not looked at. Empty: the content is the picture.").
			Example(`${! json("picture") }`),
		name(fieldDigest, "The hex SHA-256 that the picture must have; empty: any."),
		name(fieldKey, "Your own name for the item. The same name with another picture is refused."),
		name(fieldCase, "What ties the pictures of one person together."),
		name(fieldSubject, "Whose document it is; only a keyed digest is kept."),
		name(fieldPurpose, "Why it is read, for the record that an audit asks for."),
		service.NewStringEnumField(fieldRetry, string(shared.BasisProved), string(shared.BasisDocumented), string(shared.BasisAssumed)).
			Description("How sure the plugin must be that an attempt was not billed before it sends it again by itself.").Default(string(shared.BasisDocumented)).Advanced(),
		service.NewDurationField(fieldTimeout).Description("The time for one picture.").Default("3m").Advanced(),
		service.NewIntField(fieldParallel).Description("How many messages of a batch are worked on at once.").Default(defaultParallel).LintRule(`root = if this < 1 { "must be at least 1" }`).Advanced(),
		service.NewStringField(fieldSHA256).Description("Run the plugin only if its file has this hex SHA-256; empty: any.").Default("").Advanced(),
		service.NewStringField(fieldLock).Description("A lock file in which the plugin must stand; empty: none.").Default("").Advanced(),
	)
}

// settingsField is the object with the settings that a plugin describes.
func settingsField(d *shared.Description) *service.ConfigField {
	var list []*service.ConfigField
	for _, f := range d.Fields {
		if !f.Secret {
			list = append(list, settingField(f))
			continue
		}
		list = append(list, service.NewStringField(f.Name).Description(sentence(f.Help)+" Give it as `${NAME_OF_A_VARIABLE}`, or by file.").Secret().Default(""))
		texts := map[string]string{ // a variable is what ${NAME} is for
			fields.File:    "The file that holds the " + f.Name + ", alone.",
			fields.Command: "The command that prints the " + f.Name + ": words between spaces, run without a shell.",
		}
		for _, ending := range fields.Ways(d, f) {
			if text := texts[ending]; text != "" {
				list = append(list, service.NewStringField(f.Name+ending).Description(text).Default("").Advanced())
			}
		}
	}
	return service.NewObjectField(d.Name, list...).Optional().Description(fmt.Sprintf("The settings of the plugin %s (%s).", d.Name, d.Title))
}

// settingField is one setting. Those with a default hold it, so that the documentation shows it.
func settingField(f shared.ConfigField) *service.ConfigField {
	field, def := service.NewStringField(f.Name), any(f.Default)
	switch f.Type {
	case shared.TypeInt:
		if n, err := strconv.Atoi(f.Default); err == nil {
			field, def = service.NewIntField(f.Name), n
		}
	case shared.TypeBool:
		if b, err := strconv.ParseBool(f.Default); err == nil {
			field, def = service.NewBoolField(f.Name), b
		}
	case shared.TypeEnum:
		field = service.NewStringEnumField(f.Name, f.Enum...)
	case shared.TypeString, shared.TypeFloat, shared.TypeDuration, shared.TypeMoney, shared.TypePath, shared.TypeURL:
		// Texts: a float may be inf, money has its places, a duration has units, and the plugin checks all.
	}
	field = field.Description(sentence(f.Help))
	if f.Required {
		return field // without a default the linter asks for it
	}
	if f.Type == shared.TypeEnum && f.Default == "" {
		return field.Optional()
	}
	field = field.Default(def)
	if f.Default != "" || f.Type == shared.TypePath {
		field = field.Advanced()
	}
	return field
}

// sentence makes a sentence of a field's help.
func sentence(help string) string {
	if help == "" {
		return ""
	}
	return strings.ToUpper(help[:1]) + help[1:] + "."
}

// settings are the texts that the configuration sets for a plugin, by the names of its fields.
func settings(c *service.ParsedConfig, plugin string) (map[string]string, error) {
	set := map[string]string{}
	if !c.Contains(plugin) {
		return set, nil
	}
	raw, err := c.FieldAny(plugin)
	if err != nil {
		return nil, err
	}
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the field %s must be an object", plugin)
	}
	for name, v := range object {
		set[name] = fmt.Sprint(v)
	}
	return set, nil
}
