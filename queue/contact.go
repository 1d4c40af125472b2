package queue

import "time"

// ContactState is where a live contact stands. A contact that has ended is no
// longer in Redis; the journal and the counts keep it.
type ContactState string

// The states of a contact; life.go lists the moves between them.
const (
	Waiting    ContactState = "waiting"
	Offered    ContactState = "offered"
	Connected  ContactState = "connected"
	InDialplan ContactState = "in_dialplan"
	Leaving    ContactState = "leaving" // its outcome is decided, it is on its way out
)

// Placed says whether a contact in this state has a place in its queue's order.
func (s ContactState) Placed() bool { return s == Waiting || s == Offered || s == InDialplan }

// The outcomes of a contact. Each contact has exactly one.
const (
	OutcomeAnswered     = "answered"
	OutcomeAbandoned    = "abandoned"
	OutcomeTimedOut     = "timed_out"
	OutcomeLeftByKey    = "left_by_key"
	OutcomeOverflowed   = "overflowed"
	OutcomeWithdrawn    = "withdrawn"
	OutcomeRefused      = "refused"
	OutcomeLostWithNode = "lost_with_node"
)

// ContactOutcomes lists them all.
var ContactOutcomes = []string{OutcomeAnswered, OutcomeAbandoned, OutcomeTimedOut, OutcomeLeftByKey,
	OutcomeOverflowed, OutcomeWithdrawn, OutcomeRefused, OutcomeLostWithNode}

// Status is what the dialplan reads in HOLDLINE_STATUS for an outcome.
func Status(outcome string) string {
	switch outcome {
	case OutcomeAnswered, OutcomeAbandoned, OutcomeLeftByKey, OutcomeWithdrawn, OutcomeRefused:
		return map[string]string{OutcomeAnswered: "ANSWERED", OutcomeAbandoned: "ABANDONED",
			OutcomeLeftByKey: "LEFT_BY_KEY", OutcomeWithdrawn: "WITHDRAWN", OutcomeRefused: "REFUSED"}[outcome]
	case OutcomeTimedOut:
		return "TIMEOUT"
	case OutcomeOverflowed:
		return "OVERFLOW"
	}
	return "ERROR"
}

// Contact is one caller, from arrival to the one end.
type Contact struct {
	ID           string        `json:"id"`
	State        ContactState  `json:"state"`
	Queue        string        `json:"queue"`
	Need         int64         `json:"need"`
	Medium       Medium        `json:"medium"`
	Step         int           `json:"step"` // of the need's line: how many of its deadlines have passed
	Channel      string        `json:"channel"`
	Node         string        `json:"node"`
	Boot         string        `json:"boot"`
	Arrived      time.Time     `json:"arrived"` // what the order and the reported wait count from
	Priority     int           `json:"priority"`
	Credit       time.Duration `json:"credit"` // counts as waited, for the order alone
	CallerName   string        `json:"caller_name"`
	CallerNumber string        `json:"caller_number"`
	Language     string        `json:"language"`
	Timeout      time.Duration `json:"timeout"`  // 0: none
	Announce     time.Duration `json:"announce"` // 0: none
	Offer        string        `json:"offer"`    // the open or answered one
	Agent        string        `json:"agent"`    // who talks, or talked, with them
	Attempts     int           `json:"attempts"` // offers made so far
	Skip         []string      `json:"skip"`     // agents who missed it, not to be tried again yet
	AnsweredAt   time.Time     `json:"answered_at"`
	Outcome      string        `json:"outcome"`    // once decided
	Reason       string        `json:"reason"`     // of the outcome, where it needs one
	Prefers      string        `json:"prefers"`    // the agent whom they wait for, before all others
	Given        bool          `json:"given"`      // they were given to that agent by somebody
	CameTo       string        `json:"came_to"`    // the queue that they came to first, if it was another
	Reconnects   string        `json:"reconnects"` // the contact, lost with its node, whose place this one took
	Announced    bool          `json:"announced"`  // something was said to them since they came
}

// Arrival is a caller at the door.
type Arrival struct {
	Contact string // our id (NewContactID); empty: made here. A retry of an arrival sends the same
	Channel string // Asterisk's own id of the caller's channel, on the node of the Origin
	Queue   string
	Need    string // a need of the queue by name; empty: the queue's own
	// At is when they came; zero: now. It is kept for the order, but is never
	// in the future, and at most a day old.
	At           time.Time
	Since        time.Time      // what the timeout counts from; zero: At
	Back         bool           // their record was lost; Contact is the one they had
	Timeout      *time.Duration // nil: the queue's; 0: none
	Announce     *time.Duration // nil: the queue's; 0: none
	Priority     int            // minutes of credit; in a pool whose priority is strict, -49 to 49
	Credit       time.Duration  // counts as waited, for the order alone
	Prefer       string         // the agent whom they are for, as long as they have not waited longer than PreferFor
	PreferFor    time.Duration
	CallerName   string
	CallerNumber string
	Language     string // empty: the queue's
}

// Entered tells of an arrival that has a place.
type Entered struct {
	Contact  Contact
	Position int  // 1 is next
	New      bool // false: the channel had a place already
}

// Ended tells of a contact that is no more.
type Ended struct {
	Contact Contact // as it stood at its end, Outcome set
	Wait    time.Duration
	Live    bool // it has not ended: the dialplan dials for it
}
