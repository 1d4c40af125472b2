package embedded

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"holdline/ari/fake"
	"holdline/queue"
)

func TestANodeIsFullWhileItHasAsManyCallersAsItMay(t *testing.T) {
	c := open(t, 1, nil)
	c.most = 2
	c.startNode("ast-000000000002")
	full := func(name string) func() bool {
		return func() bool {
			n, err := c.registry.Node(t.Context(), name)
			return err == nil && n.Full
		}
	}
	not := func(f func() bool) func() bool { return func() bool { return !f() } }

	first := c.calls(1, "5551000")
	c.within(2*time.Second, "the first waits", hears(first, "music:"))
	c.calls(1, "5551001")
	c.within(3*time.Second, "two are as many as it may have", full("ast-000000000002"))
	if full("ast-000000000001")() {
		t.Error("a node without a bound is full")
	}

	lost := "StasisEnd"
	c.loses.Store(&lost) // the comparison finds that the caller has gone
	first.HangUp()
	c.within(5*time.Second, "there is room again", not(full("ast-000000000002")))
	c.loses.Store(nil)
}

// A rolling restart of stasis: what a draining replica holds goes to the other while
// callers come, wait, ring and talk.
func TestADrainingStasisLosesNobody(t *testing.T) {
	c := open(t, 3, nil)
	phones := c.phone("201", fake.Answer(time.Minute))
	c.login("201")
	rings := c.calls(0, "0")
	c.within(2*time.Second, "201 rings", func() bool { return rang(phones) == 1 })

	const rounds, callers = 3, 12
	waits := []*fake.Caller{}
	for round := range rounds {
		old := c.door.Swap(c.replica()) // the balancer gives it nothing new from here on
		drained := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			drained <- old.Drain(ctx)
		}()
		for i := range callers {
			waits = append(waits, c.calls(i%3, strconv.Itoa(1+round*callers+i)))
			caller := waits[len(waits)-1]
			c.within(5*time.Second, "the caller waits, with music", func() bool {
				if caller.State() == fake.Dialplan {
					// The broadcast came while the connection was being closed, and was
					// lost: the dialplan broadcasts again.
					c.ok(caller.Enter("pool=demo:queue=support"))
				}
				return c.waiting() == len(waits)+1 && hears(caller, "music:")()
			})
		}
		if err := <-drained; err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if left := old.Stats().Sessions; left != 0 {
			t.Errorf("round %d: %d nodes stay with a drained stasis", round, left)
		}
	}
	if rang(phones) != 1 || rings.State() != fake.Inside {
		t.Errorf("201 rang %d times, the caller they ring for is %s", rang(phones), rings.State())
	}
	list, err := c.pool.Contacts(t.Context())
	c.ok(err)
	got := []string{}
	for _, contact := range list {
		got = append(got, contact.CallerNumber)
		if contact.State != queue.Waiting && contact.State != queue.Offered {
			t.Errorf("%s is %s", contact.CallerNumber, contact.State)
		}
	}
	want := []string{}
	for i := range rounds*callers + 1 {
		want = append(want, strconv.Itoa(i))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the order is %v", got)
	}
	c.adds()
}
