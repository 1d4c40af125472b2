package queue

import "time"

// Projection is the part of the directory that the pool works by.
type Projection struct {
	Version int64
	Domain  string // of the agents' SIP addresses
	Pool    PoolSpec
	Queues  []QueueSpec
	Needs   []NeedSpec
	Agents  []AgentSpec
}

// PoolSpec is what is decided for all queues of a pool.
type PoolSpec struct {
	// Priority says what a contact's priority is: credit (also when empty), minutes that
	// count as waited; or strict, before all of a lower one.
	Priority string
	// Order says which contact comes first of all that an agent serves: arrival (also when
	// empty); or service-level, whoever has waited the greatest part of the queue's Target.
	Order string
	// PauseKeeps: a pause neither counts for an agent's availability nor begins it anew.
	PauseKeeps bool
}

// QueueSpec is a queue's settings. Zero durations mean what the comment says.
type QueueSpec struct {
	Name          string
	ID            int64
	Need          int64         // the need of a contact that names none
	Medium        Medium        // voice when empty
	Timeout       time.Duration // of the wait; 0: none
	Announce      time.Duration // between announcements; 0: none
	AnnounceFirst time.Duration // from entry to the first one; 0: 3 s
	AnnounceMin   time.Duration // at least this between two, also when the position improves; 0: 15 s
	RingTimeout   time.Duration // 0: 15 s
	Retry         time.Duration // before an agent who missed a contact is offered it again; 0: 5 s
	WrapUp        time.Duration // 0: none
	Redial        time.Duration // how long a caller lost with their node has their place; 0: not at all
	MaxMisses     int           // unanswered offers until an agent is not responding; 0: never
	Connect       string        // bridge (also when empty) or dialplan
	Music         string        // class; empty: default
	Strategy      string        // one of Strategies; empty: longest-available
	RingMost      int           // agents whom ring-all rings at one time, 1 to 50; 0: 50
	Language      string
	Open          bool
	Target        time.Duration // of the service level: within which a contact is to be answered; 0: 20 s

	MaxWaiting int // contacts that may wait; 0: no bound
	// JoinEmpty and LeaveEmpty are the states in which an agent does not count: logged_out
	// (which always holds), paused, wrap_up, not_responding, busy (ready, and in a call,
	// ringing, or out of reach), later (admitted only by a later step). When none counts nobody may enter, or
	// who waits leaves. Empty: there is no such rule.
	JoinEmpty, LeaveEmpty []string

	// OverflowTo is the queue that takes whom this one refuses, and, after OverflowAfter,
	// whoever waits still. Without it who has waited OverflowAfter leaves, overflowed. The
	// wait counts from the arrival, in every queue, or from the return of one whose agent was
	// lost; after three overflows a caller stays.
	OverflowTo    string
	OverflowAfter time.Duration // 0: never

	ExitKeys string // keys that let a caller leave: 0-9 * # A-D

	// What counts as waited besides: of a contact whose agent was lost, that came from
	// another queue, that calls again after its node was lost.
	CreditReturned, CreditMoved, CreditRedialled time.Duration
}

// NeedSpec is what a contact may require of an agent, and how that is relaxed.
type NeedSpec struct {
	ID      int64 // 1 to 60,466,175
	Queue   string
	Name    string
	Steps   []StepSpec // by After, rising; the first is there from the start
	Reserve *Reserve
}

// StepSpec is one step of a need: the agents of a step include those of the step before.
type StepSpec struct {
	After   time.Duration
	MaxTier int
	Skills  map[string]int // skill: least level
}

// Reserve holds specialists back: while no more than Keep of the agents with Skill are
// available, they are not for contacts of this need, until one has waited Until.
type Reserve struct {
	Skill string
	Keep  int // 1 to 99
	Until time.Duration
}

// AgentSpec is an agent as the directory knows them.
type AgentSpec struct {
	ID       string
	Name     string
	Capacity map[Medium]int // contacts at one time, 0 to 99; nil: one of voice
	// Beside lists the media that may come while another one is held.
	Beside   []Medium
	Places   []Place
	Skills   map[string]int
	WrapUp   *time.Duration // nil: the queue's
	AlwaysIn bool           // an extension of a ring group: ready from the start, never logged out
	Restore  *RestoredMode  // of a pool that lost its memory; used only for an agent who has no record
}

// RestoredMode is what an agent did when the pool still knew. Wrap-up counts as ready.
type RestoredMode struct {
	Mode   Mode
	Reason string    // of a pause
	Since  time.Time // on the pool's clock
	Until  time.Time // the bound of a pause, if it has one
}

// Place says that an agent serves a need: from which of its steps on, and in
// which penalty tier (0 is asked first).
type Place struct {
	Need       int64
	Tier, Step int           // 0–99
	Delay      time.Duration // not before a contact has waited this long
	Priority   int           // 0–99: of all that the agent serves, contacts of a lower one come first
	Weight     int           // 1–10, for weighted-random; 0: 1
	Position   int           // 0–9999, for linear: the lowest is asked first
}
