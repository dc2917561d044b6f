// Package seal encrypts what a durable ledger keeps of people: answers, purposes, and the ledger's own
// digest key.
//
// # Keys
//
// A [Ring] holds one or more keys of 256 random bits. The first is active and seals; the others still
// open what they sealed. To rotate is to put a new key in front ([RotateFile]), to let the stores seal
// anew what older keys sealed, and then to take the old keys out. The text of a ring is one key after
// the other, separated by white space, with comments from # to the end of the line:
//
//	# the ledger's key: without it nothing in the ledger can be read
//	idrec-key-1:…43 characters of base64url…
//
// It comes from a file that [LoadFile] makes on first use, or from wherever the host keeps secrets
// ([Parse]). A key beside the store protects only copies of the store that are made without the key.
//
// # What is sealed, and how
//
// AES-256-GCM with a random nonce of 96 bits. Each purpose has its own key, derived by HKDF-SHA-256, so
// that what was sealed for one cannot be opened as another; the purpose and the identity of the record
// are authenticated too, so that ciphertexts cannot be moved between records. One purpose of one key is
// good for 2³² seals (NIST SP 800-38D, 8.3), which is four hundred times the ten million records that a
// store is made for. The length of what is sealed is not hidden.
//
// # The digest key
//
// Request keys are keyed digests (package ledger). Their key is random, made once for a store, and kept
// in it sealed by the active key ([Ring.WrapDigestKey]); rotation seals it anew and so never changes
// a request key. A ring that lacks the key of a store cannot open its digest key, and the store is
// refused, instead of paying again for each picture under digests of another key.
package seal
