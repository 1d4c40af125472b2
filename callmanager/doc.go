// Package callmanager matches contacts with agents, drives the offers, fires the
// deadlines, and keeps the projection of the directory and the dispatcher lists of
// the Kamailios up to date. From the Kamailios it learns whose device is in a call
// outside the queues.
//
// Any number of replicas run beside each other. None has a state of its own: what
// is decided is decided by a script, and what remains to be done is an entry of the
// pool's work stream. It promises:
//
//   - An entry is carried out at least once. One that is not acknowledged within
//     half a second is taken over by another replica, and doing it twice does what
//     doing it once does: offers are remembered under the entry that caused them,
//     and every command to a channel is idempotent.
//   - An announcement is made at most once: it is acknowledged before it is played.
//   - Kill a replica at any instruction and nobody loses their place, no agent
//     stays reserved, and no phone rings on: the offer's deadlines end it.
//   - A Redis that was emptied has its directory back within a second, and the
//     modes of its agents, whether or not MySQL answers.
//   - An agent who makes or gets a call outside the queues is offered nothing from a
//     second later on, and something again within two seconds after its end; within
//     30 s if no Kamailio can be asked.
//   - No deadline waits for a notification; one that is due fires within 100 ms
//     of any replica being alive.
//
// Who does what, once a script has decided:
//
//	work entry   carried out through channelapi
//	match        connect: the agents' devices ring beside the waiting caller; or, by
//	             the queue's connect mode, the caller goes to the dialplan, which dials
//	hangup       the legs of a closed offer end
//	bridge       backstop: caller and agent are bridged if stasis has not
//	announce     the position is played, then music again
//	leave        the caller continues in the dialplan, with variables that say why
//	music        a caller who came back from a lost device hears music again
package callmanager
