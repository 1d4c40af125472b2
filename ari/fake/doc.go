// Package fake is an Asterisk in memory, for tests and demonstrations. It serves the
// REST interface on a real port, dials an event server as an outbound persistent
// connection does, and behaves as package aritest says: its conformance suite runs on
// this package and on a real Asterisk 22.
//
// A [Node] holds channels, bridges, playbacks and one application. Callers are made by
// [Node.Call], phones by [Node.Phone]; there is no media, but [Caller.Hears] says what a
// caller would hear.
//
// What bites in the real one bites here:
//
//   - Events wait, in order, while nobody listens; ApplicationRegistered follows them.
//   - A caller's end is StasisEnd; ChannelDestroyed comes only for legs that were originated.
//   - An originated leg enters the application when it is answered, a created one at once.
//   - Legs ring on when their caller hangs up. Nothing is cancelled for anybody.
//   - A channel's commands wait behind its playback, and some requests with them.
//   - A playback ends a channel's music for good; a bridge does not.
//   - What says numbers cannot be stopped; nonsense never finishes.
//   - An id that begins a live one is taken.
//   - Adding a member again makes it leave and enter.
//
// Deliberately not like the real one: sounds last Options.Sound, everything else takes no
// time, the event whose write fails is kept and sent again, and faults happen only when asked for ([Node.Fault], [Node.Freeze], [Node.Crash]).
package fake
