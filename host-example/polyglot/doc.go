// Package polyglot has what proves that the boundary is not for Go alone: python/ is a provider in Python,
// node/ a host in Node.js. Their tests run them against the ones in Go; docs/provider-other-languages.md and
// docs/embed.md say what each must do.
package polyglot
