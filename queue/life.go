package queue

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Move is one row of a life: on this event, from any of these states, to that
// one. A move not listed is refused.
type Move struct {
	On   string
	From []string
	To   string
}

// none is before the beginning, over is after the end.
const (
	none = "none"
	over = "over"
)

// ContactLife is every move a contact may make.
var ContactLife = []Move{
	{"enter", []string{none}, "waiting"},
	{"offer", []string{"waiting"}, "offered"},
	{"return", []string{"offered", "connected", "in_dialplan"}, "waiting"}, // not answered, or the device was lost
	{"answer", []string{"offered", "in_dialplan"}, "connected"},
	{"dial", []string{"offered"}, "in_dialplan"},
	{"leave", []string{"waiting", "offered", "in_dialplan", "connected"}, "leaving"}, // decided here: timed out, or the agent hung up
	{"end", []string{"waiting", "offered", "connected", "in_dialplan", "leaving"}, over},
	{"readopt", []string{none, "waiting"}, "connected"}, // the call goes on, and the records had lost it
}

// OfferLife is every move an offer may make.
var OfferLife = []Move{
	{"make", []string{none}, "offered"},
	{"ring", []string{"offered", "ringing"}, "ringing"},
	{"answer", []string{"offered", "ringing"}, "answered"}, // a phone may answer without having rung
	{"close", []string{"offered", "ringing"}, over},        // with an outcome other than answered
	{"end", []string{"answered"}, over},                    // the call is over
	{"readopt", []string{none}, "answered"},
}

// AgentLife is every move between the modes of an agent. The first three are
// asked for, the others happen.
var AgentLife = []Move{
	{"ready", []string{"logged_out", "ready", "wrap_up", "paused", "not_responding"}, "ready"},
	{"paused", []string{"ready", "wrap_up", "paused", "not_responding"}, "paused"},
	{"logged_out", []string{"logged_out", "ready", "wrap_up", "paused", "not_responding"}, "logged_out"},
	{"call_over", []string{"ready", "wrap_up"}, "wrap_up"},
	{"wrapped_up", []string{"wrap_up"}, "ready"},
	{"limit_over", []string{"paused"}, "ready"},
	{"missed", []string{"ready"}, "not_responding"},
}

// An Effect is what the outcome of an offer does.
type Effect struct {
	Outcome string
	// Availability of the agent: keep, restart (now), or guard (not ready until
	// the device is free or registers again, GuardMS at most; then kept).
	Availability string
	Miss         bool // counts towards not responding
	Skip         bool // the contact skips this agent for a while
}

// OfferEffects has one row per outcome of an offer that was not answered. A
// reject is no miss: somebody is there, and said no; the restarted availability
// and the contact's skip list are enough.
var OfferEffects = []Effect{
	{OfferNoAnswer, "restart", true, true},
	{OfferReject, "restart", false, true},
	{OfferBusy, "guard", false, true},
	{OfferUnreachable, "guard", false, true},
	{OfferSetupFailed, "keep", false, true},
	{OfferCallerGone, "keep", false, false},
	{OfferLostRace, "keep", false, false},
	{OfferWithdrawn, "keep", false, false},
}

// DefaultTarget is the service level's of a queue that names none.
const DefaultTarget = 20 * time.Second

// Bounds, in milliseconds unless the name says otherwise. The scripts get them.
const (
	GuardMS         = 5_000  // after busy and unreachable
	HushMS          = 1_000  // for a phone that lost a race to fall silent, if nobody says that it has
	SetupMS         = 5_000  // from an offer to a leg that exists
	RingMS          = 15_000 // a phone rings, when the queue does not say
	RingGraceMS     = 1_000  // beyond Asterisk's own ring timeout, before the backstop
	DialplanGraceMS = 5_000  // beyond the ring time, for the dialplan to dial and to come back
	BridgeMS        = 1_000  // from the answer to the bridge, before a callmanager bridges
	BridgeTries     = 10
	RetryMS         = 5_000
	AnnounceFirstMS = 3_000
	AnnounceMinMS   = 15_000
	FairHalfMS      = 2_700_000 // in which half of what an agent worked is forgotten (lua/lib/fair.lua)
	OverflowRetryMS = 10_000    // after the queue to overflow to took nobody
	WeightMax       = 10        // of an agent, for weighted-random
	Behind          = 4         // agents in turn whom an offer looks at: who gets it, and who comes next
	LeavesPerRun    = 10        // who leave a queue whose agents have gone, in one script
	LostPerRun      = 8         // who are ended with their node, in one script
	OverflowHops    = 3         // queues through which an overflow goes on: two may name each other
	NearPositions   = 10        // who hears of an improved position at once
	MatchesPerRun   = 16        // legs of one script, or one offer
	LegsPerOffer    = 50        // of a ring-all; a leg's number has two digits
	TriesPerRun     = 200       // contacts that one script looks at in vain
	JournalMax      = 200_000   // entries, about
	RepairsMax      = 1_000     // entries, about
	HoldMS          = 8_000     // an emptied pool matches nothing: all callers are to be back first
	RefusedMS       = 60_000    // a refused arrival is known, should it be told again
	OverMS          = 3_600_000 // a contact lost with its node is known to be over
)

// to is where the event leads from the state.
func to(life []Move, event, state string) (string, bool) {
	for _, m := range life {
		if m.On == event && slices.Contains(m.From, state) {
			return m.To, true
		}
	}
	return "", false
}

// luaConstants are the bounds, by the names that they have in the scripts.
var luaConstants = func() map[string]string {
	all := map[string]string{}
	for name, value := range map[string]int{
		"SCHEMA": Schema, "SCHEMA_LEAST": schemaLeast, "GUARD_MS": GuardMS, "HUSH_MS": HushMS, "SETUP_MS": SetupMS,
		"RING_MS": RingMS, "RING_GRACE_MS": RingGraceMS, "DIALPLAN_GRACE_MS": DialplanGraceMS, "LEGS": LegsPerOffer,
		"BRIDGE_MS": BridgeMS, "BRIDGE_TRIES": BridgeTries, "RETRY_MS": RetryMS, "FAIR_HALF_MS": FairHalfMS,
		"OVERFLOW_RETRY_MS": OverflowRetryMS, "WEIGHT_MAX": WeightMax, "BEHIND": Behind, "LEAVES": LeavesPerRun, "HOPS": OverflowHops,
		"ANNOUNCE_FIRST_MS": AnnounceFirstMS, "ANNOUNCE_MIN_MS": AnnounceMinMS, "NEAR": NearPositions,
		"MATCHES": MatchesPerRun, "TRIES": TriesPerRun, "JOURNAL_MAX": JournalMax,
		"REPAIRS_MAX": RepairsMax, "HOLD_MS": HoldMS, "REFUSED_MS": RefusedMS, "OVER_MS": OverMS,
	} {
		all[name] = strconv.Itoa(value)
	}
	return all
}()

// luaTables renders the tables of moves and effects for the scripts.
var luaTables = func() string {
	var b strings.Builder
	for _, l := range []struct {
		name string
		life []Move
	}{{"CONTACT_LIFE", ContactLife}, {"OFFER_LIFE", OfferLife}, {"AGENT_LIFE", AgentLife}} {
		fmt.Fprintf(&b, "local %s = '|", l.name)
		for _, m := range l.life {
			for _, from := range m.From {
				fmt.Fprintf(&b, "%s %s>%s|", m.On, from, m.To)
			}
		}
		b.WriteString("'\n")
	}
	b.WriteString("local EFFECTS = '|")
	for _, e := range OfferEffects {
		words := []string{e.Availability}
		if e.Miss {
			words = append(words, "miss")
		}
		if e.Skip {
			words = append(words, "skip")
		}
		fmt.Fprintf(&b, "%s>%s|", e.Outcome, strings.Join(words, ","))
	}
	b.WriteString("'\n")
	return b.String()
}()
