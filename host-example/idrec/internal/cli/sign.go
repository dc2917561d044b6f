package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/settings"
	"github.com/seed-6b91b535/idrec/sdk/wapi"
	"github.com/seed-6b91b535/idrec/shared"
)

// longValue is where a value in the string to sign is cut for the screen: a picture has millions of
// characters.
const longValue = 64

func (a *app) sign() *cobra.Command {
	var appid, image, secretFile, secretEnv, secretCommand, output string
	var unix int64
	var whole bool
	c := &cobra.Command{
		Use: "sign [flags] [NAME=VALUE…]", Short: "Show how a call of the hosted API (wapi) is signed",
		Long: `Show the string to sign, with the secret masked, and the signature, for the parameters given: names and
raw values, as they are before any escaping. appid and time are added unless they are given; a
parameter whose value is empty is not signed. Nothing is sent.`,
		Example: "  idrec sign --appid 1 --secret-file secret.txt format=json\n  idrec sign --appid 1 --secret-env WAPI_SECRET --image card.jpg --time 1545829466",
	}
	f := c.Flags()
	f.StringVar(&appid, "appid", "", "`ID` of the application")
	f.Int64Var(&unix, "time", 0, "time of the call in Unix `SECONDS`; 0 is now, negative leaves it out")
	f.StringVar(&image, "image", "", "`FILE` that becomes the parameter "+wapi.ParamImage)
	f.StringVar(&secretFile, "secret-file", "", "`FILE` that holds the secret, alone")
	f.StringVar(&secretEnv, "secret-env", "", "`NAME` of the variable of the environment that holds the secret")
	f.StringVar(&secretCommand, "secret-command", "", "`COMMAND` that prints the secret: words between spaces, run without a shell")
	f.StringVar(&output, "output", "text", "text or json")
	f.BoolVar(&whole, "whole", false, "show long values whole")
	c.RunE = do(func(ctx context.Context, args []string) error {
		if output != "text" && output != "json" {
			return exit.Errorf(exit.Usage, "unknown output format: use text or json")
		}
		params := map[string]string{}
		for _, arg := range args {
			name, value, ok := strings.Cut(arg, "=")
			if !ok || name == "" {
				return exit.Errorf(exit.Usage, "parameters are given as NAME=VALUE")
			}
			params[name] = value
		}
		if appid != "" {
			params[wapi.ParamAppID] = appid
		}
		if _, given := params[wapi.ParamTime]; !given && unix >= 0 {
			if unix == 0 {
				unix = time.Now().Unix()
			}
			params[wapi.ParamTime] = strconv.FormatInt(unix, 10)
		}
		if image != "" {
			b, err := os.ReadFile(image)
			if err != nil {
				return exit.Errorf(exit.NoInput, "the file of --image cannot be read: check that it exists and may be read")
			}
			params[wapi.ParamImage] = base64.StdEncoding.EncodeToString(b)
		}
		secret, err := a.oneSecret(ctx, secretFile, secretEnv, secretCommand)
		if err != nil {
			return err
		}
		return a.printSigning(wapi.Explain(params, secret), output, whole)
	})
	return c
}

// oneSecret reads a secret that is given in one of three ways.
func (a *app) oneSecret(ctx context.Context, file, env, command string) (shared.Secret, error) {
	var refs []settings.Reference
	for _, r := range []settings.Reference{{By: settings.ByFile, Place: file}, {By: settings.ByEnv, Place: env}, {By: settings.ByCommand, Place: command}} {
		if r.Place != "" {
			refs = append(refs, r)
		}
	}
	if len(refs) != 1 {
		return shared.Secret{}, exit.Errorf(exit.Usage, "give the secret in one way: --secret-file, --secret-env or --secret-command")
	}
	return a.reveal(ctx, "secret", refs[0])
}

func (a *app) printSigning(s wapi.Signing, output string, whole bool) error {
	short := func(v string) string {
		if whole || len(v) <= longValue {
			return v
		}
		return a.format("%s…(%d characters)", strings.ToValidUTF8(v[:longValue], ""), len(v))
	}
	var text, body strings.Builder
	for _, p := range s.Parts {
		text.WriteString(p.Name + short(p.Value))
		fmt.Fprintf(&body, "%s=%s&", url.QueryEscape(p.Name), url.QueryEscape(short(p.Value)))
	}
	text.WriteString(wapi.MaskedSecret)
	fmt.Fprintf(&body, "%s=%s", wapi.ParamSign, s.Sign)
	if output == "json" {
		return a.printJSON(map[string]string{"string_to_sign": text.String(), "sign": s.Sign, "form": body.String()})
	}
	return errors.Join(a.say("string to sign: %s", text.String()), a.say("sign:           %s", s.Sign), a.say("form:           %s", body.String()))
}
