package nn

import "unsafe"

// depthArgs asks for n pixels of y = rectify(bias + sum over taps of x*w), channel by channel. The
// assembly reads the fields by offset, which a test holds, and counts n down.
type depthArgs struct {
	x, w, bias, y unsafe.Pointer // 0 8 16 24
	c             int            // 32: bytes of the channels of a pixel, a multiple of 64
	row, step     int            // 40 48: bytes between rows of x, between windows
	n, kh, kw     int            // 56 64 72
}

// depth computes a row of pixels; replaced by assembly where there is one.
var depth = depthGo

// depthGo takes three taps of a row at a time (a 1x5 kernel goes as 3 + 1 + 1).
//
//nolint:gosec // G103: layer.depthwise gives addresses inside its buffers
func depthGo(a *depthArgs) {
	c := a.c / 4
	bias := unsafe.Slice((*float32)(a.bias), c)
	for p := range a.n {
		d := unsafe.Slice((*float32)(unsafe.Add(a.y, p*a.c)), c)
		copy(d, bias)
		for i := range a.kh {
			s := unsafe.Slice((*float32)(unsafe.Add(a.x, p*a.step+i*a.row)), a.kw*c)
			w := unsafe.Slice((*float32)(unsafe.Add(a.w, i*a.kw*a.c)), a.kw*c)
			for len(s) >= 3*c {
				s0, s1, s2 := s[:c][:len(d)], s[c:][:len(d)], s[2*c:][:len(d)]
				w0, w1, w2 := w[:c][:len(d)], w[c:][:len(d)], w[2*c:][:len(d)]
				for k := range d {
					d[k] += s0[k]*w0[k] + s1[k]*w1[k] + s2[k]*w2[k]
				}
				s, w = s[3*c:], w[3*c:]
			}
			for len(s) > 0 {
				s0, w0 := s[:c][:len(d)], w[:c][:len(d)]
				for k := range d {
					d[k] += s0[k] * w0[k]
				}
				s, w = s[c:], w[c:]
			}
		}
		for k, v := range d {
			d[k] = max(v, 0)
		}
	}
}
