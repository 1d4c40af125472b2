// Package embedded runs the roles together in one process: the real queue, stasis,
// channelapi and callmanager, an embedded Redis, and Asterisk nodes in memory that
// pass the conformance suite of the real one. Its tests read as shifts in a call
// center and need nothing but Go; what only real phones can tell is in package test.
package embedded
