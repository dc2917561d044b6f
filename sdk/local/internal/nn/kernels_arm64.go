package nn

//go:noescape
func tileNEON(t *tileArgs, row int)

//go:noescape
func depthNEON(d *depthArgs)

func init() { tile, depth = tileNEON, depthNEON } // every arm64 has NEON
