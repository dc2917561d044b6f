// Package ledger keeps the record of paid calls: who was about to send what, how it ended, what was
// answered, and what it cost. It is what makes it possible never to pay twice for one picture.
//
// # The two writes of a call
//
//   - [Calls.Begin] before the first byte leaves: one durable write of the [Intent] with a reservation
//     of its price. It is refused where the record already answers the request key, where somebody is
//     paying for it right now, and where a budget would be exceeded; those checks and the write are one
//     atomic step, whatever number of processes share the record.
//   - [Calls.Settle] after the answer: one durable write of the outcome, the whole answer and the price.
//
// There is no state between them: before the intent nothing is recorded, after it nothing is sent
// again unless the request allows it by a field with Unsafe in its name. An intent without an outcome
// is in flight while its owner (the process that holds the [Store]) lives, and in doubt afterwards:
// it may have been billed. The owner may still settle a call that others hold to be in doubt.
//
// # What is stored
//
// Request keys, callers' keys, names of runs and subjects arrive here as keyed digests ([Digester]),
// never as text. Answers arrive as an opaque blob that [EncodeResult] or [EncodeError] wrote and
// [Decode] reads; a store may encrypt it and cannot look inside.
//
// # Stores
//
// [NewMemory] is the store in memory, which lasts as long as the process. Package sqlite has the one in a
// file, for the processes of one machine, package postgres the one for several machines, and package open
// chooses among them; so none of them comes along with this package. Every store must pass the suite in
// package ledgertest.
//
// Days begin at midnight in Asia/Shanghai, the vendor's; a call counts for the day on which it began.
package ledger
