package nn

import "unsafe"

// tileArgs asks for C[6][16] = rectify?(bias + sum over segments and k of A[i][k]*B[k][j] + res[i][j]).
// The assembly reads the fields by offset, which a test holds.
type tileArgs struct {
	a, b, c, bias, res unsafe.Pointer // 0 8 16 24 32; res may be nil
	lda, ldc, ldr      int            // 40 48 56: bytes between pixels
	k, segs, seg       int            // 64 72 80: values a segment, segments, bytes between segments
	relu               int            // 88
}

// tile computes 6 pixels from pixel row on; replaced by assembly where there is one.
var tile = tileGo

// tileGo goes by sub-tiles of 3 pixels by 2 outputs, the largest that the compiler keeps in registers on
// amd64.
//
//nolint:gosec // G103: layer.dense gives addresses inside its buffers
func tileGo(t *tileArgs, row int) {
	for i := 0; i < mr; i += 3 {
		for j := 0; j < nr; j += 2 {
			var a0, a1, b0, b1, c0, c1 float32
			for s := range t.segs {
				p := unsafe.Add(t.a, (row+i)*t.lda+s*t.seg)
				u := unsafe.Slice((*float32)(p), t.k)
				v := unsafe.Slice((*float32)(unsafe.Add(p, t.lda)), t.k)[:len(u)]
				w := unsafe.Slice((*float32)(unsafe.Add(p, 2*t.lda)), t.k)[:len(u)]
				b := unsafe.Slice((*[nr]float32)(unsafe.Add(t.b, s*t.k*4*nr)), t.k)[:len(u)]
				for k := range u {
					x, y := b[k][j], b[k][j+1]
					z := u[k]
					a0 += z * x
					a1 += z * y
					z = v[k]
					b0 += z * x
					b1 += z * y
					z = w[k]
					c0 += z * x
					c1 += z * y
				}
			}
			for q, v := range [6]float32{a0, a1, b0, b1, c0, c1} {
				r, o := row+i+q/2, 4*(j+q%2)
				v += *(*float32)(unsafe.Add(t.bias, o))
				if t.res != nil {
					v += *(*float32)(unsafe.Add(t.res, r*t.ldr+o))
				}
				if t.relu != 0 {
					v = max(v, 0)
				}
				*(*float32)(unsafe.Add(t.c, r*t.ldc+o)) = v
			}
		}
	}
}
