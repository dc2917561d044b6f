#include "textflag.h"

// func tileSSE(t *tileArgs, row int)
//
// Half of the tile's outputs after the other: X0 to X11 are the sums (6 pixels by two quarters of 4 outputs),
// X12 and X13 a row of B, X14 and X15 a pixel times them.
#define ROW(P, c0, c1) \
	MOVSS P, X14 \
	SHUFPS $0, X14, X14 \
	MOVAPS X14, X15 \
	MULPS X12, X14 \
	ADDPS X14, c0 \
	MULPS X13, X15 \
	ADDPS X15, c1

#define STEP(bo, ao) \
	MOVUPS bo(DX), X12 \
	MOVUPS (bo+16)(DX), X13 \
	ROW(ao(SI), X0, X1) \
	ROW(ao(SI)(R8*1), X2, X3) \
	ROW(ao(SI)(R8*2), X4, X5) \
	ROW(ao(R11), X6, X7) \
	ROW(ao(R11)(R8*1), X8, X9) \
	ROW(ao(R11)(R8*2), X10, X11)

#define ADDRES(c0, c1) \
	MOVUPS (DX), X12 \
	MOVUPS 16(DX), X13 \
	ADDPS X12, c0 \
	ADDPS X13, c1 \
	ADDQ R13, DX

#define OUT(c0, c1) \
	MAXPS X15, c0 \
	MAXPS X15, c1 \
	MOVUPS c0, (DI) \
	MOVUPS c1, 16(DI) \
	ADDQ R13, DI

TEXT ·tileSSE(SB), NOSPLIT, $0-16
	MOVQ t+0(FP), AX
	MOVQ row+8(FP), CX
	MOVQ 40(AX), R8
	XORQ BX, BX              // BX: byte of the half, 0 or 32
half:
	MOVQ CX, R9
	IMULQ R8, R9
	ADDQ 0(AX), R9           // R9: segment start
	MOVQ 8(AX), DX
	ADDQ BX, DX
	MOVQ 72(AX), R10         // segs
	MOVQ 24(AX), R12
	MOVUPS (R12)(BX*1), X0
	MOVUPS 16(R12)(BX*1), X1
	MOVAPS X0, X2
	MOVAPS X1, X3
	MOVAPS X0, X4
	MOVAPS X1, X5
	MOVAPS X0, X6
	MOVAPS X1, X7
	MOVAPS X0, X8
	MOVAPS X1, X9
	MOVAPS X0, X10
	MOVAPS X1, X11
seg:
	MOVQ R9, SI
	LEAQ (SI)(R8*2), R11
	ADDQ R8, R11
	MOVQ 64(AX), R12
	SUBQ $2, R12
	JL tail
k2:
	STEP(0, 0)
	STEP(64, 4)
	ADDQ $128, DX
	ADDQ $8, SI
	ADDQ $8, R11
	SUBQ $2, R12
	JGE k2
tail:
	ADDQ $2, R12
	JZ next
	STEP(0, 0)
	ADDQ $64, DX
next:
	ADDQ 80(AX), R9
	DECQ R10
	JNZ seg

	MOVQ 32(AX), DX
	TESTQ DX, DX
	JZ nores
	ADDQ BX, DX
	MOVQ 56(AX), R13
	MOVQ CX, R12
	IMULQ R13, R12
	ADDQ R12, DX
	ADDRES(X0, X1)
	ADDRES(X2, X3)
	ADDRES(X4, X5)
	ADDRES(X6, X7)
	ADDRES(X8, X9)
	ADDRES(X10, X11)
nores:
	// X15 = relu ? 0 : -inf
	XORPS X15, X15
	CMPQ 88(AX), $0
	JNE relu
	MOVL $0xff800000, R12
	MOVQ R12, X15
	SHUFPS $0, X15, X15
relu:
	MOVQ 48(AX), R13
	MOVQ CX, DI
	IMULQ R13, DI
	ADDQ 16(AX), DI
	ADDQ BX, DI
	OUT(X0, X1)
	OUT(X2, X3)
	OUT(X4, X5)
	OUT(X6, X7)
	OUT(X8, X9)
	OUT(X10, X11)
	ADDQ $32, BX
	CMPQ BX, $64
	JLT half
	RET
