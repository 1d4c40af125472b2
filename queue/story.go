package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// OfferTold is one offer of a contact to one agent, as the journal tells it.
type OfferTold struct {
	Offer  string    `json:"offer"`
	Agent  string    `json:"agent"`
	At     time.Time `json:"at"`
	WaitMS int64     `json:"wait_ms"` // of the contact, then
	Step   int       `json:"step"`    // that admits the agent
	Tier   int       `json:"tier"`
	Behind []string  `json:"behind"` // whose turn came next, a few
	// Given says why it was this agent, when not by turn: given, or preferred.
	Given   string `json:"given,omitempty"`
	Outcome string `json:"outcome,omitempty"` // one of the offer's; "" is open
	Reason  string `json:"reason,omitempty"`  // of the outcome
	RangMS  int64  `json:"rang_ms,omitempty"` // until the outcome
	TalkMS  int64  `json:"talk_ms,omitempty"` // until the call was over
	end     time.Time
}

// Told is one thing that happened to a contact.
type Told struct {
	At    time.Time `json:"at"`
	Event string    `json:"event"` // as an Entry's
	Text  string    `json:"text"`
}

// storyPage is how many entries of the journal one look takes.
const storyPage = 1000

// story is what the journal has of a contact, oldest first.
type story struct{ entries []Entry }

// story reads the journal backwards, until it finds how the contact came. It gives how
// far back the journal reaches, if it had to read it all.
func (s *survey) story(ctx context.Context, contact string) (story, time.Time, error) {
	var t story
	var since time.Time
	for end := "+"; ; {
		page, err := s.p.rdb.XRevRangeN(ctx, s.p.keys["journal"], end, "-", storyPage).Result()
		if err != nil {
			return t, since, fmt.Errorf("read journal: %w", err)
		}
		for _, m := range page {
			if fields(m.Values).text("contact") != contact {
				continue
			}
			e := decodeEntry(m)
			t.entries = append(t.entries, e)
			if e.Event == "entered" {
				slices.Reverse(t.entries)
				return t, since, nil
			}
		}
		if len(page) > 0 {
			last := page[len(page)-1]
			end, since = "("+last.ID, decodeEntry(last).At
		}
		if len(page) < storyPage {
			slices.Reverse(t.entries)
			return t, since, nil
		}
	}
}

// explanation is what the story tells alone. Of a contact that is live it is completed by
// the records.
func (t story) explanation(contact string) ContactExplanation {
	e := ContactExplanation{Contact: contact, State: "ended", Story: []Told{}}
	alone, how, who := "", "", "" // the agent whom it waits for alone, and why; who ended it
	for _, j := range t.entries {
		e.Queue = cmp.Or(j.Queue, e.Queue)
		switch j.Event {
		case "entered":
			e.Arrived, alone, how = j.At, j.Agent, "preferred"
		case "given":
			alone, how = j.Agent, "given"
		case "moved", "widened":
			if j.Event == "moved" || j.Reason == "prefer" {
				alone = ""
			}
		case "offered", "readopted":
			o := OfferTold{Offer: j.Offer, Agent: j.Agent, At: j.At, WaitMS: j.WaitMS, Step: j.Step, Tier: j.Tier,
				Behind: slices.DeleteFunc(slices.Clone(j.Behind), func(a string) bool { return a == j.Agent })}
			if j.Event == "readopted" {
				o.Outcome, o.end = OfferOutcomeAnswered, j.At
			} else if j.Agent == alone {
				o.Given = how
			}
			e.Offers = append(e.Offers, o)
		case "answered", "closed":
			e.closes(j)
			if to, _ := effectOf(j.Outcome); to.Skip {
				alone = ""
			}
		case "leaving", "ended":
			who = cmp.Or(j.By, who)
			e.Cause, e.WaitMS, e.Why = j.Outcome, j.WaitMS, j.ending(who)
		}
		e.Story = append(e.Story, Told{j.At, j.Event, j.text()})
	}
	return e
}

// ending says how it ended, for which reason, and by whom if somebody ended it.
func (j Entry) ending(who string) string {
	switch {
	case j.Outcome == OutcomeRefused && refusals[j.Reason] != "":
		return fmt.Sprintf("It was refused by %s: %s.", j.Queue, refusals[j.Reason])
	case j.Outcome == OutcomeAnswered && j.Agent != "":
		return fmt.Sprintf("It was answered by %s after a wait of %s, and is over.", j.Agent, span(ms(j.WaitMS)))
	}
	return fmt.Sprintf("It ended after a wait of %s: %s%s%s.", span(ms(j.WaitMS)), plain(j.Outcome), because(j.Reason), by(who))
}

// refusals say why a queue took nobody, by the reason in the journal.
var refusals = map[string]string{
	"no_queue": "there is no such queue", "no_need": "it has no such need", "closed": "it is closed",
	"full": "as many wait as may", "empty": "nobody counts who could serve it",
}

func effectOf(outcome string) (Effect, bool) {
	i := slices.IndexFunc(OfferEffects, func(e Effect) bool { return e.Outcome == outcome })
	if i < 0 {
		return Effect{}, false
	}
	return OfferEffects[i], true
}

// closes notes how the offer to that agent went on.
func (e *ContactExplanation) closes(j Entry) {
	for i := range e.Offers {
		o := &e.Offers[i]
		if o.Offer != j.Offer || o.Agent != j.Agent {
			continue
		}
		if o.Outcome == OfferOutcomeAnswered {
			o.TalkMS, o.Reason = whole(j.At.Sub(o.end)), j.Reason
			return
		}
		o.Outcome, o.Reason, o.RangMS, o.end = cmp.Or(j.Outcome, OfferOutcomeAnswered), j.Reason, whole(j.At.Sub(o.At)), j.At
		return
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", reason)
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return fmt.Sprintf(", by %q", who)
}

// text is the entry for people, to be read behind its time.
func (j Entry) text() string {
	switch j.Event {
	case "entered":
		text := "entered " + j.Queue + " on " + j.Node
		if j.Agent != "" {
			text += ", for " + j.Agent
		}
		if j.Reason != "" {
			text += ", by overflow from " + Unescape(j.Reason)
		}
		if j.Reconnects != "" {
			text += fmt.Sprintf(", in the place of %q, who was lost with a node", j.Reconnects)
		}
		return text
	case "widened":
		if j.Reason == "prefer" {
			return fmt.Sprintf("waits for anybody of its need, at step %d", j.Step)
		}
		return fmt.Sprintf("step %d opened", j.Step)
	case "moved":
		return "moved from " + j.From + " to " + j.Queue + because(j.Reason) + by(j.By)
	case "reprioritised":
		return fmt.Sprintf("priority %d%s", j.Priority, by(j.By))
	case "given":
		return "given to " + j.Agent + by(j.By)
	case "offered":
		return fmt.Sprintf("offered to %s after %s: penalty %d, step %d", j.Agent, span(ms(j.WaitMS)), j.Tier, j.Step)
	case "ringing":
		return j.Agent + " rings"
	case "dialling":
		return "the dialplan dials " + j.Agent
	case "answered":
		return "answered by " + j.Agent
	case "readopted":
		return "the call with " + j.Agent + " goes on, after the records were lost"
	case "bridged":
		return "talks with " + j.Agent
	case "closed":
		return "offer to " + j.Agent + " over: " + plain(j.Outcome) + because(j.Reason)
	case "returned":
		return "back in its place"
	case "leaving":
		return "leaves: " + plain(j.Outcome) + because(j.Reason) + by(j.By)
	case "ended":
		return "ended: " + plain(j.Outcome) + because(j.Reason)
	}
	return plain(j.Event)
}

// withWhom says with whom a live contact is that does not wait, and why.
func (e *ContactExplanation) withWhom(s *survey, c *contactRecord) string {
	if c.State == string(Leaving) {
		return fmt.Sprintf("Its outcome is %s%s: it is on its way out.", plain(c.Outcome), because(c.Reason))
	}
	var agents []string
	var last *OfferTold
	for i := range e.Offers {
		if o := &e.Offers[i]; o.Offer == c.Offer && (o.Outcome == "" || o.Outcome == OfferOutcomeAnswered) {
			agents, last = append(agents, o.Agent), cmp.Or(last, o)
		}
	}
	if last == nil { // the journal does not reach back
		return fmt.Sprintf("It is %s; the journal has its offer no more.", plain(c.State))
	}
	state := map[ContactState]string{Offered: "It rings at %s", InDialplan: "The dialplan dials %s", Connected: "It talks with %s"}[ContactState(c.State)]
	since := last.At
	if !last.end.IsZero() {
		since = last.end
	}
	return fmt.Sprintf(state+" for %s: %s", names(agents), span(s.now.Sub(since)), last.why(e.Strategy, len(agents) > 1))
}

// why says why it was this agent.
func (o *OfferTold) why(strategy string, several bool) string {
	asked := "asked after a wait of " + span(ms(o.WaitMS)) + ", "
	switch {
	case o.Given == "given":
		return asked + "since it was given to them."
	case o.Given == "preferred":
		return asked + "since it was for them before all others."
	case several:
		return asked + fmt.Sprintf("all of penalty %d whom it may ring.", o.Tier)
	}
	turn := fmt.Sprintf("of penalty %d it was their turn", o.Tier)
	if strategy != "" {
		turn += " by " + strategy
	}
	if o.Step > 0 {
		turn += fmt.Sprintf(", admitted by step %d", o.Step)
	}
	if len(o.Behind) > 0 {
		turn += "; then came " + strings.Join(o.Behind, ", ")
	}
	return asked + turn + "."
}
