#include "textflag.h"

// func tileNEON(t *tileArgs, row int)
//
// V0 to V23 are the sums (6 pixels by 4 quarters of 4 outputs), V24 to V27 a row of B, V28 and V29 pixels.
#define ROW(ptr, bc, c0, c1, c2, c3) \
	VLD1R.P 4(ptr), [bc] \
	VFMLA V24.S4, bc, c0 \
	VFMLA V25.S4, bc, c1 \
	VFMLA V26.S4, bc, c2 \
	VFMLA V27.S4, bc, c3

// sums += 1 * residual
#define ADDRES(c0, c1, c2, c3) \
	VLD1 (R3), [V24.S4, V25.S4, V26.S4, V27.S4] \
	VFMLA V24.S4, V30.S4, c0 \
	VFMLA V25.S4, V30.S4, c1 \
	VFMLA V26.S4, V30.S4, c2 \
	VFMLA V27.S4, V30.S4, c3 \
	ADD R4, R3

// FMAX Vn.4S, Vn.4S, V31.4S (no mnemonic before Go 1.27)
#define MAX(n) WORD $(0x4E3FF400 | (n<<5) | n)

#define OUT(a, b, c, d) \
	VST1 [a, b, c, d], (R3) \
	ADD R4, R3

TEXT ·tileNEON(SB), NOSPLIT, $0-16
	MOVD t+0(FP), R0
	MOVD row+8(FP), R1
	MOVD 0(R0), R2           // A
	MOVD 8(R0), R5           // B
	MOVD 40(R0), R6          // LDA
	MUL R1, R6, R7
	ADD R7, R2               // segment start
	MOVD 72(R0), R8          // segs
	MOVD 80(R0), R9          // seg stride
	MOVD 24(R0), R3
	VLD1 (R3), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1 (R3), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1 (R3), [V8.S4, V9.S4, V10.S4, V11.S4]
	VLD1 (R3), [V12.S4, V13.S4, V14.S4, V15.S4]
	VLD1 (R3), [V16.S4, V17.S4, V18.S4, V19.S4]
	VLD1 (R3), [V20.S4, V21.S4, V22.S4, V23.S4]
seg:
	MOVD R2, R10
	ADD R6, R10, R11
	ADD R6, R11, R12
	ADD R6, R12, R13
	ADD R6, R13, R14
	ADD R6, R14, R15
	MOVD 64(R0), R16
k1:
	VLD1.P 64(R5), [V24.S4, V25.S4, V26.S4, V27.S4]
	ROW(R10, V28.S4, V0.S4, V1.S4, V2.S4, V3.S4)
	ROW(R11, V29.S4, V4.S4, V5.S4, V6.S4, V7.S4)
	ROW(R12, V28.S4, V8.S4, V9.S4, V10.S4, V11.S4)
	ROW(R13, V29.S4, V12.S4, V13.S4, V14.S4, V15.S4)
	ROW(R14, V28.S4, V16.S4, V17.S4, V18.S4, V19.S4)
	ROW(R15, V29.S4, V20.S4, V21.S4, V22.S4, V23.S4)
	SUBS $1, R16
	BNE k1
	ADD R9, R2
	SUBS $1, R8
	BNE seg

	MOVD 32(R0), R3
	CBZ R3, nores
	MOVD 56(R0), R4
	MUL R1, R4, R7
	ADD R7, R3
	FMOVS $1.0, F30
	VDUP V30.S[0], V30.S4
	ADDRES(V0.S4, V1.S4, V2.S4, V3.S4)
	ADDRES(V4.S4, V5.S4, V6.S4, V7.S4)
	ADDRES(V8.S4, V9.S4, V10.S4, V11.S4)
	ADDRES(V12.S4, V13.S4, V14.S4, V15.S4)
	ADDRES(V16.S4, V17.S4, V18.S4, V19.S4)
	ADDRES(V20.S4, V21.S4, V22.S4, V23.S4)
nores:
	MOVD 88(R0), R3
	CBZ R3, norelu
	VEOR V31.B16, V31.B16, V31.B16
	MAX(0)
	MAX(1)
	MAX(2)
	MAX(3)
	MAX(4)
	MAX(5)
	MAX(6)
	MAX(7)
	MAX(8)
	MAX(9)
	MAX(10)
	MAX(11)
	MAX(12)
	MAX(13)
	MAX(14)
	MAX(15)
	MAX(16)
	MAX(17)
	MAX(18)
	MAX(19)
	MAX(20)
	MAX(21)
	MAX(22)
	MAX(23)
norelu:
	MOVD 16(R0), R3
	MOVD 48(R0), R4
	MUL R1, R4, R7
	ADD R7, R3
	OUT(V0.S4, V1.S4, V2.S4, V3.S4)
	OUT(V4.S4, V5.S4, V6.S4, V7.S4)
	OUT(V8.S4, V9.S4, V10.S4, V11.S4)
	OUT(V12.S4, V13.S4, V14.S4, V15.S4)
	OUT(V16.S4, V17.S4, V18.S4, V19.S4)
	OUT(V20.S4, V21.S4, V22.S4, V23.S4)
	RET
