package stasis

import (
	"sync"
	"time"
)

// clockOffset estimates how far a node's clock is from ours: the smallest
// difference seen between our receipt of an event and its own time stamp. The
// smallest holds the least delay on the way, so a held-up event moves nothing.
type clockOffset struct {
	mu    sync.Mutex
	least time.Duration // guarded by mu
	seen  bool          // guarded by mu
}

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

// local gives the node's time stamp on our clock.
func (c *clockOffset) local(stamp time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp.IsZero() {
		return time.Now()
	}
	return stamp.Add(c.least)
}
