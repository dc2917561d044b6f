#include "textflag.h"

// FMAX Vn.4S, Vn.4S, V31.4S (no mnemonic before Go 1.27)
#define MAX(n) WORD $(0x4E3FF400 | (n<<5) | n)

// func depthNEON(d *depthArgs)
//
// Pixel by pixel, 16 channels at a time in V0 to V3, tap by tap.
TEXT ·depthNEON(SB), NOSPLIT, $0-8
	MOVD d+0(FP), R0
	MOVD 0(R0), R1   // the window's first pixel
	MOVD 24(R0), R2  // y
	MOVD 32(R0), R3  // bytes of a pixel
	MOVD 40(R0), R4  // bytes of a row
	MOVD 48(R0), R5  // bytes between windows
	MOVD 56(R0), R6  // pixels left
	VEOR V31.B16, V31.B16, V31.B16

pixel:
	MOVD $0, R7      // byte of the channel
block:
	MOVD 16(R0), R8
	ADD R7, R8
	VLD1 (R8), [V0.S4, V1.S4, V2.S4, V3.S4]
	ADD R7, R1, R9   // row of the window
	MOVD 8(R0), R10
	ADD R7, R10      // weights of the tap
	MOVD 64(R0), R11
row:
	MOVD R9, R12
	MOVD 72(R0), R13
tap:
	VLD1 (R12), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1 (R10), [V8.S4, V9.S4, V10.S4, V11.S4]
	VFMLA V8.S4, V4.S4, V0.S4
	VFMLA V9.S4, V5.S4, V1.S4
	VFMLA V10.S4, V6.S4, V2.S4
	VFMLA V11.S4, V7.S4, V3.S4
	ADD R3, R12
	ADD R3, R10
	SUBS $1, R13
	BNE tap
	ADD R4, R9
	SUBS $1, R11
	BNE row
	MAX(0)
	MAX(1)
	MAX(2)
	MAX(3)
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R2)
	ADD $64, R7
	CMP R3, R7
	BLT block
	ADD R5, R1
	SUBS $1, R6
	BNE pixel
	RET
