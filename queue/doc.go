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
// life.go holds every move of a contact, an offer and an agent, and life.md the
// pictures made from it.
//
// # Keys
//
// All under {pool}: so that they share a slot. In names % { } : | and , are
// percent-encoded. Numbers of microseconds are strings in JSON.
//
//	meta       hash    schema, clock, fence, domain, dir_version, dir_target, hold
//	contacts   hash    contact → JSON
//	elements   zset    node|channel|contact           who is on which channel of which node
//	waiting    zset    need|step|score|contact        who may be offered; score: arrival − credit
//	order      zset    queue|score|contact            who has a place (waiting or offered): the position
//	agents     hash    agent → JSON                   the state
//	available  zset    need|tier|step|score|agent     who may be offered to; score: the strategy's
//	offers     hash    offer → JSON                   open, or answered and not over
//	deadlines  zset    kind|… → due, µs
//	work       stream  group callmanagers             what a callmanager is to do
//	claims     hash    work id → offers               what a work entry has made
//	journal    stream                                 every move, with the fence
//	nodes      hash    node → JSON                    boot, epoch
//	dir        hash    queue|…, need|…, named|…|…, agent|… → what the directory says
//	redial     zset    queue|number|arrival|contact   places of callers lost with their node
//	repairs    stream                                 differences that were mended, for people
//	counts     hash    queue|entered, queue|ended|outcome, queue|offered, …
//
//	timeout:<queue>::<contact>, announce:<queue>::<contact>: TTL keys, for an
//	operator to see and to change
//
// The members of the sorted sets have score 0 and sort as text: fixed widths,
// so that the head of a need, a tier or a queue is one look-up, for any number
// of them in one key.
//
// # Time
//
// now is max(last + 1, Redis's TIME) in microseconds, kept in meta: unique in
// the pool, never going back. All order comes from it, and so do epochs.
//
// A TTL key and its deadline are written by one script and end at the same
// millisecond. When the deadline is due the key is looked at: alive, the deadline
// moves to the key's end; gone, it fires. So an operator may lengthen a wait
// exactly; shortening works by the notification (Hint), or within a round of Sweep.
//
// # The matcher
//
// Match makes stable pairs: the agent is the one whose turn it is for the
// contact, and the contact is the one that waits longest of all that this agent
// may serve. It goes from one to the other until both agree; each step leads to
// a contact that has waited longer, so it ends. It never scans: each look is at
// the head of a need's step or tier, past those only who are to be skipped.
//
// A strategy is a score that stays put while the agent is available (SCORES in
// lua/lib/agent.lua), so each costs the same.
//
// # Clients
//
// A reply that is lost must not run a script twice: use NewClient, or any
// redis.UniversalClient with MaxRetries -1 and ContextTimeoutEnabled.
package queue
