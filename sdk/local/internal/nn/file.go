package nn

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
)

// A network file: the magic, the header's length (uint32, little endian), the header (JSON, padded with
// blanks to a multiple of 4), the tensors, and the IEEE CRC-32 of all that.
const magic = "IDL1"

const (
	maxTensor   = 1 << 24 // values; the class layer of the Chinese network has 1.4 million
	maxChannels = 4096    // of a layer but the last, whose classes maxTensor bounds
	maxLayers   = 64
	maxStride   = 64 // pixels from place to place
	maxInputs   = 4
)

// ErrFile says that a file is no network, or a damaged one.
var ErrFile = errors.New("not a network file")

type fileHeader struct {
	Chars string   `json:"chars"`
	Ops   []fileOp `json:"ops"`
}

// fileOp is one layer. Stride and Pad are rows, columns; Groups is 1 or the number of channels
// (depthwise); Res is 1 where the input of the block, two layers back, is added before the rectifier.
type fileOp struct {
	Type   string     `json:"t"`
	W      fileTensor `json:"w"`
	B      fileTensor `json:"b"`
	Stride [2]int     `json:"stride"`
	Pad    [2]int     `json:"pad"`
	Groups int        `json:"groups"`
	Relu   int        `json:"relu"`
	Res    int        `json:"res"`
}

// inputs returns how many channels the layer, if it is the first one and no depthwise one, looks at.
func (op fileOp) inputs() int {
	if len(op.W.S) < 2 || op.Groups != 1 {
		return 0
	}
	return op.W.S[1]
}

// fileTensor is a tensor of float32, or of int8 with one float32 scale an output (Q 1, the scales
// first), at byte O behind the header.
type fileTensor struct {
	O int   `json:"o"`
	Q int   `json:"q"`
	S []int `json:"s"`
}

// Parse reads a network file as sdk/local/train/export.py and find_export.py write it. The file may be let go afterwards.
func Parse(file []byte) (*Net, error) {
	if len(file) < 12 || string(file[:4]) != magic {
		return nil, ErrFile
	}
	body, sum := file[:len(file)-4], binary.LittleEndian.Uint32(file[len(file)-4:])
	if crc32.ChecksumIEEE(body) != sum {
		return nil, fmt.Errorf("%w: damaged", ErrFile)
	}
	n := int(binary.LittleEndian.Uint32(body[4:]))
	if n > len(body)-8 {
		return nil, fmt.Errorf("%w: header too long", ErrFile)
	}
	var h fileHeader
	if err := json.Unmarshal(body[8:8+n], &h); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrFile, err)
	}
	return build(h, body[8+n:])
}

func build(h fileHeader, data []byte) (*Net, error) {
	net := &Net{chars: []rune(h.Chars), down: 1, across: 1}
	if len(h.Ops) < 1 || len(h.Ops) > maxLayers {
		return nil, fmt.Errorf("%w: %d layers", ErrFile, len(h.Ops))
	}
	net.in = h.Ops[0].inputs()
	if net.in < 1 || net.in > maxInputs {
		return nil, fmt.Errorf("%w: %d values a pixel", ErrFile, net.in)
	}
	channels := net.in
	for i, op := range h.Ops {
		l, err := buildLayer(op, data, channels)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		if l.fc && i != len(h.Ops)-1 {
			return nil, fmt.Errorf("%w: a class layer that is not the last", ErrFile)
		}
		if l.res && (i == 0 || !net.layers[i-1].dw || net.layers[i-1].co != l.co || !net.layers[i-1].keeps()) {
			return nil, fmt.Errorf("%w: layer %d adds what does not fit", ErrFile, i)
		}
		net.down, net.across = net.down*l.sh, net.across*l.sw
		if net.down > maxStride || net.across > maxStride {
			return nil, fmt.Errorf("%w: layer %d shrinks too far", ErrFile, i)
		}
		channels = l.co
		net.layers = append(net.layers, l)
	}
	return net, nil
}

func buildLayer(op fileOp, data []byte, channels int) (layer, error) {
	l := layer{relu: op.Relu == 1, res: op.Res == 1, fc: op.Type == "fc", kh: 1, kw: 1, sh: 1, sw: 1}
	dims := 4
	if l.fc {
		dims = 2
	}
	if len(op.W.S) != dims || len(op.B.S) != 1 || op.B.Q != 0 || op.B.S[0] != op.W.S[0] {
		return l, fmt.Errorf("%w: shape", ErrFile)
	}
	l.co, l.ci = op.W.S[0], op.W.S[1]
	if !l.fc {
		l.kh, l.kw, l.sh, l.sw, l.ph, l.pw = op.W.S[2], op.W.S[3], op.Stride[0], op.Stride[1], op.Pad[0], op.Pad[1]
		l.dw = op.Groups > 1
	}
	if err := l.check(op.Groups, channels); err != nil {
		return l, err
	}
	w, err := op.W.read(data)
	if err != nil {
		return l, err
	}
	bias, err := op.B.read(data)
	if err != nil {
		return l, err
	}
	l.bias = bias.large
	l.pack(w)
	return l, nil
}

// check holds what the kernels and the frame of the buffers rely on.
func (l *layer) check(groups, channels int) error {
	within := func(v, low, high int) bool { return v >= low && v <= high }
	switch {
	case l.co < nr || l.co%nr != 0 || !l.fc && l.co > maxChannels:
		return fmt.Errorf("%w: %d outputs", ErrFile, l.co)
	case !within(l.kh, 1, 2*frameRows+1) || !within(l.ph, 0, frameRows) || !within(l.sh, 1, 4),
		!within(l.kw, 1, 2*framePad+1) || l.kw%2 == 0 || l.pw != l.kw/2 || !within(l.sw, 1, 4):
		return fmt.Errorf("%w: kernel", ErrFile)
	case l.dw && (l.ci != 1 || groups != channels || l.co != channels || !l.relu || l.res), !l.dw && l.ci != channels:
		return fmt.Errorf("%w: channels", ErrFile)
	}
	return nil
}

// weights are a tensor's values where they lie in the file, a row for each output.
type weights struct {
	outputs, row int
	scales       []float32 // one an output; of float32 values nil
	small        []byte    // int8
	large        []float32
}

// at returns a value of an output.
func (w *weights) at(o, i int) float32 {
	if w.scales == nil {
		return w.large[o*w.row+i]
	}
	return w.scales[o] * float32(int8(w.small[o*w.row+i]))
}

// tile gathers a value of each of the outputs from o on.
func (w *weights) tile(to *[nr]float32, o, i int) {
	if w.scales == nil {
		for k := range to {
			to[k] = w.large[(o+k)*w.row+i]
		}
		return
	}
	scales, small := (*[nr]float32)(w.scales[o:]), w.small[o*w.row+i:]
	for k := range to {
		to[k] = scales[k] * float32(int8(small[k*w.row]))
	}
}

// read finds the tensor's values, after all bounds have been checked.
func (t fileTensor) read(data []byte) (weights, error) {
	n := 1
	for _, s := range t.S {
		if s < 1 || s > maxTensor/n {
			return weights{}, fmt.Errorf("%w: tensor size", ErrFile)
		}
		n *= s
	}
	w := weights{outputs: t.S[0], row: n / t.S[0]}
	size := 4 * n
	if t.Q == 1 {
		size = 4*t.S[0] + n
	}
	if t.O < 0 || t.O > len(data) || size > len(data)-t.O {
		return weights{}, fmt.Errorf("%w: tensor outside the file", ErrFile)
	}
	data = data[t.O:][:size]
	count := n
	if t.Q == 1 {
		count = t.S[0]
		w.small = data[4*count:]
	}
	f := make([]float32, count)
	for i := range f {
		f[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	most := 1e9
	if t.Q == 1 {
		most /= 128
	}
	if slices.ContainsFunc(f, func(v float32) bool { return !(math.Abs(float64(v)) < most) }) {
		return weights{}, fmt.Errorf("%w: not a number", ErrFile)
	}
	if w.large = f; t.Q == 1 {
		w.scales, w.large = f, nil
	}
	return w, nil
}
