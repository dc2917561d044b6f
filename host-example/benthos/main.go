// Command benthos is a Benthos with the processor idcard_recognize, the input idcard_folder and the scanner
// idcard_picture: a stream of pictures becomes a stream of records. It finds the plugins of idrec beside itself and in
// the folders of IDREC_PLUGIN_DIR, and makes the processor's configuration from what they describe.
//
//	benthos list processors
//	benthos create /idcard_recognize
//	benthos lint config/folder.yaml
//	benthos run config/folder.yaml
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	_ "github.com/redpanda-data/benthos/v4/public/components/io"
	_ "github.com/redpanda-data/benthos/v4/public/components/pure"
	"github.com/redpanda-data/benthos/v4/public/service"

	"github.com/seed-6b91b535/idrec/host-example/benthos/idcard"
)

// version is set when a release is built.
var version = "dev"

func main() {
	ctx := context.Background()
	found := idcard.Discover(ctx, folders(os.Getenv("IDREC_PLUGIN_DIR")), func(problem string) { fmt.Fprintln(os.Stderr, "idrec:", problem) })
	if err := idcard.Register(service.GlobalEnvironment(), found); err != nil {
		fmt.Fprintln(os.Stderr, "idrec:", err)
		os.Exit(1)
	}
	service.RunCLI(ctx,
		service.CLIOptSetBinaryName("benthos"), service.CLIOptSetProductName("Benthos with idrec"),
		service.CLIOptSetVersion(version, ""))
}

// folders are where plugins are looked for besides the program's own.
func folders(list string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(list) {
		if dir != "" {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}
