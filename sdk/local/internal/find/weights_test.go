package find

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"math"
	"slices"
	"testing"

	"github.com/seed-6b91b535/idrec/sdk/local/internal/nn"
)

//go:embed testdata/vectors.json
var vectorFile []byte

// vector is what the framework that trains says of a picture, with the weights as the files round them.
type vector struct {
	Net    string    `json:"net"`
	PNG    []byte    `json:"png"`
	Rows   int       `json:"rows"`
	Cols   int       `json:"cols"`
	Values []float64 `json:"values"` // rows by columns by outputs
}

func TestNetworksAgreeWithTheFramework(t *testing.T) {
	t.Parallel()
	var vectors []vector
	if err := json.Unmarshal(vectorFile, &vectors); err != nil {
		t.Fatal(err)
	}
	f, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		img, err := png.Decode(bytes.NewReader(v.PNG))
		if err != nil {
			t.Fatal(err)
		}
		g, ok := img.(*image.Gray)
		if !ok || g.Stride != g.Rect.Dx() {
			t.Fatal("not a packed grey picture")
		}
		var m nn.Map
		if v.Net == "align" {
			m = f.alignNet.Features(&f.s, f.frame(g.Pix), frameWidth, frameHeight)
		} else {
			m = f.locateNet.Features(&f.s, f.filled(g.Pix, g.Stride, 0, g.Stride, g.Rect.Dy()), g.Stride, g.Rect.Dy())
		}
		if m.Rows != v.Rows || m.Cols != v.Cols || m.Channels*m.Rows*m.Cols != len(v.Values) {
			t.Fatalf("%d: a map of %d by %d by %d", i, m.Rows, m.Cols, m.Channels)
		}
		for r := range m.Rows {
			for k, got := range m.Row(r) {
				want := v.Values[r*m.Cols*m.Channels+k]
				if d := math.Abs(float64(got) - want); !(d < 2e-2*max(1, math.Abs(want))) {
					t.Fatalf("%d: %s row %d value %d is %v, want %v", i, v.Net, r, k, got, want)
				}
			}
		}
	}
}

func TestDamagedWeightsAreRefused(t *testing.T) {
	t.Parallel()
	for _, file := range [][]byte{locateFile, alignFile} {
		bad := slices.Clone(file)
		bad[len(bad)/2] ^= 1
		if _, err := parse(bad, 1, locateOutputs); !errors.Is(err, nn.ErrFile) {
			t.Errorf("a changed byte: %v", err)
		}
	}
	if _, err := parse(locateFile, 3, alignOutputs); !errors.Is(err, errNet) {
		t.Errorf("one network for the other: %v", err)
	}
}
