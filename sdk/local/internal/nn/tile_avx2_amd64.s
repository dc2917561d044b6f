#include "textflag.h"

// func tileAVX2(t *tileArgs, row int)
//
// Y0 to Y11 are the sums (6 pixels by two halves of 8 outputs), Y12 and Y13 a row of B, Y14 and Y15 pixels.
#define ROW(P, c0, c1, bc) \
	VBROADCASTSS P, bc \
	VFMADD231PS Y12, bc, c0 \
	VFMADD231PS Y13, bc, c1

#define STEP(bo, ao) \
	VMOVUPS bo(DX), Y12 \
	VMOVUPS (bo+32)(DX), Y13 \
	ROW(ao(SI), Y0, Y1, Y14) \
	ROW(ao(SI)(R8*1), Y2, Y3, Y15) \
	ROW(ao(SI)(R8*2), Y4, Y5, Y14) \
	ROW(ao(R11), Y6, Y7, Y15) \
	ROW(ao(R11)(R8*1), Y8, Y9, Y14) \
	ROW(ao(R11)(R8*2), Y10, Y11, Y15)

#define ADDRES(c0, c1) \
	VADDPS (BX), c0, c0 \
	VADDPS 32(BX), c1, c1 \
	ADDQ R13, BX

#define OUT(c0, c1) \
	VMAXPS Y15, c0, c0 \
	VMAXPS Y15, c1, c1 \
	VMOVUPS c0, (DI) \
	VMOVUPS c1, 32(DI) \
	ADDQ R13, DI

TEXT ·tileAVX2(SB), NOSPLIT, $0-16
	MOVQ t+0(FP), AX
	MOVQ row+8(FP), CX
	MOVQ 0(AX), R9
	MOVQ 8(AX), DX
	MOVQ 40(AX), R8
	MOVQ CX, R11
	IMULQ R8, R11
	ADDQ R11, R9             // R9: segment start
	MOVQ 72(AX), R10         // segs
	MOVQ 24(AX), BX
	VMOVUPS (BX), Y0
	VMOVUPS 32(BX), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	VMOVAPS Y0, Y8
	VMOVAPS Y1, Y9
	VMOVAPS Y0, Y10
	VMOVAPS Y1, Y11
seg:
	MOVQ R9, SI
	LEAQ (SI)(R8*2), R11
	ADDQ R8, R11
	MOVQ 64(AX), R12
	SUBQ $4, R12
	JL tail
k4:
	STEP(0, 0)
	STEP(64, 4)
	STEP(128, 8)
	STEP(192, 12)
	ADDQ $256, DX
	ADDQ $16, SI
	ADDQ $16, R11
	SUBQ $4, R12
	JGE k4
tail:
	ADDQ $4, R12
	JZ next
k1:
	STEP(0, 0)
	ADDQ $64, DX
	ADDQ $4, SI
	ADDQ $4, R11
	DECQ R12
	JNZ k1
next:
	ADDQ 80(AX), R9
	DECQ R10
	JNZ seg

	MOVQ 32(AX), BX
	TESTQ BX, BX
	JZ nores
	MOVQ 56(AX), R13
	MOVQ CX, R12
	IMULQ R13, R12
	ADDQ R12, BX
	ADDRES(Y0, Y1)
	ADDRES(Y2, Y3)
	ADDRES(Y4, Y5)
	ADDRES(Y6, Y7)
	ADDRES(Y8, Y9)
	ADDRES(Y10, Y11)
nores:
	// Y15 = relu ? 0 : -inf
	VXORPS Y15, Y15, Y15
	CMPQ 88(AX), $0
	JNE relu
	MOVL $0xff800000, R12
	MOVQ R12, X15
	VBROADCASTSS X15, Y15
relu:
	MOVQ 16(AX), DI
	MOVQ 48(AX), R13
	IMULQ R13, CX
	ADDQ CX, DI
	OUT(Y0, Y1)
	OUT(Y2, Y3)
	OUT(Y4, Y5)
	OUT(Y6, Y7)
	OUT(Y8, Y9)
	OUT(Y10, Y11)
	VZEROUPPER
	RET
