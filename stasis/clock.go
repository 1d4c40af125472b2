package stasis

import (
	"context"
	"sync"
	"time"
)

// clockOffset is how far a node's clock is from ours. It is asked for once a
// connection, and with every comparison; until the answer is there, the smallest
// difference between our receipt of an event and its own time stamp has to do: it
// holds the least delay on the way, so a held-up event moves nothing.
type clockOffset struct {
	mu    sync.Mutex
	least time.Duration // guarded by mu; by events
	seen  bool          // guarded by mu
	asked time.Duration // guarded by mu; by the node's own word
	known bool          // guarded by mu
}

// agree is how far apart clocks may be that count as the same. Those that NTP keeps
// are nearer than that, and what is in line by the moment of its arrival stands at
// the same place whoever reads it.
const agree = 25 * time.Millisecond

func (c *clockOffset) observe(stamp, received time.Time) {
	if stamp.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := received.Sub(stamp); !c.seen || d < c.least {
		c.least, c.seen = d, true
	}
}

// set takes the node's word: its clock showed this some time between the two moments
// on ours.
func (c *clockOffset) set(node, before, after time.Time) {
	apart := before.Add(after.Sub(before) / 2).Sub(node).Round(time.Millisecond)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.known = apart, true
}

// local gives the node's time stamp on our clock.
func (c *clockOffset) local(stamp time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp.IsZero() {
		return time.Now()
	}
	apart := c.least
	if c.known {
		apart = c.asked
	}
	if apart.Abs() <= agree {
		return stamp
	}
	return stamp.Add(apart)
}

// askClock asks the node for its time.
func (s *session) askClock(ctx context.Context) error {
	before := time.Now()
	node, err := s.asterisk.Clock(ctx)
	if err == nil && !node.IsZero() {
		s.offset.set(node, before, time.Now())
	}
	return err
}
