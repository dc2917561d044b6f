// Package conformance checks a built plugin, in any language, from outside: that it keeps the contract of
// package shared, that it takes what a host or a bad day may do to it, and that it ends when it should.
//
//	report, err := conformance.Run(ctx, conformance.Options{Host: host.Options{Path: path}})
//	fmt.Print(report)
//
// In a test of a provider, [Test] runs every point as a subtest. The host idrec has it as a command:
// idrec plugins conform PATH.
//
// # Points
//
// A [Point] is one promise, with a name that stays. Most are required; some are advice: a plugin that
// does not follow it works with a host of package sdk/host, which makes up for it, and less well with
// others. A point that does not apply to a plugin is left out: faces that it does not list, settings that
// it does not take.
//
// # Money
//
// Most points make calls. Those of a plugin that says of itself that calls cost money are left out, and
// the report says so, unless [Options.MayCost] is set: give it a test account or a stand-in for the vendor.
//
// # Systems
//
// The points that send signals run on Unix systems only.
package conformance
