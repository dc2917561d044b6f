package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// A host with plain go-plugin: it starts a plugin and reads a card.
func Example() {
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  rpc.Handshake,
		VersionedPlugins: rpc.VersionedPlugins(nil),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		Cmd:              pluginCommand(), // exec.Command("/opt/idrec/idrec-plugin-wapi")
		Logger:           hclog.NewNullLogger(),
	})
	defer client.Kill()
	conn, err := client.Client()
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := conn.Dispense(rpc.PluginName)
	if err != nil {
		fmt.Println(err)
		return
	}
	recognizer := raw.(shared.Recognizer)

	res, err := recognizer.Recognize(context.Background(), &shared.Request{Image: shared.Image{Path: "card.jpg"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Status, res.Side, res.Value(shared.FieldEthnicity), res.Outcome)

	_, err = recognizer.Recognize(context.Background(), &shared.Request{Image: shared.Image{Path: "absent.jpg"}})
	fmt.Println(errors.Is(err, shared.CodePictureUnreadable), errors.Is(err, shared.ClassInput))
	// Output:
	// normal portrait 汉 free
	// true true
}

func pluginCommand() *exec.Cmd { return testPlugin("serve") }
