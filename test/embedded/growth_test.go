package embedded

import (
	"testing"
	"time"
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
