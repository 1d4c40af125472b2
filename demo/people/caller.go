package people

import (
	"slices"
	"strings"
	"time"

	"holdline/ari/fake"
	"holdline/queue"
)

// Fate is how a call ended, as the caller tells it.
type Fate string

// The fates.
const (
	OnTheLine Fate = "on the line" // still
	Talked    Fate = "talked"      // to an agent, then hung up
	HungUp    Fate = "hung up"     // while waiting
	SentOn    Fate = "sent on"     // into the dialplan; Call.Status says why
	LineDead  Fate = "line dead"   // it broke
	NoAnswer  Fate = "no answer"   // nobody took the call: it never reached the queue
)

// Call is one call, as its caller tells it.
type Call struct {
	Channel, Number, Queue, Node string
	Fate                         Fate
	Status                       string // HOLDLINE_STATUS, when the dialplan was given one
	Begun, Ended                 time.Time
	Inside                       bool // it was taken: there was music
	Talked                       bool // the caller heard an agent
	Redial                       bool // the caller called again, after a line went dead
}

// caller is one who is on the line.
type caller struct {
	Call
	line     *fake.Caller
	args     string
	tries    int           // of the dialplan to reach Holdline
	patience time.Duration // until they hang up, waiting
	talk     time.Duration
	hangUpAt time.Time // zero: they do not talk yet
}

// tries is how often the dialplan asks for Holdline before it gives up, a second each;
// see dialplan/extensions.conf.
const tries = 10

// look is what a caller does next. still: they hold the line whatever comes. It tells
// whether the call is over.
func (c *caller) look(now time.Time, still bool) (over bool) {
	state := c.line.State()
	switch state {
	case fake.Gone:
		c.Status = c.line.Variable("HOLDLINE_STATUS")
		c.Fate = LineDead
		return true
	case fake.Dialplan:
		return c.backInTheDialplan()
	case fake.Inside:
		c.Inside = true
		if c.hangUpAt.IsZero() && hears(c.line, "bridge:") {
			c.Talked, c.hangUpAt = true, now.Add(c.talk)
		}
	}
	switch {
	case still:
		return false
	case !c.hangUpAt.IsZero():
		if now.Before(c.hangUpAt) {
			return false
		}
		c.Fate = Talked
	default:
		if now.Sub(c.Begun) < c.patience {
			return false
		}
		c.Fate = HungUp
	}
	c.line.HangUp()
	return true
}

func (c *caller) backInTheDialplan() (over bool) {
	if c.Status = c.line.Variable("HOLDLINE_STATUS"); c.Status != "" {
		c.Fate = SentOn
		c.line.HangUp()
		return true
	}
	if c.tries++; c.tries < tries && c.line.Enter(c.args) == nil {
		return false
	}
	c.Fate = NoAnswer
	c.line.HangUp()
	return true
}

func hears(line *fake.Caller, what string) bool {
	return slices.ContainsFunc(line.Hears(), func(s string) bool { return strings.HasPrefix(s, what) })
}

// Outcomes are how Holdline may call what the caller lived through: first what it
// should, then what it may where two things happened in one moment. None means that
// the call was never Holdline's, "" in the list that it may not have been.
func (c Call) Outcomes(pickedUp bool, timeout time.Duration) []string {
	switch c.Fate {
	case Talked:
		return []string{queue.OutcomeAnswered}
	case HungUp:
		may := []string{queue.OutcomeAbandoned}
		if pickedUp { // an agent did, before they heard each other
			may = append(may, queue.OutcomeAnswered)
		}
		if timeout > 0 && c.Ended.Sub(c.Begun) >= timeout-time.Second {
			may = append(may, queue.OutcomeTimedOut)
		}
		if !c.Inside {
			may = append([]string{""}, may...)
		}
		return may
	case SentOn:
		return []string{outcomeOf[c.Status]}
	case LineDead:
		may := []string{queue.OutcomeLostWithNode}
		if o := outcomeOf[c.Status]; o != "" {
			may = append(may, o)
		}
		if !c.Inside || c.Ended.Sub(c.Begun) < time.Second {
			may = append(may, "")
		}
		return may
	}
	return nil
}

// outcomeOf reads HOLDLINE_STATUS.
var outcomeOf = func() map[string]string {
	all := map[string]string{}
	for _, o := range queue.ContactOutcomes {
		if o != queue.OutcomeLostWithNode {
			all[queue.Status(o)] = o
		}
	}
	return all
}()
