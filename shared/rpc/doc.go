// Package rpc carries the contract of package shared over hashicorp/go-plugin, so that a recognizer
// can be a process of its own.
//
// A host that uses go-plugin directly needs [Handshake], [VersionedPlugins] and [PluginName]; what
// Dispense returns is a [shared.Recognizer] with every face. A plugin that uses go-plugin directly
// gives its recognizer to [VersionedPlugins] and [GRPCServer] to plugin.Serve. Packages sdk/host and
// sdk/serve do both, and survive what plain go-plugin does not.
//
// # What the client half adds
//
//   - A call without [shared.Request.CallID] gets a random one.
//   - The plugin is given a little less time than the caller has, and a caller's cancel is passed on
//     as a message, so that the plugin's own error arrives and says whether the call was billed.
//   - A call that got no answer is ambiguous ([shared.CodeOutcomeUnknown]) with its call id. If the
//     plugin offers [shared.Recaller], it is asked once what became of the call.
//   - A call that was never given to a connection is [shared.OutcomeNotSent].
//   - Where the plugin's [shared.Description] says that it is not Paid, a call that got no answer is
//     [shared.OutcomeFree] on the basis documented (the provider's own word), and retryable: whatever
//     became of it, it cost nothing.
//   - Calls that are not about a picture are bounded in time, also where the caller sets no deadline.
//   - With a [Lane], pictures of 64 KiB and more go beside the connection. One that does not arrive that way
//     is sent through the connection, once: the plugin asked nobody about it.
//
// # What the server half adds
//
//   - A panic, a plain error, or no answer at all becomes an [shared.Error] with an outcome.
//   - Every result and every error carries the call's id.
//
// # Versions
//
// [ProtocolVersion] is the newest protocol version and the only one so far. go-plugin picks the
// newest that both sides have; within a version the proto grows by new fields only, and enumerations
// are strings, so a value that one side does not know passes through.
package rpc
