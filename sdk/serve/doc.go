// Package serve is what the author of a provider calls in main:
//
//	func main() { serve.Main(mine.New()) }
//
// It serves a [shared.Recognizer] to any host that speaks hashicorp/go-plugin and the contract, and
// sees to what plain go-plugin leaves open:
//
//   - A panic in one call fails that call with a typed error; the process and the other calls live.
//   - When the host ends, however it ends, so does the plugin, but not before calls that are paid have
//     been answered and recorded, see [WithGrace].
//   - A stop lets the calls in flight end first, also under a plain go-plugin host.
//   - Whatever the provider, or a library of it, prints to standard output is dropped. It can neither
//     break the handshake nor fill a pipe that nobody reads.
//   - A log line to a host that is gone is dropped; it kills nothing.
//   - Ctrl-C and a hang-up of the terminal concern the host, and the host then ends the plugin.
//   - Pictures up to 32 MiB cross by value.
//   - On Linux the process leaves no core dump and cannot be looked into by other processes of the
//     same user: pictures and secrets are in its memory.
//   - Started by hand, it says what it is and does nothing.
//
// # What a recognizer may offer to serve
//
// If it implements [Drainer], that is asked to wait for work that outlives its call; if it implements
// io.Closer, that is called last. Both are looked for with [shared.As], so the outermost one counts.
package serve
