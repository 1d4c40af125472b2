// Package supervise is the desk of a supervisor: what waits, who does what and why, and
// the hand that changes it. It is what `holdline queue`, `holdline agent` and `holdline
// contact` print and do.
//
// It promises:
//
//   - Looking changes nothing, and needs a Redis user who may only read.
//   - What is changed is changed by the queue's own commands, which refuse what makes no
//     sense, and stands in the journal with the name of who did it.
//   - A refusal names the field, the value and what helps, and says by its Kind whether
//     it was asked wrongly or the queue says no for now.
//   - JSON has durations in milliseconds (*_ms) and times in RFC 3339. Tables show nothing
//     that would move a terminal's cursor, whatever a name or a reason holds.
package supervise
