// Command minimal is the smallest host: plain hashicorp/go-plugin and the contract, nothing else of
// idrec. It is a module of its own, so that what such a host depends on can be seen in its go.mod.
//
//	minimal PLUGIN [PICTURE]
//
// A host that should survive a plugin's crashes, and end it when it is killed itself, uses sdk/host.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: minimal PLUGIN [PICTURE]")
	}
	if err := run(context.Background(), os.Args[1], os.Args[2:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, path string, pictures []string) error {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  rpc.Handshake,
		VersionedPlugins: rpc.VersionedPlugins(nil),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Cmd:              exec.CommandContext(ctx, path), //nolint:gosec // the plugin that the user names
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
	})
	defer client.Kill()
	conn, err := client.Client()
	if err != nil {
		return err
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		return err
	}
	recognizer, ok := raw.(shared.Recognizer)
	if !ok {
		return fmt.Errorf("the plugin gave a %T", raw)
	}
	about, err := recognizer.Describe(ctx)
	if err != nil {
		return err
	}
	fmt.Println(about.Name, about.Version, about.Title)
	for _, p := range pictures {
		res, err := recognizer.Recognize(ctx, &shared.Request{Image: shared.Image{Path: p}})
		if err != nil {
			return err
		}
		fmt.Println(res.Status, res.Side, res.Outcome, res.Value(shared.FieldEthnicity))
	}
	return nil
}
