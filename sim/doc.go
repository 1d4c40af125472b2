// Package sim is a floor of SIP phones: callers and agents that register,
// call, ring, answer, reject, hold, hang up, send tones and hear them. The
// acceptance suite judges Holdline with it, `holdline call` makes its test call
// with it, and load runs on it.
//
// What it promises:
//
//   - The wire is the judge. Every SIP datagram that a phone sends or receives
//     is recorded with its time at the socket, before any of the phone's own
//     logic runs ([Floor.Wire]). Retransmissions are marked, not merged.
//   - Every phone sends its own pure tone and says of a call how long it heard
//     which tone, music and silence. Hearing one's own tone is an echo or a
//     miswired bridge, and is visible ([Call.HeardOwn]).
//   - What is heard is never overstated: a tone counts from the first whole
//     100 ms of it, and a window that is not fully explained by tones counts as
//     sound, not as a tone.
//   - Audio leaves on one clock without drift: a phone that was scheduled late
//     catches up, it does not fall behind.
//   - A phone follows RFC 3261: digest, route sets from Record-Route, ACK of
//     every 2xx and of its retransmissions, CANCEL against 2xx glare, re-INVITE
//     and UPDATE in both directions.
//   - [Floor.Close] hangs nothing up. It closes sockets, as a power cut does, and
//     returns when every goroutine of the floor has ended.
//
// A floor costs about one system call per packet: a hundred phones in calls took
// 0.14 of a core (BenchmarkHundredPhones).
package sim
