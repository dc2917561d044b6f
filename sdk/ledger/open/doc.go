// Package open opens the record of calls that an address names: memory, the path of a file (the embedded
// store), or postgres://… . It is apart from package ledger so that only who opens a store pulls in its
// driver.
package open
