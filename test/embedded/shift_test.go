package embedded

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/queue"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestACallerWaitsUntilAnAgentLogsInAndTheyTalk(t *testing.T) {
	c := open(t, 2, func(q *queue.QueueSpec) { q.WrapUp = 200 * time.Millisecond })
	phones := c.phone("201", fake.Answer(50*time.Millisecond))

	caller := c.calls(1, "5551000")
	c.within(2*time.Second, "the caller hears music", hears(caller, "music:"))

	c.login("201")
	c.within(500*time.Millisecond, "201 rings", func() bool { return rang(phones) == 1 })
	call := phones[1].Calls()[0]
	if call.Headers["X-Holdline-Queue"] != "support" || call.CallerID != " <5551000>" {
		t.Errorf("the phone shows %q, headers %v", call.CallerID, call.Headers)
	}
	c.within(2*time.Second, "caller and agent are bridged, and nothing else is heard", func() bool {
		h := caller.Hears()
		return len(h) == 1 && hears(caller, "bridge:")()
	})

	caller.HangUp()
	c.within(time.Second, "the agent's leg ends", func() bool { return !phones[1].Calls()[0].Ended.IsZero() })
	c.within(time.Second, "201 wraps up", func() bool { return c.mode("201") == queue.WrapUp || c.idle("201") })
	c.within(time.Second, "201 is ready again", func() bool { return c.idle("201") })
	c.adds()
}

func TestTheAgentHangsUpAndTheCallerGoesOnInTheDialplan(t *testing.T) {
	c := open(t, 1, nil)
	phones := c.phone("201", fake.Answer(10*time.Millisecond))
	c.login("201")
	caller := c.calls(0, "5551000")
	c.within(2*time.Second, "they talk", hears(caller, "bridge:"))
	c.ok(phones[0].HangUp())
	c.within(time.Second, "the caller is back in the dialplan", func() bool { return caller.State() == fake.Dialplan })
	if s, a := caller.Variable("HOLDLINE_STATUS"), caller.Variable("HOLDLINE_AGENT"); s != "ANSWERED" || a != "201" {
		t.Errorf("the dialplan reads %s, %s", s, a)
	}
	c.within(time.Second, "201 is ready again", func() bool { return c.idle("201") })
	c.adds()
}

func TestTheLongestAvailableAgentIsRung(t *testing.T) {
	c := open(t, 1, nil)
	order := []string{"203", "201", "204", "202"}
	for _, agent := range order {
		c.phone(agent, fake.Answer(10*time.Millisecond))
	}
	c.login(order...)
	for round := range 3 {
		for _, agent := range order {
			phones := c.phone(agent, fake.Answer(10*time.Millisecond))
			caller := c.calls(0, "555")
			c.within(2*time.Second, agent+" talks", hears(caller, "bridge:"))
			if rang(phones) != round+1 {
				t.Fatalf("round %d: %s was not the one", round, agent)
			}
			caller.HangUp()
			c.within(time.Second, agent+" is ready", func() bool { return c.idle(agent) })
		}
	}
	c.adds()
}

func TestWhoCannotTakeTheCallIsPassedAndTheCallerKeepsTheirPlace(t *testing.T) {
	for _, miss := range []struct {
		name string
		does fake.Behaviour
		mode queue.Mode // of the agent who missed
	}{
		{"busy", fake.Busy(10 * time.Millisecond), queue.Ready},
		{"declined", fake.Decline(10 * time.Millisecond), queue.Ready},
		{"not registered", fake.Unregistered(), queue.Ready},
		{"no answer", fake.Ring(), queue.NotResponding},
	} {
		t.Run(miss.name, func(t *testing.T) {
			c := open(t, 1, func(q *queue.QueueSpec) { q.RingTimeout = time.Second })
			first := c.phone("201", miss.does)
			second := c.phone("202", fake.Answer(10*time.Millisecond))
			c.login("201", "202")
			caller := c.calls(0, "555")
			c.within(4*time.Second, "202 talks", hears(caller, "bridge:"))
			if rang(first) != 1 || rang(second) != 1 {
				t.Errorf("201 was rung %d times, 202 %d times; want 1 and 1", rang(first), rang(second))
			}
			if got := c.mode("201"); got != miss.mode {
				t.Errorf("201 is %s, want %s", got, miss.mode)
			}
			c.adds()
		})
	}
}

func TestTheCallerHangsUpWhileThePhoneRings(t *testing.T) {
	c := open(t, 1, nil)
	phones := c.phone("201", fake.Ring())
	c.login("201")
	caller := c.calls(0, "555")
	c.within(time.Second, "201 rings", func() bool { return rang(phones) == 1 })
	before, err := c.pool.Agent(t.Context(), "201")
	c.ok(err)
	caller.HangUp()
	c.within(300*time.Millisecond, "the phone stops", func() bool { return !phones[0].Calls()[0].Ended.IsZero() })
	c.within(time.Second, "201 is ready", func() bool { return c.idle("201") })
	after, err := c.pool.Agent(t.Context(), "201")
	c.ok(err)
	if !after.Available.Equal(before.Available) {
		t.Errorf("201 lost their place: available since %v, was %v", after.Available, before.Available)
	}
	c.adds()
}

func TestTheWaitIsOver(t *testing.T) {
	c := open(t, 1, nil)
	caller := c.enters(0, "555", "pool=demo:queue=support:timeout=1")
	c.within(2*time.Second, "the apology", hears(caller, "playback:"))
	c.within(3*time.Second, "the caller is in the dialplan", func() bool { return caller.State() == fake.Dialplan })
	if got := caller.Variable("HOLDLINE_STATUS"); got != "TIMEOUT" {
		t.Errorf("HOLDLINE_STATUS is %q", got)
	}
	c.within(time.Second, "nobody is left", func() bool { return c.waiting() == 0 })
	c.adds()
}

func TestPositionsAreSaidAndMusicGoesOn(t *testing.T) {
	c := open(t, 1, func(q *queue.QueueSpec) {
		q.AnnounceFirst, q.AnnounceMin, q.Announce = 100*time.Millisecond, 200*time.Millisecond, 10*time.Second
	})
	first := c.calls(0, "1")
	c.within(2*time.Second, "one waits", func() bool { return c.waiting() == 1 })
	second := c.calls(0, "2")
	c.within(2*time.Second, "the first is next", hears(first, "playback:sound:queue-youarenext"))
	c.within(2*time.Second, "the second hears how many there are", hears(second, "playback:"))
	c.within(2*time.Second, "music again", hears(second, "music:"))
	first.HangUp()
	c.within(2*time.Second, "the second is told that they are next now", hears(second, "playback:sound:queue-youarenext"))
	c.within(2*time.Second, "music again", hears(second, "music:"))
	c.adds()
}

func TestARefusedCallGoesBackToItsDialplan(t *testing.T) {
	c := open(t, 1, nil)
	for _, args := range []string{"pool=demo:queue=nowhere", "pool=nobody:queue=support", "nonsense", "pool=demo:queue=support:timeout=soon"} {
		caller := c.enters(0, "555", args)
		c.within(2*time.Second, args+" is refused", func() bool { return caller.State() == fake.Dialplan })
		if got := caller.Variable("HOLDLINE_STATUS"); got != "REFUSED" {
			t.Errorf("%s: HOLDLINE_STATUS is %q", args, got)
		}
	}
	if status, _ := c.dials("999", "login"); status != "REFUSED" {
		t.Errorf("an unknown agent logged in: %s", status)
	}
	c.adds()
}

// The first manager makes the offer and cannot ring; it ends, and what it took and
// did not acknowledge is carried out by the next one.
func TestACallManagerEndsBetweenTheMatchAndTheRing(t *testing.T) {
	c := open(t, 1, nil)
	phones := c.phone("201", fake.Answer(10*time.Millisecond))
	c.login("201")
	c.killManager()
	works := c.api
	c.api = "http://127.0.0.1:1" // nobody listens there
	kill := c.startManager("manager-2")
	caller := c.calls(0, "555")
	c.within(2*time.Second, "the offer is made", func() bool {
		a, err := c.pool.Agent(t.Context(), "201")
		return err == nil && a.Load() == 1
	})
	kill()
	if n := rang(phones); n != 0 {
		t.Fatalf("201 was rung %d times by a manager that cannot ring", n)
	}
	c.api = works
	c.startManager("manager-3")
	c.within(2*time.Second, "they talk", hears(caller, "bridge:"))
	if n := rang(phones); n != 1 {
		t.Errorf("201 was rung %d times", n)
	}
	c.adds()
}

func TestWhatEventsDidNotTellTheComparisonFinds(t *testing.T) {
	lose := func(c *center, event string) { c.loses.Store(&event) }
	t.Run("the agent hung up", func(t *testing.T) {
		c := open(t, 1, nil)
		phones := c.phone("201", fake.Answer(10*time.Millisecond))
		c.login("201")
		caller := c.calls(0, "1")
		c.within(2*time.Second, "they talk", hears(caller, "bridge:"))
		lose(c, ari.ChannelDestroyed)
		c.ok(phones[0].HangUp())
		c.within(2*time.Second, "the caller goes on", func() bool { return caller.State() == fake.Dialplan })
		c.within(time.Second, "201 is ready", func() bool { return c.idle("201") })
		c.adds()
	})
	t.Run("the agent answered", func(t *testing.T) {
		c := open(t, 1, nil)
		phones := c.phone("201", fake.Ring())
		c.login("201")
		caller := c.calls(0, "1")
		c.within(time.Second, "201 rings", func() bool { return rang(phones) == 1 })
		lose(c, ari.StasisStart)
		c.ok(phones[0].Answer())
		c.within(2*time.Second, "they talk", hears(caller, "bridge:"))
		c.adds()
	})
	t.Run("the caller left", func(t *testing.T) {
		c := open(t, 1, nil)
		caller := c.calls(0, "1")
		c.within(2*time.Second, "one waits", func() bool { return c.waiting() == 1 })
		lose(c, ari.StasisEnd)
		caller.HangUp()
		c.within(2*time.Second, "nobody waits", func() bool { return c.waiting() == 0 })
		c.adds()
	})
	t.Run("a caller came", func(t *testing.T) {
		c := open(t, 1, nil)
		c.within(2*time.Second, "a first comparison", func() bool { return c.nodes[0].Connects() > 0 })
		lose(c, ari.StasisStart)
		c.calls(0, "1")
		c.within(3*time.Second, "they wait", func() bool { return c.waiting() == 1 })
		c.adds()
	})
}

func TestANodeDiesAndItsCallsAloneEnd(t *testing.T) {
	c := open(t, 2, nil)
	for _, agent := range []string{"201", "202"} {
		c.phone(agent, fake.Answer(10*time.Millisecond))
	}
	c.login("201", "202")
	there, here := c.calls(1, "1"), c.calls(0, "2")
	c.within(2*time.Second, "both talk", func() bool { return hears(there, "bridge:")() && hears(here, "bridge:")() })
	c.nodes[1].Crash()
	c.within(5*time.Second, "the dead node's contact has ended", func() bool { return c.waiting() == 1 })
	if !hears(here, "bridge:")() {
		t.Error("a call on another node ended")
	}
	third := c.calls(0, "3")
	c.within(2*time.Second, "the freed agent talks to somebody else", hears(third, "bridge:"))
	c.adds()
}

func TestANodeThatStartsAnewHasLostItsCallers(t *testing.T) {
	c := open(t, 1, nil)
	leaves, stays := c.calls(0, "1"), c.calls(0, "2")
	c.within(2*time.Second, "two wait", func() bool { return c.waiting() == 2 })
	c.nodes[0].Crash()
	c.ok(c.nodes[0].Restart("boot-2"))
	c.within(5*time.Second, "the calls of the boot before are lost with their node", func() bool { return c.waiting() == 0 })
	if leaves.State() != fake.Gone || stays.State() != fake.Gone {
		t.Errorf("the callers of a crashed node are %s and %s", leaves.State(), stays.State())
	}
	again := c.calls(0, "1")
	c.within(2*time.Second, "a new caller waits", func() bool { return c.waiting() == 1 })
	again.HangUp()
	c.within(2*time.Second, "nobody waits", func() bool { return c.waiting() == 0 })
	c.adds()
}
