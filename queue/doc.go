// Package queue is the heart of Holdline: contacts, agents, offers, and the
// rules by which they meet. All of its state is in Redis, every step is one
// script on one slot, so any number of processes may use a pool at once and any
// of them may die at any instruction.
//
// # Promises
//
//   - Every contact that entered ends exactly once, with one outcome:
//     entered = ended + live, in every reply of Stats.
//   - An agent never holds more offers and contacts than the capacity, and rings
//     for one offer at a time.
//   - The contact that waits longest is served first, across all queues that an
//     agent serves; one that returns keeps its place. Among agents the lower
//     tier is asked first, then the one whose turn it is by the queue's strategy.
//   - When all work entries are done, no agent is available who may serve a
//     contact that waits.
//   - A deadline fires at least once, however many fire it; an announcement is
//     marked said before its work entry exists.
//   - A command repeated does what one does. A command of an older epoch, or
//     about a closed offer, does nothing.
//   - A pool that was emptied serves nobody until it has a directory and its
//     callers had time to come back (hold). Their order, their calls and the modes
//     of its agents are those of before.
//   - Nothing is decided from what was read before: the indexes and the views
//     are hints, and each script checks the records before it writes.
//
// ExplainContact, ExplainAgent and ExplainQueue say why: from the records and the journal.
//
// life.go holds every move of a contact, an offer and an agent; docs/matching.md shows
// them, how contact and agent are brought together, and what each script costs.
//
// # Keys
//
// All under {pool}: so that they share a slot. In names % { } : | and , are
// percent-encoded. Numbers of microseconds are strings in JSON.
//
//	meta       hash    schema, clock, fence, domain, opts, dir_version, dir_target, hold, timer, timer_until, fair_mean, frozen
//	contacts   hash    contact → JSON array (decode.go)
//	elements   zset    node|channel|contact             who is on which channel of which node
//	waiting    zset    line|step|score|contact          who may be offered
//	heads      hash    line|step → score|contact        the first of each of them
//	order      zset    queue|score|contact              who has a place (waiting or offered): the position
//	agents     hash    agent → JSON                     the state
//	available  zset    line|step|tier|score|agent       who may be offered to; score: the strategy's
//	duty       zset    line|mode|step|agent             who is logged in, of lines with rules for empty queues
//	hushed     hash    leg → agent                      whose phone rings still for an offer that is over
//	offers     hash    offer → JSON                     open, or answered and not over
//	deadlines  zset    kind|… → due, µs
//	work       stream  group callmanagers               what a callmanager is to do
//	claims     hash    work id → offers                 what a work entry has made
//	journal    stream                                   every move, with the fence
//	nodes      hash    node → JSON                      boot, epoch
//	dir        hash    queue|…, ring|…, line|…, named|…|…, agent|…, was|… → what the directory says
//	redial     zset    queue|number|arrival|contact     places of callers lost with their node
//	repairs    stream                                   differences that were mended, for people
//	counts     hash    queue|entered, queue|ended|outcome, queue|offered, …
//
//	timeout:<queue>::<contact>, announce:<queue>::<contact>: TTL keys, for an
//	operator to see and to change
//
// The members of the sorted sets have score 0 and sort as text: fixed widths,
// so that the first of a line's step, a tier or a queue is one look-up, for any number
// of them in one key. A line is a need's, or an agent's own (line.go).
//
// # Time
//
// now is max(last + 1, Redis's TIME) in microseconds, kept in meta: unique in
// the pool, never going back. All order comes from it, and so do epochs. A field
// frozen in meta, which only tests set, is taken instead of TIME.
//
// A contact's TTL keys and their deadline are written by one script; the deadline is at
// the earlier end of the two. When it is due the keys are looked at: alive, it
// moves to the key's end; gone, it fires. So an operator may lengthen a wait
// exactly; shortening works by the notification (Hint), or within a round of Sweep.
//
// # Clients
//
// A reply that is lost must not run a script twice: use NewClient, or any
// redis.UniversalClient with MaxRetries -1 and ContextTimeoutEnabled. On a Redis
// Cluster go-redis repeats after a broken connection all the same, and a command
// repeated does what one does.
package queue
