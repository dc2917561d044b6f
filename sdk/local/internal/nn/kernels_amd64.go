package nn

import "golang.org/x/sys/cpu"

//go:noescape
func tileAVX2(t *tileArgs, row int)

//go:noescape
func depthAVX2(d *depthArgs)

//go:noescape
func tileSSE(t *tileArgs, row int)

//go:noescape
func depthSSE(d *depthArgs)

func init() {
	tile, depth = tileSSE, depthSSE // every amd64 has SSE2
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		tile, depth = tileAVX2, depthAVX2
	}
}
