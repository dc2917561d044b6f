// Package sqlite is the embedded durable [ledger.Store]: one SQLite file that any number of processes of
// one machine may hold at the same time.
//
// # Durability
//
// A write is acknowledged after the write-ahead log was synced (F_FULLFSYNC on macOS). Writes that wait at the same
// time share a transaction and a sync (group commit). On Linux the syncs run beside the writer, which makes the next
// transaction meanwhile (synchronous=NORMAL); elsewhere they are part of the commit (synchronous=FULL).
// Each page carries a checksum that is verified when it is read, so that a damaged index refuses instead
// of hiding a picture that was paid.
//
// # Owners
//
// Each open [Store] holds an exclusive lock on a byte of the file that no data lies at; its number is
// the owner's name in the calls that it begins. The system takes the lock away whatever way the process
// ends. Such locks do not work reliably on network file systems, so those are refused.
//
// # What lies in the clear
//
// Answers, purposes and registers are sealed (package seal), each to its own record. In the clear are
// keyed digests, CallIDs, times, outcomes, prices, and the names of provider and product.
package sqlite
