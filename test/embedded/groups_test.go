package embedded

import (
	"strings"
	"testing"
	"time"

	"holdline/ari/fake"
	"holdline/queue"
)

func ringAll(q *queue.QueueSpec) { q.Strategy = "ring-all" }

func TestARingGroupRingsAtOnceAndTheFirstToAnswerTalks(t *testing.T) {
	c := open(t, 2, ringAll)
	slow := [][]*fake.Phone{c.phone("201", fake.Ring()), c.phone("203", fake.Ring())}
	quick := c.phone("202", fake.Answer(200*time.Millisecond))
	c.login("201", "202", "203")
	caller := c.calls(1, "5551000")
	c.within(2*time.Second, "all ring", func() bool { return rang(slow[0]) == 1 && rang(slow[1]) == 1 && rang(quick) == 1 })
	c.within(2*time.Second, "they talk", hears(caller, "bridge:"))
	for _, phones := range slow {
		c.within(time.Second, "the others stop: answered elsewhere", func() bool { return phones[1].Calls()[0].Cause == 26 })
	}
	c.within(time.Second, "the others are free", func() bool { return c.idle("201") && c.idle("203") })
	caller.HangUp()
	c.within(time.Second, "all are free", func() bool { return c.idle("202") })
	c.adds()
}

// Whoever lost a race is rung for the next caller, until nobody is left to ring.
func TestABurstOnARingGroup(t *testing.T) {
	c := open(t, 2, ringAll)
	agents := []string{"201", "202", "203", "204"}
	for _, a := range agents {
		c.phone(a, fake.Answer(30*time.Millisecond)) // all at once: a race each time
	}
	c.login(agents...)
	var callers []*fake.Caller
	for i := range 4 {
		callers = append(callers, c.calls(i%2, "555"))
	}
	for _, caller := range callers {
		c.within(10*time.Second, "everybody talks", hears(caller, "bridge:"))
	}
	for _, a := range agents {
		now, err := c.pool.Agent(t.Context(), a)
		c.ok(err)
		if now.Load() != 1 || len(now.Calls) != 1 {
			t.Errorf("%s has %+v", a, now)
		}
	}
	for _, caller := range callers {
		caller.HangUp()
	}
	for _, a := range agents {
		c.within(2*time.Second, a+" is free", func() bool { return c.idle(a) })
	}
	c.adds()
}

func TestARingGroupWhereNobodyAnswersKeepsThePlace(t *testing.T) {
	c := open(t, 1, func(q *queue.QueueSpec) {
		ringAll(q)
		q.RingTimeout, q.Retry = time.Second, 300*time.Millisecond
	})
	busy, refuses := c.phone("201", fake.Busy(20*time.Millisecond)), c.phone("202", fake.Decline(20*time.Millisecond))
	rings := c.phone("203", fake.Ring())
	c.login("201", "202", "203")
	caller := c.calls(0, "5551000")
	c.within(5*time.Second, "who can is rung again, and hears nothing of the first time", func() bool {
		return rang(busy) >= 1 && rang(refuses) >= 2 && rang(rings) >= 1 && hears(caller, "music:")()
	})
	caller.HangUp()
	c.within(2*time.Second, "nobody stays reserved", func() bool {
		offers, err := c.pool.Offers(t.Context())
		return err == nil && len(offers) == 0
	})
	c.adds()
}

func inDialplan(q *queue.QueueSpec) {
	q.Connect, q.RingTimeout, q.Retry = "dialplan", time.Second, 300*time.Millisecond
}

func TestTheDialplanDialsAndTheyTalk(t *testing.T) {
	c := open(t, 2, inDialplan)
	phones := c.phone("201", fake.Answer(100*time.Millisecond))
	c.login("201")
	caller := c.calls(1, "5551000")
	c.within(2*time.Second, "they talk", hears(caller, "dialled:201"))
	contact, err := c.pool.ByChannel(t.Context(), caller.ID(), c.nodes[1].Name())
	c.ok(err)
	c.within(time.Second, "the contact is connected", func() bool {
		now, err := c.pool.Contact(t.Context(), contact.ID)
		return err == nil && now.State == queue.Connected && now.Agent == "201"
	})
	if got := phones[1].Calls()[0].Headers["X-Holdline-Contact"]; got != contact.ID {
		t.Errorf("the leg is for %q", got)
	}
	c.ok(phones[1].HangUp())
	c.within(2*time.Second, "the caller came back, and was sent on", func() bool {
		return caller.State() == fake.Dialplan && caller.Variable("HOLDLINE_STATUS") == "ANSWERED"
	})
	c.within(time.Second, "201 is free", func() bool { return c.idle("201") })
	caller.HangUp()
	c.within(time.Second, "the contact has ended", func() bool { return c.waiting() == 0 })
	c.adds()
}

func TestNotAnsweredInTheDialplanTheCallerKeepsThePlace(t *testing.T) {
	for name, does := range map[string]fake.Behaviour{
		queue.OfferBusy: fake.Busy(0), queue.OfferReject: fake.Decline(0), queue.OfferNoAnswer: fake.Ring(),
		queue.OfferUnreachable: fake.Unregistered(),
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, 1, inDialplan)
			phones := c.phone("201", does)
			c.login("201")
			caller := c.calls(0, "5551000")
			c.within(2*time.Second, "it rings", func() bool { return rang(phones) == 1 })
			behind := c.calls(0, "5552000")
			c.within(4*time.Second, "the caller hears music again, in the application", func() bool {
				return hears(caller, "music:")() && caller.State() == fake.Inside
			})
			contact, err := c.pool.ByChannel(t.Context(), caller.ID(), c.nodes[0].Name())
			c.ok(err)
			if place, err := c.pool.Position(t.Context(), contact.ID); err != nil || place != 1 {
				t.Errorf("place %d, %v", place, err)
			}
			entries, err := c.pool.Journal(t.Context(), "", 1000)
			c.ok(err)
			outcome := ""
			for _, e := range entries {
				if e.Event == "closed" && outcome == "" {
					outcome = e.Outcome
				}
			}
			if outcome != name {
				t.Errorf("the offer ended as %s", outcome)
			}
			c.phone("202", fake.Answer(0))
			c.login("202")
			c.within(5*time.Second, "202 talks with who was first", hears(caller, "dialled:202"))
			caller.HangUp()
			behind.HangUp()
			c.within(2*time.Second, "nobody is left", func() bool { return c.waiting() == 0 })
			c.adds()
		})
	}
}

func TestTheCallerHangsUpWhileTheDialplanDials(t *testing.T) {
	c := open(t, 1, func(q *queue.QueueSpec) { inDialplan(q); ringAll(q); q.RingTimeout = 10 * time.Second })
	rings, answers := c.phone("201", fake.Ring()), c.phone("202", fake.Ring())
	c.login("201", "202")
	caller := c.calls(0, "5551000")
	c.within(2*time.Second, "both ring", func() bool { return rang(rings) == 1 && rang(answers) == 1 })
	caller.HangUp()
	c.within(time.Second, "both are free at once, not by a deadline", func() bool { return c.idle("201") && c.idle("202") })
	c.within(time.Second, "the contact has ended", func() bool { return c.waiting() == 0 })

	caller = c.calls(0, "5552000")
	c.within(2*time.Second, "both ring", func() bool { return rang(rings) == 2 && rang(answers) == 2 })
	c.ok(answers[0].Answer())
	c.within(time.Second, "202 talks", hears(caller, "dialled:202"))
	c.within(time.Second, "201 has lost the race", func() bool { return c.idle("201") })
	caller.HangUp()
	c.within(time.Second, "202 is free", func() bool { return c.idle("202") })
	stats, err := c.pool.Stats(t.Context())
	c.ok(err)
	ended := stats.Queues["support"].Ended
	if ended[queue.OutcomeAbandoned] != 1 || ended[queue.OutcomeAnswered] != 1 {
		t.Errorf("ended %v", ended)
	}
	c.adds()
}

// The events of the dialplan may get lost; the return, or the comparison, tells all the same.
func TestWhatTheDialplanDidUnheard(t *testing.T) {
	for _, lost := range []string{"Dial", "StasisStart", "ChannelDestroyed"} {
		t.Run(strings.ToLower(lost), func(t *testing.T) {
			c := open(t, 1, inDialplan)
			phones := c.phone("201", fake.Answer(50*time.Millisecond))
			c.login("201")
			caller := c.calls(0, "5551000")
			c.within(2*time.Second, "it rings", func() bool { return rang(phones) == 1 })
			c.loses.Store(&lost)
			c.within(2*time.Second, "they talk", hears(caller, "dialled:201"))
			if lost == "ChannelDestroyed" {
				caller.HangUp()
			} else {
				c.ok(phones[0].HangUp())
				c.within(5*time.Second, "the caller was sent on", func() bool {
					return caller.Variable("HOLDLINE_STATUS") == "ANSWERED"
				})
			}
			c.within(5*time.Second, "201 is free", func() bool { return c.idle("201") })
			c.loses.Store(nil)
			caller.HangUp()
			c.within(5*time.Second, "the contact has ended", func() bool { return c.waiting() == 0 })
			c.adds()
		})
	}
}
