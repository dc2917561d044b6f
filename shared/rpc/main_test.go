package rpc_test

import (
	"context"
	"os"
	"testing"

	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"

	"github.com/seed-6b91b535/idrec/sdk/serve"
	"github.com/seed-6b91b535/idrec/shared"
	"github.com/seed-6b91b535/idrec/shared/rpc"
)

// roleEnv makes this test binary a plugin, which spares the tests a build.
const roleEnv = "IDREC_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "stock": // with plain go-plugin
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  rpc.Handshake,
			VersionedPlugins: rpc.VersionedPlugins(specimenReader{}),
			GRPCServer:       rpc.GRPCServer,
		})
	case "bare":
		serveBare()
	case "holder":
		serve.Main(holder{})
	case "serve":
		serve.Main(specimenReader{})
	default:
		if role, ok := laneRoles[os.Getenv(roleEnv)]; ok {
			role()
			return
		}
		goleak.VerifyTestMain(m)
	}
}

// specimenReader reads the same card from every picture.
type specimenReader struct{}

func (specimenReader) Describe(context.Context) (*shared.Description, error) {
	return &shared.Description{Name: "specimen", Version: "1.0.0", Title: "Reads a specimen card 样本"}, nil
}

func (specimenReader) Recognize(_ context.Context, req *shared.Request) (*shared.Result, error) {
	if req.Image.Path == "absent.jpg" {
		return nil, &shared.Error{Code: shared.CodePictureUnreadable, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved}
	}
	return &shared.Result{
		Status:  shared.StatusNormal,
		Side:    shared.SidePortrait,
		Fields:  map[shared.FieldName]shared.Field{shared.FieldEthnicity: {Raw: "汉族", Value: "汉", State: shared.FieldPresent}},
		Outcome: shared.OutcomeFree, Basis: shared.BasisDocumented,
	}, nil
}
