// Package postgres keeps the record of calls in PostgreSQL (13 or newer), for workers on several machines:
// an engine that loses a machine gives its step to another, and a record on the first one's disk would
// protect nobody.
//
// # What is promised
//
// No call is begun without a commit that the server has reported as synced: synchronous_commit is on in
// every session, whatever the role or the database says. A commit whose answer was lost is looked for
// before anything is sent, under the lock that its transaction would hold if it still ran, and confirmed
// by a durable write of its own. What the server loses that it has reported as synced is beyond this
// package: a failover to a standby that is not synchronous, or fsync = off ([Store.Warnings]).
//
// # Owners
//
// Each Store has a connection of its own that holds a session advisory lock, whose number its open calls
// carry: that lock is what "the owner lives" means. It ends with the process, with its machine (after the
// keepalives, 11 s), and with the server. A process that only lost its connection takes a new lock and its
// open calls with it; in between others hold them to be in doubt, and it may settle them at any time.
//
// # What waits for what
//
// Calls of one request key are begun one after the other (an advisory lock until the commit). Calls within
// a budget wait for each other only when the budget is nearly spent, see budget.go. Ends of calls are
// announced with NOTIFY outside of their transaction, since a NOTIFY inside would put all commits of the
// database in a row; a lost announcement is made up for by asking.
//
// A proxy that shares sessions (transaction pooling) is refused, since locks would hold nothing there.
//
// # What is stored
//
// Answers, purposes and registers are sealed, identifiers are digests; see package seal. Call ids,
// outcomes, prices, times, and the names of provider and product are in the clear. The key is not in the
// database.
package postgres
