// Package hotupgrade holds no code but a test: a plugin that is upgraded again and again under load while
// its old and its new process have one durable ledger, against a vendor that counts what it bills.
// IDREC_SOAK=1 runs it at length.
package hotupgrade
