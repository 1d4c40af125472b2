package embedded

import (
	"testing"
	"time"

	"holdline/ari/fake"
	"holdline/queue"
)

// reads waits until the caller is back in the dialplan, and says what it reads.
func (c *center) reads(caller *fake.Caller, names ...string) (values string) {
	c.t.Helper()
	c.within(2*time.Second, "the caller is back in the dialplan", func() bool { return caller.State() == fake.Dialplan })
	for _, name := range names {
		values += caller.Variable(name) + " "
	}
	return values
}

func TestAKeyLetsACallerLeaveAlsoWhileAPhoneRings(t *testing.T) {
	c := open(t, 1, func(q *queue.QueueSpec) { q.ExitKeys = "*" })
	phones := c.phone("201", fake.Ring())
	waits := c.calls(0, "5551000")
	c.within(2*time.Second, "the caller hears music", hears(waits, "music:"))
	waits.Press("12") // no exit keys
	waits.Press("*")
	if got := c.reads(waits, "HOLDLINE_STATUS", "HOLDLINE_KEY"); got != "LEFT_BY_KEY * " {
		t.Errorf("the dialplan reads %q", got)
	}
	c.login("201")
	rung := c.calls(0, "5552000")
	c.within(2*time.Second, "201 rings", func() bool { return rang(phones) == 1 })
	rung.Press("*")
	if got := c.reads(rung, "HOLDLINE_STATUS", "HOLDLINE_KEY"); got != "LEFT_BY_KEY * " {
		t.Errorf("the dialplan reads %q", got)
	}
	c.within(2*time.Second, "the phone stops", func() bool { return !phones[0].Calls()[0].Ended.IsZero() })
	c.within(2*time.Second, "201 is free", func() bool { return c.idle("201") })
	c.adds()
}

func TestACallerWhoIsForAnAgentWaitsForThemFirst(t *testing.T) {
	c := open(t, 1, nil)
	busy := c.phone("201", fake.Answer(10*time.Millisecond))
	other := c.phone("202", fake.Answer(10*time.Millisecond))
	c.login("201")
	first := c.calls(0, "5551000")
	c.within(2*time.Second, "they talk", hears(first, "bridge:"))
	c.login("202")
	theirs := c.enters(0, "5552000", "pool=demo:queue=support:prefer=201:prefer_for=60")
	c.within(2*time.Second, "the caller hears music", hears(theirs, "music:"))
	anybodys := c.enters(0, "5553000", "pool=demo:queue=support:prefer=nobody")
	c.within(2*time.Second, "whoever is free takes who is for nobody", hears(anybodys, "bridge:"))
	if rang(other) != 1 {
		t.Errorf("202 rang %d times", rang(other))
	}
	first.HangUp()
	c.within(2*time.Second, "their agent takes them", func() bool { return hears(theirs, "bridge:")() && rang(busy) == 2 })
	c.adds()
}

func TestACallerWhoIsTurnedAwayLearnsWhy(t *testing.T) {
	c := open(t, 1, func(q *queue.QueueSpec) { q.MaxWaiting, q.JoinEmpty = 1, nil })
	waits := c.calls(0, "5551000")
	c.within(2*time.Second, "the caller hears music", hears(waits, "music:"))
	for args, want := range map[string]string{
		"pool=demo:queue=support":                 "REFUSED full ",
		"pool=demo:queue=sales":                   "REFUSED no_queue ",
		"pool=demo:queue=support:need=no":         "REFUSED no_need ",
		"pool=nowhere:queue=support":              "REFUSED no_pool ",
		"pool=demo:queue=support:prefer_for=soon": "REFUSED  ",
	} {
		if got := c.reads(c.enters(0, "5552000", args), "HOLDLINE_STATUS", "HOLDLINE_REASON"); got != want {
			t.Errorf("%s: the dialplan reads %q, want %q", args, got, want)
		}
	}
	c.adds()
}
