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
//   - A caller's end is StasisEnd; ChannelDestroyed comes only for legs that we made, and for
//     callers whom we subscribed to or named as an originator of a created leg.
//   - An originated leg enters the application when it is answered, a created one at once.
//   - Variables that are to be reported are not, until the leg first changes.
//   - Legs ring on when their caller hangs up. Nothing is cancelled for anybody.
//   - A channel's commands wait behind its playback, and some requests with them. When it
//     hangs up they are carried out after all, in vain: it enters a bridge and leaves it.
//   - A playback ends a channel's music for good; a bridge does not.
//   - What says numbers cannot be stopped; nonsense never finishes.
//   - An id that begins a live one is taken.
//   - Adding a member again makes it leave and enter.
//
// # Why it may be believed
//
// `make record-asterisk` plays every scenario of aritest.Scenarios on a real Asterisk,
// twice, and writes what it answered and told into testdata/recorded: of each answer the
// status and the whole body, of each event all of it, in order. Where two runs of a real
// Asterisk differ, the scenario says what is chance and why. TestRecorded plays the same
// on this package; every field of every trace must agree. In the stack's tests a real
// Asterisk is compared with the files once more, so that neither can drift.
//
// Recorded are: calls claimed, unclaimed, given up, ended by either side; continue and
// what is refused afterwards; digits, ringing, variables; every command to who is gone;
// legs by originate and by create and dial, answered, busy, rejected, nobody there, not
// answered, silent, cancelled, vanished, and refused with each of 18 SIP statuses; legs of
// callers who are gone; taken ids; legs that cannot be made; prompts and music, lists,
// stops, what is missing, unstoppable or nonsense; requests that wait behind a prompt,
// until it ends or the caller does; bridges entered, left, moved between, deleted, with
// music and prompts; the dialplan's Dial on behalf of a caller whom we subscribed to, and
// its return; filters, denials, the application, endpoints; and an event connection that
// is lost and comes back with everything in order.
//
// Not recorded, and so belief:
//
//   - A peer that stands still and one that dies (Freeze, Crash). The conformance suite
//     freezes a real one; that TCP and a kill do here what they do there is the kernel's part.
//   - RTP counts (rtp_statistics), which depend on the media that is not here.
//   - A phone or caller that vanished is noticed by a real Asterisk in the end, by its
//     session timer or the silence; here never.
//   - SIP statuses that are not in the table of wire.go: taken for 127, as 499 is.
//   - Types of events that the product's filter keeps away: ChannelVarset (of what others
//     than we set), ChannelDialplan, ChannelCallerId, ChannelConnectedLine. They are not made.
//   - Transfers (REFER), holds and recordings: Holdline asks for none.
//   - What several legs of one Dial of the dialplan tell, beside the first.
//
// # What can be set while it runs
//
// Phones answer, decline, are busy, ring, say nothing, refuse with any status, hang up
// after a time, or vanish ([Behaviour], [Phone]); callers lose patience, hang up after
// they talked, press, or vanish ([CallRequest], [Caller]). [Node.SetFaults]: late answers
// and events, errors and lost answers by rate. [Node.Fault]: any of it for the requests
// that a function chooses. [Node.Disconnect]: the event connection breaks. [Node.Freeze]:
// connections are accepted and nothing is said. [Node.Crash]: connections are refused,
// until [Node.Restart] with another boot.
//
// Deliberately not like the real one: sounds last Options.Sound, everything else takes no
// time, the event whose write fails is kept and sent again, what a dialplan does beside
// Dial is not here, and faults happen only when asked for.
//
// No event costs more for the channels that wait meanwhile: `make bench-fake`.
package fake
