// Package host is what the author of a host program calls to run a recognizer as a plugin, a process
// of its own:
//
//	p, err := host.Open(ctx, host.Options{Name: "wapi", Logger: log})
//	if err != nil { … }
//	defer p.Close(context.Background())
//	err = p.Configure(ctx, shared.Configuration{…})
//	res, err := p.Recognize(ctx, &shared.Request{…})
//
// [Plugin] is a [shared.Recognizer] with every face. The host survives what the plugin does:
//
//   - A plugin that crashes, hangs or is killed ends its calls with a typed error that says whether
//     they may be billed; with [Options.Restart] the next call starts it anew, with its settings.
//   - Starting, asking and ending are bounded in time; what does not end is killed, with its children.
//   - Nothing that a plugin prints, on either output, can stop or panic the host.
//   - The plugin gets none of the host's environment but what [Options.Env] explains, nothing of its
//     standard input, and no signal of its terminal.
//   - The connection is encrypted and bound to the process that was started (mutual TLS with keys made
//     for it), over a socket in a folder that only the user can enter and that is removed afterwards; the
//     next host removes what one leaves that is killed together with its plugin.
//   - On Linux large pictures go beside it, through sockets that nobody but host and plugin has
//     ([rpc.Lane]); where there are none, or they break, through the connection.
//   - A pinned SHA-256 is checked on the very file that is run.
//   - When the host ends, however it does, the plugin ends too.
//
// # Systems
//
// On Linux all of it holds. On other Unix systems the file is run by its path after it was checked, so
// who can write to its folder can exchange it in between; and a plugin that knows nothing of idrec's
// lifeline outlives a killed host. On Windows a plugin cannot inherit the lifeline and watches its
// parent process instead, its children are not killed with it, file permissions are not looked at, and the
// folders of sockets that killed hosts leave are not removed, since folders cannot be locked there.
package host
