// Package enginetest has what tests of engine hosts share: the plugin as users build it, a vendor in
// this process that counts what it bills, and pictures of invented people.
package enginetest
