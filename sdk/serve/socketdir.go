package serve

import (
	"os"
	"path/filepath"
	"strings"
)

// envSocketDir is how a go-plugin host names the folder that it made for the plugin's socket.
const envSocketDir = "PLUGIN_UNIX_SOCKET_DIR"

// How the folders begin that go-plugin makes for one plugin, and a host of package sdk/host around it.
// Another one may be meant to stay.
const (
	pluginFolder = "plugin-dir"
	hostFolder   = "idrec-"
)

// removeSocketDir removes the folders of the socket, which a host that was killed cannot. Only empty ones
// go. A living host removes them too, and does not mind.
func removeSocketDir(dir string) {
	if !strings.HasPrefix(filepath.Base(dir), pluginFolder) || os.Remove(dir) != nil {
		return
	}
	if above := filepath.Dir(dir); strings.HasPrefix(filepath.Base(above), hostFolder) {
		_ = os.Remove(above)
	}
}
