package stasis_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/queue"
)

// dials is a caller as dialplan/extensions.conf brings them in.
func (d *desk) dials(number string, window time.Duration) *fake.Caller {
	d.t.Helper()
	caller, err := d.node.Call(fake.CallRequest{Args: "pool=demo:queue=support", Number: number, Stamped: true, Timeout: window})
	d.ok(err)
	return caller
}

func (d *desk) of(caller *fake.Caller) (queue.Contact, bool) {
	c, err := d.pool.ByChannel(d.t.Context(), caller.ID(), "ast-1")
	return c, err == nil
}

func (d *desk) has(caller *fake.Caller) func() bool {
	return func() bool { _, ok := d.of(caller); return ok }
}

// refuses lets the node refuse, or lose, whatever request the path is of.
func (d *desk) refuses(path string, fault fake.Fault) *atomic.Int32 {
	var seen atomic.Int32
	d.node.Fault(func(r fake.Request) fake.Fault {
		if strings.HasSuffix(r.Path, path) {
			seen.Add(1)
			return fault
		}
		return fake.Fault{}
	})
	return &seen
}

func TestACallerHasTheirPlaceBeforeTheyAreInside(t *testing.T) {
	d := open(t, time.Hour)
	d.lose(ari.StasisStart)
	caller := d.dials("555", time.Second)
	d.within("the place", d.has(caller))
	c, _ := d.of(caller)
	if c.Queue != "support" || c.CallerNumber != "555" || hears(caller, "music:") {
		t.Errorf("contact %+v, the caller hears %v", c, caller.Hears())
	}
}

func TestWhoGivesUpUnclaimedLeavesNoRecord(t *testing.T) {
	d := open(t, time.Hour)
	claims := d.refuses("/events/claim", fake.Fault{Delay: 100 * time.Millisecond, Status: http.StatusNotFound})
	caller := d.dials("555", time.Second)
	d.within("it was claimed in vain", func() bool { return claims.Load() == 1 })
	d.within("the contact has ended", func() bool {
		entries, err := d.pool.Journal(t.Context(), "", 100)
		d.ok(err)
		return len(entries) > 1 && entries[len(entries)-1].Event == "ended"
	})
	if _, ok := d.of(caller); ok {
		t.Error("the caller has a contact")
	}
}

// The call may be ours all the same when nobody knows what became of the claim.
func TestAClaimWithoutAnAnswerKeepsThePlace(t *testing.T) {
	d := open(t, often)
	d.refuses("/events/claim", fake.Fault{Lose: true})
	caller := d.dials("555", time.Second)
	d.within("they wait", func() bool { return hears(caller, "music:") && d.has(caller)() })
}

func TestALaterTryIsAnotherContact(t *testing.T) {
	d := open(t, time.Hour)
	d.refuses("/events/claim", fake.Fault{Delay: 100 * time.Millisecond, Status: http.StatusNotFound})
	caller := d.dials("555", 150*time.Millisecond)
	_, args, _ := strings.Cut(caller.Place().AppData, "$,")
	d.within("the first try is over", func() bool { return caller.State() == fake.Dialplan && !d.has(caller)() })
	d.node.Fault(nil)
	d.ok(caller.Enter(args + ":try=1"))
	d.within("they wait", func() bool { return hears(caller, "music:") && d.has(caller)() })
	c, _ := d.of(caller)
	entries, err := d.pool.Journal(t.Context(), "", 100)
	d.ok(err)
	first := entries[slices.IndexFunc(entries, func(e queue.Entry) bool { return e.Event == "entered" })]
	if first.Contact == c.ID || first.Contact[:12] != c.ID[:12] {
		t.Errorf("first as %s, then as %s: want the same moment and another contact", first.Contact, c.ID)
	}
}

// Events may come in another order than the calls came in.
func TestCallersAreInLineByTheMomentOfTheirArrival(t *testing.T) {
	d := open(t, time.Hour)
	began := time.Now()
	second := d.dials("2", time.Second)
	d.within("the second waits", d.has(second))
	first, err := d.node.Call(fake.CallRequest{Number: "1",
		Args: "pool=demo:queue=support:at=" + strconv.FormatInt(began.Add(-100*time.Millisecond).UnixMilli(), 10)})
	d.ok(err)
	d.within("the first waits", d.has(first))
	a, _ := d.of(first)
	b, _ := d.of(second)
	if !a.Arrived.Before(b.Arrived) {
		t.Errorf("the first is in line by %v, the second by %v", a.Arrived, b.Arrived)
	}
}

// A node that is behind begins calls in another order than they came. Who says to have come
// long ago, or later than they are here, is in line by when they are here.
func TestCallersAreInLineByWhenTheyReachedTheEdge(t *testing.T) {
	d := open(t, time.Hour)
	in := func(number string, edge time.Duration) time.Time {
		now := time.Now()
		caller, err := d.node.Call(fake.CallRequest{Number: number, Args: fmt.Sprintf("pool=demo:queue=support:at=%d:edge=%d",
			now.UnixMilli(), now.Add(edge).UnixMilli())})
		d.ok(err)
		d.within(number+" waits", d.has(caller))
		c, _ := d.of(caller)
		return c.Arrived
	}
	second, first := in("2", -300*time.Millisecond), in("1", -900*time.Millisecond)
	if !first.Before(second.Add(-400 * time.Millisecond)) {
		t.Errorf("the first is in line by %v, the second by %v", first, second)
	}
	before := time.Now()
	for number, edge := range map[string]time.Duration{"3": -time.Minute, "4": time.Minute} {
		if got := in(number, edge); got.Before(before.Add(-time.Second)) || got.After(time.Now().Add(time.Second)) {
			t.Errorf("%s, %v away, is in line by %v", number, edge, got)
		}
	}
}

// What the dialplan says of a call is enough: no note is left on the channel.
func TestAnEmptiedRedisFindsTheSamePlaces(t *testing.T) {
	d := open(t, often)
	caller := d.dials("555", time.Second)
	d.within("they wait", func() bool { return hears(caller, "music:") && d.has(caller)() })
	c, _ := d.of(caller)
	d.mini.FlushAll()
	d.project(nil)
	d.mends("forgotten_caller", c.ID)
	if again, _ := d.of(caller); again.ID != c.ID || !again.Arrived.Equal(c.Arrived) {
		t.Errorf("back as %s of %v, was %s of %v", again.ID, again.Arrived, c.ID, c.Arrived)
	}
	if note := caller.Variable("HOLDLINE_ARRIVAL"); note != "" {
		t.Errorf("the channel holds %q", note)
	}
}

func TestACallerWhoWasClaimedAndLeftAloneIsAnswered(t *testing.T) {
	d := open(t, often)
	d.lose(ari.StasisStart)
	caller := d.dials("555", time.Second)
	d.within("music", func() bool { return hears(caller, "music:") && !hears(caller, "ringing") })
	ch, err := d.asks.Channel(t.Context(), caller.ID())
	d.ok(err)
	if ch.State != ari.StateUp {
		t.Errorf("the caller is %s", ch.State)
	}
	d.within("it is told", func() bool { return d.counted("silent_caller") > 0 })
}

// The phone rings beside the claim, and may be picked up before the caller is inside.
func TestAnAnswerWaitsForTheCaller(t *testing.T) {
	d := open(t, time.Hour)
	_, err := d.pool.SetMode(t.Context(), "201", queue.ModeChange{Mode: queue.Ready})
	d.ok(err)
	phone := d.node.Phone("201", fake.Answer(0))
	d.node.Fault(func(r fake.Request) fake.Fault {
		if strings.HasSuffix(r.Path, "/answer") || strings.HasSuffix(r.Path, "/moh") && r.Method == http.MethodPost {
			return fake.Fault{Delay: 300 * time.Millisecond}
		}
		return fake.Fault{}
	})
	caller := d.dials("555", time.Second)
	d.within("the place", d.has(caller))
	offers, err := d.pool.Match(t.Context(), "", queue.Subject{Agent: "201"})
	d.ok(err)
	if len(offers) != 1 {
		t.Fatalf("%d offers", len(offers))
	}
	d.leg(offers[0].ID, caller.ID())
	d.within("they talk, without music", func() bool { return onlyTalks(caller) })
	d.within("the offer is answered", func() bool { c, _ := d.of(caller); return c.State == queue.Connected })
	if len(phone.Calls()) != 1 {
		t.Errorf("%d calls", len(phone.Calls()))
	}
}
