// Package journal keeps the output of a run safe: the file of records while it grows, and beside it
// the state, which says which pictures have their record in it. A run that ends at any moment, by any
// signal or by the loss of power, goes on later with every record exactly once.
//
// # Files
//
//	OUT         the records, when the run has come to its end
//	OUT.part    the records so far, from the first picture on; mode 0600
//	OUT.next    a rewritten OUT, for a moment at the end
//	STATE       which item has its record where; mode 0600
//	STATE.lock  held by the process that works; it stays, empty
//
// Where OUT is sealed, it is no output itself but what one is made of (a spreadsheet, say), and its lines
// are encrypted: it holds more than the output may show.
//
// # Order of writes
//
// A group of records goes to OUT.part and is synced; then the rows that name their places go to STATE
// and are synced. So what STATE names is there, and what lies behind the last place it names is cut
// when the next run opens the files. Before an item is taken, room for its record is written, so that
// a full disk is met before money is spent and not after.
//
// STATE is a log. Its last row that weighs is a seal once OUT is complete:
//
//   - {"seal":n}: OUT.part, n bytes long, is to be renamed to OUT.
//   - {"rewrite":true}, rows with new places, {"seal":n,"next":true}: OUT.next is to be renamed to OUT
//     and OUT.part removed. Without its seal the whole rewrite counts for nothing.
//
// Both are done again when the files are opened, in case the process ended in between.
//
// # Privacy
//
// STATE names pictures by a keyed digest and by their number in the run, never by name. The key lies
// in STATE itself, so this guards against a glance and against search, not against somebody who
// holds the file and tries names; the file is readable to its owner only.
package journal
