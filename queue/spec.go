package queue

import "time"

// Projection is the part of the directory that the pool works by.
type Projection struct {
	Version int64
	Domain  string // of the agents' SIP addresses
	Queues  []QueueSpec
	Needs   []NeedSpec
	Agents  []AgentSpec
}

// QueueSpec is a queue's settings. Zero durations mean what the comment says.
type QueueSpec struct {
	Name          string
	ID            int64
	Need          int64         // the need of a contact that names none
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
	Strategy      string        // longest-available (also when empty), or ring-all
	Language      string
	Open          bool
	Weight        int
}

// NeedSpec is what a contact may require of an agent, and how that is relaxed.
type NeedSpec struct {
	ID    int64 // 1 to 99,999,999
	Queue string
	Name  string
	Steps []StepSpec // by After, rising; the first is there from the start
}

// StepSpec is one step of a need: the agents of a step include those of the step before.
type StepSpec struct {
	After   time.Duration
	MaxTier int
	Skills  map[string]int // skill: least level
}

// AgentSpec is an agent as the directory knows them.
type AgentSpec struct {
	ID       string
	Name     string
	Capacity int // contacts at one time; 0: 1
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
	Tier, Step int // 0–99
}
