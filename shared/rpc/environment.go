package rpc

// What a host of package sdk/host puts into the environment of a plugin, besides what go-plugin does.
// A plugin may ignore all of it; one in another language gains from the first.
const (
	// EnvLifeline is the number of an inherited descriptor, the reading end of a pipe that nobody
	// writes to. It ends when the host does, however the host ends; then the plugin should settle what
	// is paid, and go.
	EnvLifeline = "IDREC_LIFELINE_FD"
	// EnvLogLevel is the level of the host's logger: trace, debug, info, warn, error or off.
	EnvLogLevel = "IDREC_LOG_LEVEL"
	// EnvLane is the number of an inherited descriptor, the plugin's end of a [Lane]. The host writes to it
	// only if the plugin said that it takes pictures from it.
	EnvLane = "IDREC_LANE_FD"
)
