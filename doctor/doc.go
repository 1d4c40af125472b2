// Package doctor looks at a running contact center from outside: at the nodes and
// what they hold, and at whether Redis, the nodes and the directory tell the same
// story. It is what `holdline doctor` and `holdline node` print.
//
// It promises:
//
//   - It only looks. Nothing is written, nothing is mended: what mends itself is
//     said to, with the time it takes, and for the rest there is a remedy.
//   - What may be a moment ahead of the other side is reported only when it is
//     seen twice, a second apart.
//   - A look is bounded: records and indexes are read in pieces, so that Redis
//     serves callers between two of them.
//   - What could not be looked at is itself a finding, not silence.
package doctor
