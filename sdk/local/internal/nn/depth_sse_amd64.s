#include "textflag.h"

// func depthSSE(d *depthArgs)
//
// Pixel by pixel, 16 channels at a time in X0 to X3, tap by tap.
#define TAP(o, c) \
	MOVUPS o(R9), X4 \
	MOVUPS o(DX), X5 \
	MULPS X5, X4 \
	ADDPS X4, c

TEXT ·depthSSE(SB), NOSPLIT, $0-8
	MOVQ d+0(FP), AX
	MOVQ 0(AX), SI   // the window's first pixel
	MOVQ 24(AX), DI  // y
	MOVQ 32(AX), CX  // bytes of a pixel
	MOVQ 40(AX), R8  // bytes of a row
	XORPS X6, X6

pixel:
	XORQ R11, R11    // byte of the channel
block:
	MOVQ 16(AX), BX
	MOVUPS (BX)(R11*1), X0
	MOVUPS 16(BX)(R11*1), X1
	MOVUPS 32(BX)(R11*1), X2
	MOVUPS 48(BX)(R11*1), X3
	LEAQ (SI)(R11*1), R12 // row of the window
	MOVQ 8(AX), DX
	ADDQ R11, DX          // weights of the tap
	MOVQ 64(AX), R13
row:
	MOVQ R12, R9
	MOVQ 72(AX), R10
tap:
	TAP(0, X0)
	TAP(16, X1)
	TAP(32, X2)
	TAP(48, X3)
	ADDQ CX, R9
	ADDQ CX, DX
	DECQ R10
	JNZ tap
	ADDQ R8, R12
	DECQ R13
	JNZ row
	MAXPS X6, X0
	MAXPS X6, X1
	MAXPS X6, X2
	MAXPS X6, X3
	MOVUPS X0, (DI)
	MOVUPS X1, 16(DI)
	MOVUPS X2, 32(DI)
	MOVUPS X3, 48(DI)
	ADDQ $64, DI
	ADDQ $64, R11
	CMPQ R11, CX
	JLT block
	ADDQ 48(AX), SI
	DECQ 56(AX)
	JNZ pixel
	RET
