//go:build !windows

package cli

// uiLanguage is empty: the environment says it.
func uiLanguage() string { return "" }
