package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/exit"
	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/messages"
	"github.com/seed-6b91b535/idrec/sdk/local"
	"github.com/seed-6b91b535/idrec/sdk/specimen"
	"github.com/seed-6b91b535/idrec/sdk/wapi/sandbox"
	"github.com/seed-6b91b535/idrec/shared"
)

const sandboxHelp = `Serve the hosted API on this machine, as far as its public description goes, until it is interrupted: for
tests and for trying out clients without an account and without cost. The first line printed is the
API's URL; / has a test page.

An app is ID:SECRET; the secret has 32 characters, is for tests only and may stand on the command line.
More can follow, separated by commas: calls=N (calls left), price=YUAN (of each of them), balance=YUAN
and per_call=YUAN (for calls beyond those left). Unless price is given, the first five calls of an app are
free and the others cost 0.05 yuan, as at the vendor. Without --app there is one with the id 1 and a secret
that is made up and printed. While the server runs, /_sandbox/state tells what was asked and billed, PUT
/_sandbox/apps/ID changes an app, and PUT /_sandbox/faults scripts failures.`

type sandboxFlags struct {
	listen  string
	apps    []string
	engine  string
	calls   int64
	price   string
	path    string
	guesses []string
}

func (a *app) sandbox() *cobra.Command {
	s := &sandboxFlags{}
	c := &cobra.Command{
		Use: "sandbox", Short: "Serve the hosted API on this machine, for tests", Long: sandboxHelp, Args: noArgs,
		Example: "  idrec sandbox --listen 127.0.0.1:8787 --app 1:0123456789abcdef0123456789abcdef",
	}
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "127.0.0.1:8787", "`ADDRESS` to listen on; port 0 is any free one")
	f.StringArrayVar(&s.apps, "app", nil, "`ID:SECRET` of an app, with more after commas; may be repeated")
	f.StringVar(&s.engine, "engine", specimen.EngineName, "what reads the pictures: specimen, which reads the code on specimen cards only, or local, which reads cards")
	f.Int64Var(&s.calls, "calls", -1, "calls left of every app that does not say")
	f.StringVar(&s.price, "price", "", "price of a call in `YUAN`, of every app that does not say")
	f.StringVar(&s.path, "path", sandbox.DefaultPath, "path of the API")
	f.StringArrayVar(&s.guesses, "guess", nil, "`NAME=VALUE` for a point on which the description is silent; may be repeated")
	c.RunE = do(func(ctx context.Context, _ []string) error { return a.runSandbox(ctx, s) })
	return c
}

func (a *app) runSandbox(ctx context.Context, s *sandboxFlags) error {
	cfg := sandbox.Config{Path: s.path}
	switch s.engine {
	case specimen.EngineName:
		cfg.Engine = &specimen.Recognizer{}
	case local.Name:
		cfg.Engine = local.New(local.Options{})
	default:
		return exit.Errorf(exit.Usage, "unknown engine: use specimen or local")
	}
	var said []string
	for _, text := range s.apps {
		app, err := s.app(text)
		if err != nil {
			return err
		}
		cfg.Apps = append(cfg.Apps, app)
		said = append(said, a.format("app %s with the secret given; it is for tests only, so it may stand on a command line", app.ID))
	}
	if len(s.apps) == 0 {
		secret := randomSecret()
		app, err := s.app("1:" + secret)
		if err != nil {
			return err
		}
		cfg.Apps = append(cfg.Apps, app)
		said = append(said, a.format("app 1 with the test secret %s", secret))
	}
	for _, g := range s.guesses {
		name, value, ok := strings.Cut(g, "=")
		if !ok {
			return exit.Errorf(exit.Usage, "--guess takes NAME=VALUE")
		}
		if err := cfg.Guesses.Set(name, value); err != nil {
			return exit.Errorf(exit.Usage, "--guess: %s", oneLine(err.Error()))
		}
	}
	server, err := sandbox.New(cfg)
	if err != nil {
		return exit.Errorf(exit.Usage, "%s", oneLine(err.Error()))
	}
	defer func() { _ = server.Close() }()
	url, err := server.Start(s.listen)
	if err != nil {
		return exit.Errorf(exit.Usage, "the sandbox cannot listen on the address of --listen: it is in use, or not this machine's; port 0 takes any free one")
	}
	root := strings.TrimSuffix(url, server.Path()) + "/"
	text := url + "\n" + a.format("test page %s", root) + "\n" + server.Announcement() + "\n" + strings.Join(said, "\n") + "\n"
	if host, _, err := net.SplitHostPort(s.listen); err == nil && !loopback(host) {
		text += a.text("anybody who reaches this machine can use it, and reads along: plain http, for tests only") + "\n"
	}
	if err := a.print(text); err != nil {
		return err
	}
	<-ctx.Done()
	return nil // that is how it is ended
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func randomSecret() string {
	b := make([]byte, sandbox.SecretLength/2)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// app reads an app as the command line writes it.
func (s *sandboxFlags) app(text string) (sandbox.App, error) {
	wrong := func(format string, args ...any) error {
		return exit.Errorf(exit.Usage, "--app: %s", messages.Of(format, args...))
	}
	head, more, _ := strings.Cut(text, ",")
	app, err := sandbox.ParseApp(head)
	if err != nil {
		return sandbox.App{}, wrong("%s", err)
	}
	if s.calls < -1 { // which is the default, as the app has it
		return sandbox.App{}, exit.Errorf(exit.Usage, "--calls cannot be negative")
	}
	if s.calls >= 0 {
		app.CallsLeft = s.calls
	}
	price := s.price
	for pair := range strings.SplitSeq(more, ",") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		var err error
		switch name {
		case "calls":
			app.CallsLeft, err = strconv.ParseInt(value, 10, 64)
		case "balance":
			app.Balance, err = shared.ParseMoney(value)
		case "per_call":
			app.PerCall, err = shared.ParseMoney(value)
		case "price":
			price = value
		default:
			return sandbox.App{}, wrong("after ID:SECRET use calls, price, balance or per_call")
		}
		if err != nil {
			return sandbox.App{}, wrong("%s takes a number", name)
		}
	}
	if price != "" {
		m, err := shared.ParseMoney(price)
		if err != nil || m < 0 {
			return sandbox.App{}, wrong("a price is an amount in yuan, as in 0.05")
		}
		app.Packages = []sandbox.Package{{Calls: 1, PerCall: m}} // calls beyond the last package cost what it says
	}
	if app.CallsLeft < 0 || app.Balance < 0 || app.PerCall < 0 {
		return sandbox.App{}, wrong("calls, balance and per_call cannot be negative")
	}
	return app, nil
}
