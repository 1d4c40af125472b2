package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The words of a Standing. Those of an agent who can take nothing now come first, in the
// order in which they are looked for; the others are between an agent who is available
// and one contact.
const (
	StandLoggedOut     = "logged_out"
	StandPaused        = "paused"
	StandWrapUp        = "wrap_up"
	StandNotResponding = "not_responding"
	StandLeaving       = "leaving"       // removed from the directory, with a call to finish
	StandNoMedium      = "no_medium"     // the agent takes none of it
	StandRinging       = "ringing"       // for somebody
	StandTalking       = "talking"       // holds as many as the capacity
	StandNext          = "next_mode"     // chose another mode, which comes when the calls are over
	StandGuarded       = "guarded"       // busy or out of reach a moment ago
	StandFallingSilent = "silencing"     // the phone rings still for an offer that is over
	StandDevice        = "device_in_use" // in a call outside the queues
	StandOtherMedium   = "other_medium"  // holds another medium, beside which this one may not come
	StandAvailable     = "available"

	StandOtherNeed  = "other_need"  // serves the queue, and not this contact's need
	StandForAnother = "for_another" // the contact waits for another agent alone
	StandLaterStep  = "later_step"  // admitted by a step that is not open yet
	StandHeldBack   = "held_back"   // the last of a reserve
	StandSkipped    = "skipped"     // the contact missed or was refused by the agent a moment ago
	StandEarlier    = "earlier"     // another contact is the agent's first
	StandDue        = "due"         // nothing is in the way: a match is on its way
)

// Standing says in one word and in a phrase what an agent does, or what is between an
// agent and a contact. The times are 0 where they are not known or do not apply.
type Standing struct {
	Word   string `json:"standing"`             // one of the words above
	Text   string `json:"text"`                 // for people, to be read behind the agent's name
	ForMS  int64  `json:"for_ms,omitempty"`     // how long it has been so
	OverMS int64  `json:"over_in_ms,omitempty"` // when it is over by itself
	// Contact is whom the agent is busy with, or who comes before; Queue is theirs. Before
	// says that they come before the contact that is explained, in the order of arrival and credit.
	Contact string `json:"contact,omitempty"`
	Queue   string `json:"queue,omitempty"`
	Before  bool   `json:"before,omitempty"`
}

// span is a duration for people, to the second.
func span(d time.Duration) string {
	s := max(0, d).Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if t, cut := strings.CutSuffix(s, zero); cut {
			s = t + zero[:1]
		}
	}
	return s
}

// whole is a duration in milliseconds, and never below 0: the pool's clock counts finer.
func whole(d time.Duration) int64 { return max(0, d).Round(time.Millisecond).Milliseconds() }

// said adds how long it has been so, and how long it will be.
func (s *survey) said(word, text string, since, until time.Time) Standing {
	st := Standing{Word: word, Text: text}
	if !since.IsZero() {
		st.ForMS = whole(s.now.Sub(since))
		st.Text += " for " + span(s.now.Sub(since))
	}
	if !until.IsZero() {
		st.OverMS = whole(until.Sub(s.now))
		st.Text += ", for another " + span(until.Sub(s.now))
	}
	return st
}

// doing is what the agent does, as far as a further contact of the medium goes: the rules
// of open_media in lua/lib/agent.lua, with what each of them stands for.
func (s *survey) doing(a *person, m Medium) Standing {
	reason := ""
	if a.Reason != "" {
		reason = fmt.Sprintf(" %q", a.Reason)
	}
	since, until := a.Since.time(), a.Until.time()
	held, capacity := a.load(m)
	other, beside := a.HeldC, "v"
	if m == Chat {
		other, beside = a.HeldV, "c"
	}
	switch {
	case a.Mode == string(LoggedOut):
		return s.said(StandLoggedOut, "logged out", since, until)
	case a.Mode == string(Paused):
		return s.said(StandPaused, "paused"+reason, since, until)
	case a.Mode == string(WrapUp):
		return s.said(StandWrapUp, "in wrap-up", since, until)
	case a.Mode == string(NotResponding):
		return s.said(StandNotResponding, "not responding", since, until)
	case a.Removed == 1:
		return s.with(s.said(StandLeaving, "removed from the directory, finishing a call", time.Time{}, time.Time{}), a, a.Calls)
	case a.Offer != "":
		return s.then(s.with(Standing{Word: StandRinging, Text: "ringing"}, a, a.Offer), a)
	case capacity < 1:
		return Standing{Word: StandNoMedium, Text: "takes no " + string(m) + " contacts"}
	case held >= capacity:
		return s.then(s.with(Standing{Word: StandTalking, Text: "talking"}, a, a.Calls), a)
	case a.Next != "":
		return s.with(Standing{Word: StandNext, Text: "will be " + plain(a.Next) + " when what they hold is over"}, a, a.Calls)
	case a.Guard != "" && a.Quiet != "":
		return s.said(StandFallingSilent, "the phone rings still for an offer that is over", time.Time{}, a.Guard.time())
	case a.Guard != "":
		return s.said(StandGuarded, "device was busy or out of reach", time.Time{}, a.Guard.time())
	case a.Device != "":
		return s.said(StandDevice, "device in a call outside the queues", a.Device.time(), time.Time{})
	case other > 0 && !strings.Contains(a.spec.Beside, beside):
		return s.with(Standing{Word: StandOtherMedium, Text: "holds another medium, beside which no " + string(m) + " contact comes"}, a, a.Calls)
	}
	return s.said(StandAvailable, "available", a.Avail.time(), time.Time{})
}

func plain(word string) string { return strings.ReplaceAll(word, "_", " ") }

// then says what the agent chose to do next.
func (s *survey) then(st Standing, a *person) Standing {
	if a.Next != "" {
		st.Text += ", then " + plain(a.Next)
	}
	return st
}

// with names whom the agent is busy with: the first of the offers, and how many more.
func (s *survey) with(st Standing, a *person, offers string) Standing {
	all := split(offers)
	if len(all) == 0 || s.offers[all[0]] == nil {
		return st
	}
	o := s.offers[all[0]]
	since, verb := o.At.time(), " for "
	if c := s.contacts[o.Contact]; c != nil && o.State == string(OfferAnswered) {
		since, verb = c.AnsweredAt.time(), " with "
	}
	st.Contact, st.Queue = o.Contact, Unescape(o.Queue)
	st.Text += verb + o.Contact + " of " + st.Queue
	if len(all) > 1 {
		st.Text += fmt.Sprintf(" and %d more", len(all)-1)
	}
	if !since.IsZero() {
		st.ForMS = whole(s.now.Sub(since))
		st.Text += " for " + span(s.now.Sub(since))
	}
	return st
}

// between says what keeps the agent from the contact, which waits. An agent's own state
// comes before what the contact asks.
func (s *survey) between(ctx context.Context, a *person, c *contactRecord) (Standing, error) {
	m := mediumOfLine(c.Need)
	st := s.doing(a, m)
	if other := s.contacts[st.Contact]; other != nil {
		st.Before = other.Score < c.Score
	}
	if c.Line != "" && Unescape(c.Prefer) != a.name() {
		until, err := s.deadline(ctx, "prefer|"+c.ID)
		return s.said(StandForAnother, "waits for "+Unescape(c.Prefer)+" alone", time.Time{}, until), err
	}
	step, _, is := a.place(c.Need)
	if c.Line == "" && !is {
		return Standing{Word: StandOtherNeed, Text: "does not serve what it asks"}, nil
	}
	if st.Word != StandAvailable {
		return st, nil
	}
	if c.Line == "" && step > c.Step {
		if shut, admits, err := s.admits(ctx, c, step); !admits || err != nil {
			return shut, err
		}
	}
	if slices.Contains(split(c.Skip), a.name()) {
		st := Standing{Word: StandSkipped, Text: "did not take it a moment ago"}
		if again := c.AgainAt.time().Sub(s.now); again > 0 {
			st.OverMS, st.Text = whole(again), st.Text+", is asked again in "+span(again)
		}
		return st, nil
	}
	first, err := s.before(ctx, a, c)
	if err != nil || first == nil {
		return Standing{Word: StandDue, Text: "about to be asked: a match is on its way"}, err
	}
	return Standing{Word: StandEarlier, Text: "about to be asked for " + first.ID + " of " + Unescape(first.Queue) + ", who comes before",
		Contact: first.ID, Queue: Unescape(first.Queue), Before: true}, nil
}

// admits says whether a step beyond the contact's own admits the agents of a reserve, since
// enough of them are left; if not, what they wait for.
func (s *survey) admits(ctx context.Context, c *contactRecord, step int) (Standing, bool, error) {
	if err := s.loadLines(ctx, c.Need); err != nil {
		return Standing{}, false, err
	}
	line := s.lines[c.Need]
	if line == nil {
		return Standing{Word: StandLaterStep, Text: "its need is no more"}, false, nil
	}
	opens := line.opens(c, step)
	for _, h := range line.Reserve {
		if h.Step != step || c.Step < h.From {
			continue
		}
		n, err := s.left(ctx, h.Group)
		if err != nil || n > h.Keep {
			return Standing{}, err == nil, err
		}
		return s.said(StandHeldBack, fmt.Sprintf("held back: of those with the skill %d are available, and %d stay", n, h.Keep),
			time.Time{}, opens), false, nil
	}
	return s.said(StandLaterStep, "admitted by a later step", time.Time{}, opens), false, nil
}
