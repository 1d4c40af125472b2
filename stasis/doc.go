// Package stasis turns what happens on the Asterisk nodes into commands of the
// queue. It is the only room that may say that a channel came or went.
//
// It promises:
//
//   - A caller who enters the application is answered, hears music and has a
//     record, in the order of arrival, however often Redis refuses: the caller
//     stays on music and the enqueue is repeated with the original arrival.
//   - Events of one channel are handled in their order, events of different
//     channels beside each other: a slow command delays one caller, not a node.
//   - No event is lost in silence. What cannot be told to Redis is told again
//     until it is taken or refused; what the connection lost is found by the
//     comparison that follows every connect.
//   - A stasis that was frozen and replaced does no harm: every command carries
//     the epoch of its connection, and a refused epoch closes the connection.
//
// The comparison (sight.go, examine.go, mend.go) holds the lines of the node against
// the records of the queue, on every connect, on suspicion (events that are missing,
// a channel or leg that is not as it should be) and every minute. What it sees twice,
// a second apart, it mends, both ways; each repair is counted by its kind, logged
// with its contact and noted in the pool. It is also how a pool whose Redis was
// emptied comes back: the epoch is gone with it, so the connection ends within a
// second (Seen), and the next one finds callers without records and calls without
// offers. What it needs rides on the channels: the arguments with which the caller
// came say who they are and when they came (or HOLDLINE_ARRIVAL does, where the place
// is another one), the leg's account code is its pool, HOLDLINE_AGENT its agent, contact
// and offer are in the ids.
//
// A node connects to any replica (ari.EventServer) and so registers itself. One
// session serves one connection; it ends with it and leaves nothing behind.
//
//	event                         means                       command of the queue
//	CallBroadcast                 a call looks for us         Enqueue, beside POST /events/claim;
//	                                                          CallerGone when that fails
//	StasisStart pool=,queue=      a caller entered            – (answer and music)
//	StasisStart pool=,feature=    an agent dialled a code     SetMode, then on in the dialplan
//	ChannelStateChange Ringing    a leg rings                 Ringing
//	StasisStart pool=,leg=        a leg answered              Answered; first wins, then the bridge
//	ChannelDestroyed of a leg     it ended                    LegEnded, with its Q.850 cause
//	StasisEnd of a caller         they left                   CallerLeft
//	Dial of a caller, ANSWER      an agent answered in the    Dialled
//	                              dialplan
//	StasisStart pool=,return=     back from the dialplan      Returned
//	ChannelDestroyed of a caller  they ended in the dialplan  CallerGone
//	PlaybackFinished              an announcement is over     – (music is to follow; if not, it is started)
//	EventsDropped, connect        something may be missing    the comparison
package stasis
