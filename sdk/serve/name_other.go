//go:build !linux

package serve

// showName has nothing to do: the file is run by its name.
func showName() {}
