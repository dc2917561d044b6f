package rpc

// What a host of package sdk/host puts into the environment of a plugin, besides what go-plugin does.
// A plugin may ignore both; one in another language gains from the first.
const (
	// EnvLifeline is the number of an inherited descriptor, the reading end of a pipe that nobody
	// writes to. It ends when the host does, however the host ends; then the plugin should settle what
	// is paid, and go.
	EnvLifeline = "IDREC_LIFELINE_FD"
	// EnvLogLevel is the level of the host's logger: trace, debug, info, warn, error or off.
	EnvLogLevel = "IDREC_LOG_LEVEL"
)
