// Package sandbox is the vendor's side of the hosted recognition API: an HTTP server that speaks the
// protocol as far as its public description goes, for tests, demonstrations and development without an
// account.
//
// It is written from the description alone and shares no code with the client, so a client that is
// wrong about the protocol does not find the same mistake here. Where the description is silent, the
// server guesses; every guess is a switch in [Guesses].
//
// # What it does
//
// An [App] has an id, a secret, calls left, a balance, prices, a term, addresses it may call from and
// the APIs it has ordered; all of it can be changed while the server runs, from Go ([Server.UpdateApp])
// or over HTTP (PUT /_sandbox/apps/ID). A request is judged check by check, and the first that fails
// gives the status code; [Codes] lists under which condition each is answered. A request that passes is
// billed before recognition begins, exactly once, and answered by the injected recognizer
// ([Config.Engine]).
//
// [Fault] scripts what goes wrong: a status code, an HTTP status, a delay, a connection dropped before,
// during or after the request, an answer cut short, garbage, a redirect. [Server.State] tells what
// reached the server and what was billed, per app and per picture (by digest).
//
// The path / serves a test page in Chinese and English. Its script signs in the browser; the secret
// typed there is never sent.
//
// # What it does not do
//
// It is no gateway to the internet: it fetches pictures from loopback addresses only, unless the guess
// fetch says otherwise, and takes administration from loopback only. It keeps no picture and no field of
// a card beyond the request that brought it.
package sandbox
