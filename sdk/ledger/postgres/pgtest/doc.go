// Package pgtest starts real PostgreSQL servers for tests: a cluster of its own in a temporary folder,
// reached through a unix socket or 127.0.0.1, that can be killed as a machine's crash would and started
// again. It also has a proxy that cuts, stalls and loses messages between a client and such a server,
// and one that hands its connections round as a transaction pool does.
//
// The programs initdb and postgres are looked for in the folder that the environment variable
// IDREC_POSTGRES_BIN names, on the PATH, and where distributions put them. Where they are missing tests
// are skipped with one line, unless IDREC_REQUIRE_POSTGRES is 1.
package pgtest
