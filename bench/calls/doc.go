// Calls measures calls: the same callers and agents against our stack, against
// app_queue and against a plain Dial(), on the same Asterisk build and machine and
// behind the same Kamailio.
//
// It promises:
//
//   - Latencies, order, double offers and losses are read from the phones' SIP
//     sockets, never from the log of what is measured. Pickup is from the caller's
//     INVITE sent to the agent's INVITE received; re-offer is from the agent's BYE
//     to the next INVITE, while somebody waits.
//   - What a container used of the processor is the engine's count, net of what it
//     uses when nobody calls; both are kept. What the machine did beside us is
//     printed as noise.
//   - A run that breaks a promise of Holdline's (a caller lost, an agent rung twice)
//     has no figures: they are printed as void.
//
// make bench runs it (bench/run), on a compose project of its own.
package main
