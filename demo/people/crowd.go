package people

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"holdline/ari/fake"
)

// Line is a queue that people call.
type Line struct {
	Queue string
	Share float64 // of all calls
}

// Options of a Crowd.
type Options struct {
	Nodes []*fake.Node
	Pool  string
	Lines []Line

	Calls    int           // in all; 0: no end
	Rate     float64       // calls per second, on average
	Wave     time.Duration // from crest to crest
	Talk     time.Duration // on average
	Patience time.Duration // on average
}

// Crowd is all who call.
type Crowd struct {
	o Options

	mu      sync.Mutex
	active  []*caller
	past    []Call
	again   []redial // callers whose line went dead, about to call again
	still   map[string]bool
	placed  int // calls of o.Calls
	number  int
	closed  bool // nobody calls any more
	settled bool // nobody does anything any more
}

type redial struct {
	at            time.Time
	number, queue string
}

// NewCrowd gives a crowd that waits for Run.
func NewCrowd(o Options) *Crowd { return &Crowd{o: o, still: map[string]bool{}} }

// Run lets them call until ctx ends.
func (c *Crowd) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	begun := time.Now()
	due, last := 0.0, begun
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		due += c.rate(now.Sub(begun)) * now.Sub(last).Seconds()
		last = now
		whole := math.Floor(due)
		due -= whole
		c.turn(now, int(whole))
	}
}

// tick is how closely a caller listens. Nobody talks so briefly that it is missed.
const tick = 50 * time.Millisecond

// rate is that of the moment: waves, the first of which begins to rise at once.
func (c *Crowd) rate(t time.Duration) float64 {
	phase := 2 * math.Pi * float64(t) / float64(c.o.Wave)
	return c.o.Rate * (1 + 0.8*math.Sin(phase))
}

// turn lets some call, and everybody who is on the line look about them.
func (c *Crowd) turn(now time.Time, calls int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.settled {
		return
	}
	for ; calls > 0 && !c.closed && (c.o.Calls == 0 || c.placed < c.o.Calls); calls-- {
		c.number++
		if c.call(now, fmt.Sprintf("+49171%06d", c.number), c.line(), false) {
			c.placed++
		}
	}
	waiting := c.again[:0]
	for _, r := range c.again {
		if c.closed {
			break
		}
		if now.Before(r.at) || !c.call(now, r.number, r.queue, true) {
			waiting = append(waiting, r)
		}
	}
	c.again = waiting
	active := c.active[:0]
	for _, one := range c.active {
		if !one.look(now, c.still[one.Node]) {
			active = append(active, one)
			continue
		}
		one.Ended = now
		c.past = append(c.past, one.Call)
		if one.Fate == LineDead && !one.Talked {
			soon := now.Add(time.Second + rand.N(time.Second)) //nolint:gosec // nothing to guess
			c.again = append(c.again, redial{soon, one.Number, one.Queue})
		}
	}
	clear(c.active[len(active):])
	c.active = active
}

// line is which queue the next one calls.
func (c *Crowd) line() string {
	x := rand.Float64() //nolint:gosec // nothing to guess
	for _, l := range c.o.Lines {
		if x -= l.Share; x < 0 {
			return l.Queue
		}
	}
	return c.o.Lines[0].Queue
}

// call places one call, on the node whose turn it is of those that are up; it tells
// whether there was one.
func (c *Crowd) call(now time.Time, number, queue string, again bool) bool {
	args := "pool=" + c.o.Pool + ":queue=" + queue
	for i := range c.o.Nodes {
		n := c.o.Nodes[(len(c.active)+len(c.past)+i)%len(c.o.Nodes)]
		if c.still[n.Name()] {
			continue
		}
		line, err := n.Call(fake.CallRequest{Args: args, Number: number, Stamped: true})
		if err != nil {
			continue // it is down
		}
		c.active = append(c.active, &caller{
			Call: Call{Channel: line.ID(), Number: number, Queue: queue, Node: n.Name(),
				Fate: OnTheLine, Begun: now, Redial: again},
			line: line, args: args,
			// Some hang up soon, most later: never within the first second.
			patience: time.Second + time.Duration(rand.ExpFloat64()*float64(c.o.Patience)), //nolint:gosec // nothing to guess
			talk:     c.o.Talk/2 + rand.N(c.o.Talk),                                        //nolint:gosec // nothing to guess
		})
		return true
	}
	return false
}

// HoldStill keeps everybody on a node as they are, and new callers away from it,
// until it is called with false.
func (c *Crowd) HoldStill(node string, still bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.still[node] = still
}

// Close lets nobody call any more; who is on the line goes on.
func (c *Crowd) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
}

// Done tells whether all have called that were to, and nobody is on the line.
func (c *Crowd) Done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.o.Calls > 0 && c.placed >= c.o.Calls && len(c.active) == 0 && len(c.again) == 0
}

// Settle is the end: nobody calls or hangs up any more. What still happens to
// somebody is done to them.
func (c *Crowd) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.settled = true, true
}

// Calls are all calls that there were, as their callers tell them now.
func (c *Crowd) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	active := c.active[:0]
	for _, one := range c.active {
		if one.look(now, true) {
			one.Ended = now
			c.past = append(c.past, one.Call)
			continue
		}
		active = append(active, one)
	}
	c.active = active
	all := append([]Call{}, c.past...)
	for _, one := range active {
		all = append(all, one.Call)
	}
	return all
}
