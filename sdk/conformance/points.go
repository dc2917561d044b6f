package conformance

import "github.com/seed-6b91b535/idrec/shared"

// points are all promises, in the order in which they are checked: what everything else needs first.
var points = []point{
	{name: "starts", promise: "starts, and says what it is, within the start timeout", check: starts},
	{name: "handshake", promise: "prints the handshake line and nothing before it", check: handshake},
	{name: "encrypts", promise: "encrypts for a host that gives a certificate, and lets nobody else in", check: encrypts},
	{name: "plain", promise: "serves a host that gives no certificate", check: plain},
	{name: "by-hand", promise: "started without a host, it says what it is and ends with an error", check: byHand},
	{name: "description", promise: "describes itself fully, and the same each time", check: description},

	{name: "unconfigured", promise: "before it has its settings, a call is answered with a typed error", face: shared.FaceConfigurer, check: unconfigured},
	{name: "unknown-setting", promise: "refuses a setting that it does not know", face: shared.FaceConfigurer, check: unknownSetting},
	{name: "faces", promise: "has the faces that it lists, and answers not_supported for the others", check: faces},

	{name: "no-picture", promise: "refuses a request without a picture, with a typed error on the wire", check: noPicture},
	{name: "malformed", promise: "lives through messages that are none", check: malformed},
	{name: "too-large", promise: "refuses a message over the limit, and lives", check: tooLarge},
	{name: "unknown-method", promise: "answers UNIMPLEMENTED to a method that it does not know", check: unknownMethod},
	{name: "garbage", promise: "lives through bytes on its socket that are no gRPC", check: garbage},

	{name: "recognize", promise: "answers for a picture, with an outcome and the call's id", calls: true, check: recognize},
	{name: "new-fields", promise: "answers a request with a field of a newer host", calls: true, check: newFields},
	{name: "junk", promise: "does not bill for what is no picture", calls: true, check: junk},
	{name: "by-path", promise: "answers for a picture by path, and for a path where nothing is", calls: true, check: byPath},
	{name: "large", promise: "takes a picture of 24 MiB by value", calls: true, check: large},
	{name: "deadline", promise: "gives up by itself when the time that it is left is over, with a typed error", calls: true, check: deadline},
	{name: "cancel", promise: "a call that is given up ends soon and says whether it was billed", calls: true, check: cancel},
	{name: "concurrency", promise: "answers sixteen calls at once, each with its own answer", calls: true, check: concurrency},

	{name: "stop", promise: "ends when it is asked to, with all its children", check: stop},
	{name: "drain", promise: "a stop lets the calls in flight end", calls: true, check: drain},
	{name: "orphan", promise: "ends soon after its host has gone", check: orphan},
	{name: "killed", promise: "a killed plugin is replaced, and its calls have an outcome", check: killed},
	{name: "stopped", promise: "goes on after it was stopped for a while", check: stopped},
	{name: "polite-stop", promise: "ends at SIGTERM", advice: true, check: politeStop},
	{name: "terminal", promise: "leaves Ctrl-C and a hang-up of the terminal to its host", advice: true, check: terminal},
	{name: "quiet", promise: "prints nothing to standard output after the handshake", advice: true, check: quiet},
	{name: "unread", promise: "goes on when nobody reads what it logs: a few dozen calls log less than a pipe holds", check: unread},
	{name: "log", promise: "logs nothing of a request's texts, and no secret", check: logIsClean},
}
