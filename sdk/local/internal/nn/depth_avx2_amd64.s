#include "textflag.h"

// func depthAVX2(d *depthArgs)
//
// Pixel by pixel, 16 channels at a time in Y0 and Y1, tap by tap.
TEXT ·depthAVX2(SB), NOSPLIT, $0-8
	MOVQ d+0(FP), AX
	MOVQ 0(AX), SI   // the window's first pixel
	MOVQ 24(AX), DI  // y
	MOVQ 32(AX), CX  // bytes of a pixel
	MOVQ 40(AX), R8  // bytes of a row
	VXORPS Y4, Y4, Y4

pixel:
	XORQ R11, R11    // byte of the channel
block:
	MOVQ 16(AX), BX
	VMOVUPS (BX)(R11*1), Y0
	VMOVUPS 32(BX)(R11*1), Y1
	LEAQ (SI)(R11*1), R12 // row of the window
	MOVQ 8(AX), DX
	ADDQ R11, DX          // weights of the tap
	MOVQ 64(AX), R13
row:
	MOVQ R12, R9
	MOVQ 72(AX), R10
tap:
	VMOVUPS (R9), Y2
	VMOVUPS 32(R9), Y3
	VFMADD231PS (DX), Y2, Y0
	VFMADD231PS 32(DX), Y3, Y1
	ADDQ CX, R9
	ADDQ CX, DX
	DECQ R10
	JNZ tap
	ADDQ R8, R12
	DECQ R13
	JNZ row
	VMAXPS Y4, Y0, Y0
	VMAXPS Y4, Y1, Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ $64, DI
	ADDQ $64, R11
	CMPQ R11, CX
	JLT block
	ADDQ 48(AX), SI
	DECQ 56(AX)
	JNZ pixel
	VZEROUPPER
	RET
