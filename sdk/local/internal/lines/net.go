package lines

import (
	"errors"
	"fmt"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
)

const (
	// Height of a line in pixels, the only one that the networks read.
	Height = 32
	// Stride is the distance of two frames in pixels.
	Stride = 4
)

// ErrNet says that a network is none that reads lines.
var ErrNet = errors.New("not a network for lines")

// Net is a network for lines, read-only: share it between goroutines, with one [Reader] each.
type Net struct{ *nn.Net }

// Parse reads a network file as sdk/local/train/export.py writes it. The file may be let go afterwards.
func Parse(file []byte) (*Net, error) {
	net, err := nn.Parse(file)
	if err != nil {
		return nil, err
	}
	if _, across := net.Stride(); net.Rows(Height) != 1 || across != Stride {
		return nil, fmt.Errorf("%w: %d rows, a frame every %d pixels", ErrNet, net.Rows(Height), across)
	}
	if chars := len(net.Chars()); chars < 1 || chars >= net.Classes() {
		return nil, fmt.Errorf("%w: %d characters, %d classes", ErrNet, chars, net.Classes())
	}
	return &Net{net}, nil
}
