// Command idrec reads pictures of Chinese resident identity cards, from a terminal or as a step of a
// workflow engine.
package main

import (
	"os"

	"github.com/seed-6b91b535/idrec/host-example/idrec/internal/cli"
)

// version is set by the linker.
var version = "dev"

func main() {
	os.Exit(cli.Main(os.Args[1:], version, cli.System()))
}
