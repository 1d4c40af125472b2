// Package model is the queue as one would tell it to a colleague: plain values, no
// Redis, no index, every rule a loop over everybody. It promises nothing of its own;
// it is what the engine (package queue) is held to. The tests drive both with the same
// random commands, compare every answer, compare the whole state at intervals, and, when
// all work is done and all that was due has fired, find nobody who waits and could be served.
//
// # How to check it
//
// Read it beside the promises of package queue, from top to bottom:
//
//	pool.go       what there is, the clock, the order of a queue, the numbers
//	serve.go      who may serve whom, whose turn it is, who comes first
//	offer.go      a match held against these rules; how an offer ends
//	contact.go    arriving, waiting, leaving, ending
//	agent.go      modes, guard, misses, wrap-up
//	leg.go        what phones and the dialplan tell
//	steer.go      what people do with those who wait
//	due.go        what happens when time has passed
//	directory.go  live edits, nodes, calls that go on
//	work.go       who worked how much of late
//
// A rule is right here when it is what design and docstrings say, whatever the engine does.
//
// # What it leaves open
//
// Which match is made first is the engine's business: the model says whether an offer was
// right when it was made. Chance (random, weighted-random, the tie of least-loaded) need only
// choose one of those allowed. Several offers of one script are checked one after the other.
// Only the moments of the scripts within one Project are taken over from the engine.
package model
