// Package test is the acceptance suite: real Kamailio, Asterisk, Redis, MySQL and
// HAProxy, as `make up` starts them, and SIP phones that register, ring, answer
// and hear. `make test-stack` runs it; the build tag is stack.
//
// What it promises:
//
//   - It judges on the wire. Order, double offers and every bound in
//     milliseconds come from the phones' SIP messages and from what they heard,
//     not from Holdline's own logs. Redis is looked at to prepare a test, and for
//     what never reaches a phone.
//   - A test is a [Shift]: a timeline of what people do and of what must follow
//     within which time. Nothing sleeps to wait for something.
//   - Every bound is printed with what was measured, to the test's log and to
//     build/report.
//   - Every shift ends with the promises of all calls: nobody heard themselves, no
//     agent had more offers and calls at one time than their capacity, every
//     contact that entered ended exactly once.
//   - A test makes its own queue and agents in the directory, and removes them.
package test
