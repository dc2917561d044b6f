package find

import (
	_ "embed"
	"errors"
	"fmt"
	"sync"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
)

//go:embed weights/locate.bin
var locateFile []byte

//go:embed weights/align.bin
var alignFile []byte

// The outputs of the networks at a place. The last ones are there for the kernels.
const (
	locateOutputs = 32
	alignOutputs  = 48
)

// stride of both networks in pixels.
const stride = 16

var errNet = errors.New("not a network of the finder")

var locateNet = sync.OnceValues(func() (*nn.Net, error) { return parse(locateFile, 1, locateOutputs) })

var alignNet = sync.OnceValues(func() (*nn.Net, error) { return parse(alignFile, 3, alignOutputs) })

func parse(file []byte, inputs, outputs int) (*nn.Net, error) {
	net, err := nn.Parse(file)
	if err != nil {
		return nil, err
	}
	if down, across := net.Stride(); down != stride || across != stride || net.Outputs() != outputs || net.Inputs() != inputs || net.Classes() != 0 {
		return nil, fmt.Errorf("%w: %d inputs, %d outputs every %d by %d pixels", errNet, net.Inputs(), net.Outputs(), down, across)
	}
	return net, nil
}
