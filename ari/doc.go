// Package ari is a client of the Asterisk REST Interface and the receiving end
// of its outbound event connections.
//
// # Commands
//
// A [Client] speaks REST to one Asterisk node. Every method takes a context and
// ends within Options.Timeout, whichever is sooner. An error tells three things
// apart that callers must treat differently:
//
//   - it did not happen: ErrNotFound, ErrExists, ErrNotInApplication, ErrClaimed,
//     ErrInvalid, ErrDenied, and ErrUnavailable (Asterisk was not reached, or
//     answered that it could not);
//   - nobody knows: ErrUnknown. The request left and no answer came. Ask by id.
//   - it was wrong before it left: ErrInvalid with Status 0.
//
// What a status means depends on the endpoint: 409 says "exists" where an id is
// made, "claimed" on a claim and "not in the application" elsewhere. The one table
// of operations (operations.go) says so, and is what the contract test compares
// with the declarations that a running Asterisk serves.
//
// Answers to commands tell of commands. Only events and snapshots ([Client.Channels],
// [Client.Bridges]) tell of channels.
//
// # Events
//
// Asterisk dials us: an [EventServer] is an http.Handler that accepts its
// persistent WebSockets and runs one Serve call for each. Promises:
//
//   - Every connection is visible: Serve is called once for it, and its context
//     ends when the connection does.
//   - No event is dropped in silence. Reading never waits for Serve. A backlog
//     above its bound is dropped whole, counted, and replaced by one event of type
//     EventsDropped, after which the consumer must take a snapshot. A frame that is
//     not an event is delivered as EventMalformed. An unknown type is delivered.
//   - A peer that does not answer a ping within EventServerOptions.PingTimeout is
//     closed, so that Asterisk dials again (to another replica where a balancer says so)
//     and delivers what it had queued.
//
// What it cannot promise: Asterisk writes into a socket, and what it wrote to a
// frozen or vanished peer is lost. So every connect must end in a comparison of the
// node's channels with what one knows.
//
// Both halves are safe for concurrent use, except that a Session has one reader.
// Nothing here logs a password, a request body or a variable's value.
package ari
