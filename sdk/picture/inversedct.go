package picture

// The cosines of the inverse DCT of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), times 2^13.
const (
	cosBits   = 13
	cos0_298  = 2446
	cos0_390  = 3196
	cos0_541  = 4433
	cos0_765  = 6270
	cos0_899  = 7373
	cos1_175  = 9633
	cos1_501  = 12299
	cos1_847  = 15137
	cos1_961  = 16069
	cos2_053  = 16819
	cos2_562  = 20995
	cos3_072  = 25172
	keptBits  = 2 // of the fractions, between the passes
	firstDown = cosBits - keptBits
	lastDown  = cosBits + keptBits + 3
)

// loudest bounds the sum of a block's magnitudes, each below zero counted as one less: so the true sum stays
// below 2^13. That is what the coefficients of eight bits a sample come to at most, before they are rounded: their
// squares sum up to 64*128^2. What overflows int32 is not one coefficient but a sum before a shift. Here, with
// amplitudes of up to sum/4 in the samples, that is the second pass from 2^15 on; in image/jpeg it is the odd rows
// of its second pass, times 1.97*2^17, from 2^13 on. Behind that the two would show different pictures.
const loudest = 1<<13 - 64

// evenBlock writes a block of one level.
func evenBlock(dc int32, to []byte, stride int) {
	v := level((dc + 4) >> 3)
	for y := range 8 {
		row := to[y*stride:][:8]
		for x := range row {
			row[x] = v
		}
	}
}

// level is a sample as a grey level.
func level(v int32) byte {
	if v += 128; uint32(v) > 255 {
		return byte(^(v >> 31))
	}
	return byte(v)
}

// inverseDCT writes a block. No coefficient lies behind the place most in zigzag order.
func inverseDCT(b *[64]int32, most int, to []byte, stride int) {
	// Of the first ten places none is behind column 3 or below row 3.
	columns := 8
	if most < 10 {
		columns = 4
	}
	for x := range columns {
		if b[8+x]|b[16+x]|b[24+x]|b[32+x]|b[40+x]|b[48+x]|b[56+x] == 0 {
			v := b[x] << keptBits
			for i := x; i < 64; i += 8 {
				b[i] = v
			}
			continue
		}
		e0, e1, e2, e3 := evens(b[x], b[16+x], b[32+x], b[48+x])
		o0, o1, o2, o3 := odds(b[8+x], b[24+x], b[40+x], b[56+x])
		const half = 1 << (firstDown - 1)
		b[x], b[56+x] = (e0+o0+half)>>firstDown, (e0-o0+half)>>firstDown
		b[8+x], b[48+x] = (e1+o1+half)>>firstDown, (e1-o1+half)>>firstDown
		b[16+x], b[40+x] = (e2+o2+half)>>firstDown, (e2-o2+half)>>firstDown
		b[24+x], b[32+x] = (e3+o3+half)>>firstDown, (e3-o3+half)>>firstDown
	}
	for y := range 8 {
		in, out := b[8*y:][:8], to[y*stride:][:8]
		var e0, e1, e2, e3, o0, o1, o2, o3 int32
		if columns == 4 {
			e0, e1, e2, e3 = evens(in[0], in[2], 0, 0)
			o0, o1, o2, o3 = odds(in[1], in[3], 0, 0)
		} else {
			e0, e1, e2, e3 = evens(in[0], in[2], in[4], in[6])
			o0, o1, o2, o3 = odds(in[1], in[3], in[5], in[7])
		}
		const half = 1 << (lastDown - 1)
		out[0], out[7] = level((e0+o0+half)>>lastDown), level((e0-o0+half)>>lastDown)
		out[1], out[6] = level((e1+o1+half)>>lastDown), level((e1-o1+half)>>lastDown)
		out[2], out[5] = level((e2+o2+half)>>lastDown), level((e2-o2+half)>>lastDown)
		out[3], out[4] = level((e3+o3+half)>>lastDown), level((e3-o3+half)>>lastDown)
	}
}

// evens is what the even coefficients give, for the outputs 0 to 3 and, mirrored, 7 to 4.
func evens(c0, c2, c4, c6 int32) (e0, e1, e2, e3 int32) {
	z := (c2 + c6) * cos0_541
	far, near := z+c2*cos0_765, z-c6*cos1_847
	sum, difference := (c0+c4)<<cosBits, (c0-c4)<<cosBits
	return sum + far, difference + near, difference - near, sum - far
}

// odds is what the odd ones give, to be added for the outputs 0 to 3 and taken off for 7 to 4.
func odds(c1, c3, c5, c7 int32) (o0, o1, o2, o3 int32) {
	z5 := (c7 + c3 + c5 + c1) * cos1_175
	z1, z2 := -(c7+c1)*cos0_899, -(c5+c3)*cos2_562
	z3, z4 := z5-(c7+c3)*cos1_961, z5-(c5+c1)*cos0_390
	return c1*cos1_501 + z1 + z4, c3*cos3_072 + z2 + z3, c5*cos2_053 + z2 + z4, c7*cos0_298 + z1 + z3
}
