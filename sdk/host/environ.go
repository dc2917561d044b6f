package host

import "strings"

// passed are the variables that a plugin gets of the host's environment. None of them is meant for
// secrets; a proxy's address may hold a password, and without it the proxy would not work.
var passed = map[string]bool{
	"PATH": true, "HOME": true, "USER": true, "LOGNAME": true, "SHELL": true,
	"TMPDIR": true, "TEMP": true, "TMP": true,
	"LANG": true, "LANGUAGE": true, "TZ": true, "ZONEINFO": true,
	"HTTP_PROXY": true, "HTTPS_PROXY": true, "NO_PROXY": true, "ALL_PROXY": true,
	"http_proxy": true, "https_proxy": true, "no_proxy": true, "all_proxy": true,
	"SSL_CERT_FILE": true, "SSL_CERT_DIR": true,
	"XDG_CACHE_HOME": true, "XDG_CONFIG_HOME": true, "XDG_DATA_HOME": true, "XDG_RUNTIME_DIR": true, "XDG_STATE_HOME": true,
	"GOMAXPROCS": true, "GOMEMLIMIT": true, "GOGC": true, "GODEBUG": true, "GOTRACEBACK": true, "GOCOVERDIR": true,
	"LD_LIBRARY_PATH": true, "DYLD_LIBRARY_PATH": true,
	// Windows: nothing with sockets or certificates starts without these.
	"SystemRoot": true, "SYSTEMROOT": true, "SystemDrive": true, "windir": true, "ComSpec": true, "COMSPEC": true, "PATHEXT": true,
	"Path": true, "USERPROFILE": true, "USERNAME": true, "APPDATA": true, "LOCALAPPDATA": true, "ProgramData": true,
	"NUMBER_OF_PROCESSORS": true, "PROCESSOR_ARCHITECTURE": true,
}

// environment picks from the host's environment what the plugin gets; more is [Options.Env].
func environment(host, more []string) []string {
	names, set := map[string]bool{}, []string{}
	for _, m := range more {
		if strings.Contains(m, "=") {
			set = append(set, m)
		} else {
			names[m] = true
		}
	}
	var out []string
	for _, kv := range host {
		name, _, ok := strings.Cut(kv, "=")
		if ok && (passed[name] || names[name] || strings.HasPrefix(name, "LC_")) {
			out = append(out, kv)
		}
	}
	return append(out, set...)
}
