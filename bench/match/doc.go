// Match measures the matching engine on a real Redis: what a claim costs, how
// the cost grows with agents and with waiting contacts, and what the ways of
// others cost on the same data in the same run.
//
// It promises:
//
//   - A cost is Redis's own time, from commandstats, of the commands of one claim
//     and of nothing else; the network and Go are not in it.
//   - Every figure stands beside that of an empty script from the same batch, so
//     that a slow or a busy machine is seen as such.
//   - A claim that gave no offer, or another agent's, ends the run: what is counted
//     was done.
//
// make bench-match runs it; it needs a redis-server on the machine.
package main
