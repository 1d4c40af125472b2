package queue

import "time"

// OfferState is how far an offer has come. A closed offer is no longer in Redis.
type OfferState string

// The states of an offer; life.go lists the moves between them.
const (
	OfferOffered  OfferState = "offered"
	OfferRinging  OfferState = "ringing"
	OfferAnswered OfferState = "answered"
)

// The outcomes of an offer. What each does to agent and contact is in life.go.
const (
	OfferOutcomeAnswered = "answered"
	OfferNoAnswer        = "no_answer"
	OfferBusy            = "busy"
	OfferReject          = "reject"
	OfferUnreachable     = "unreachable"
	OfferSetupFailed     = "setup_failed"
	OfferCallerGone      = "caller_gone"
	OfferLostRace        = "lost_race"
	OfferWithdrawn       = "withdrawn"
)

// Ring is one of the agents whom an offer asks.
type Ring struct {
	Leg   string `json:"leg"` // channel id; "" when the dialplan dials
	Agent string `json:"agent"`
	To    string `json:"to"` // sip:agent@domain
}

// Offer is one attempt to give one contact to one agent, or to the first of
// several who answers. Its id fences every later step: a step that names a
// closed offer does nothing.
type Offer struct {
	ID           string        `json:"id"`
	Contact      string        `json:"contact"`
	Agent        string        `json:"agent"`   // the only one asked, or the one who answered; "" while several are asked
	Node         string        `json:"node"`    // where the caller is, and so the legs
	Channel      string        `json:"channel"` // the caller's
	Queue        string        `json:"queue"`
	Need         int64         `json:"need"`
	Medium       Medium        `json:"medium"`
	Rings        []Ring        `json:"rings"`   // who is asked still; once answered, who answered
	Legs         []string      `json:"legs"`    // channel ids, those of Rings
	Winner       string        `json:"winner"`  // the leg that answered
	Connect      string        `json:"connect"` // as QueueSpec's
	Music        string        `json:"music"`   // class of the queue
	Bridge       string        `json:"bridge"`
	To           string        `json:"to"` // sip:agent@domain, of Agent
	RingTimeout  time.Duration `json:"ring_timeout"`
	CallerName   string        `json:"caller_name"` // this, the number and the language are there when a contact came with the offer
	CallerNumber string        `json:"caller_number"`
	Language     string        `json:"language"`
	Fence        int64         `json:"fence"`
	State        OfferState    `json:"state"`
	CreatedAt    time.Time     `json:"created_at"`
}

// Answer says whether the leg that answered has won its offer. A leg that has
// not is to be hung up by whoever asked.
type Answer struct {
	Won     bool
	Offer   Offer
	Contact Contact
}

// LegEnd tells what the end of an agent's leg meant.
type LegEnd struct {
	Offer   Offer // as it stood
	Contact Contact
	// Outcome of the offer: one of the offer outcomes before an answer,
	// answered after it.
	Outcome string
	// Returned: the device was lost in mid-call and the caller waits again, at
	// their old place. (After a missed offer the caller never left theirs.)
	Returned bool
}
