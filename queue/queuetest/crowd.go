package queuetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"holdline/queue"
)

// RunCrowd lets several callmanagers and two nodes loose on one pool at once,
// and then judges from the journal alone.
func RunCrowd(t *testing.T, b Backend, agents, contacts int) {
	t.Helper()
	s := newShift(t, b)
	s.change(func(d *queue.Projection) {
		d.Queues = append(d.Queues, queue.QueueSpec{Name: "sales", ID: 2, Need: 2, Open: true},
			queue.QueueSpec{Name: "group", ID: 3, Need: 3, Open: true, Strategy: "ring-all"})
		d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "sales"}, queue.NeedSpec{ID: 3, Queue: "group"})
		d.Agents = nil
		for i := range agents {
			a := queue.AgentSpec{ID: "a" + strconv.Itoa(i), Capacity: voice(1 + i%5/4), AlwaysIn: true,
				Places: []queue.Place{{Need: int64(1 + i%2)}}}
			if i%3 == 0 {
				a.Places = append(a.Places, queue.Place{Need: int64(2 - i%2), Tier: 1})
			}
			if i%4 != 3 {
				a.Places = append(a.Places, queue.Place{Need: 3, Tier: i % 2})
			}
			d.Agents = append(d.Agents, a)
		}
	})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	c := &crowd{shift: s, left: contacts, done: stop}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() { c.manage(ctx, "cm-"+strconv.Itoa(i)) })
	}
	for i := range 2 {
		all.Go(func() { c.callers(ctx, i, contacts/2) })
	}
	all.Wait()
	if c.err != nil {
		t.Fatal(c.err)
	}
	s.promises()
	s.ok(replay(s.journal(), s.dir.Agents))
	stats, err := s.pool.Stats(s.ctx)
	s.ok(err)
	equal(s, "ended", stats.Ended, int64(contacts))
}

type crowd struct {
	*shift
	mu   sync.Mutex
	left int
	err  error
	done func()
}

func (c *crowd) fail(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || errors.Is(err, queue.ErrNoOffer) || errors.Is(err, queue.ErrNoContact) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = errors.Join(c.err, err)
	c.done()
	return true
}

// ended counts a contact off; the last one ends the shift.
func (c *crowd) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		c.done()
	}
}

func (c *crowd) callers(ctx context.Context, node, n int) {
	from, err := c.pool.NodeUp(ctx, "crowd-"+strconv.Itoa(node), "boot")
	if c.fail(ctx, err) {
		return
	}
	for i := range n {
		a := queue.Arrival{Channel: strconv.Itoa(i), Queue: "support"}
		switch i % 6 {
		case 0, 3:
			a.Queue = "sales"
		case 5:
			a.Queue = "group"
		}
		_, err := c.pool.Enqueue(ctx, from, a)
		if c.fail(ctx, err) {
			return
		}
		if i%10 == 0 { // some do not wait
			if _, err := c.pool.CallerGone(ctx, from, a.Channel); err == nil {
				c.ended()
			}
		}
	}
}

// manage is a callmanager, and the phones that its offers ring.
func (c *crowd) manage(ctx context.Context, name string) {
	for turn := 0; ctx.Err() == nil; turn++ {
		work, err := c.pool.Take(ctx, name, 20*time.Millisecond, 5)
		if c.fail(ctx, err) {
			return
		}
		due, _, err := c.pool.Due(ctx, 20)
		if c.fail(ctx, err) {
			return
		}
		for _, d := range due {
			c.fail(ctx, c.pool.Fire(ctx, d))
		}
		for _, w := range work {
			if w.Kind == queue.WorkMatch {
				offers, err := c.pool.Match(ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				c.fail(ctx, err)
				for i, o := range offers {
					c.phone(ctx, o, turn+i)
				}
			}
			_, err = c.pool.Done(ctx, w.ID)
			c.fail(ctx, err)
		}
	}
}

func (c *crowd) phone(ctx context.Context, o queue.Offer, n int) {
	epoch, err := c.epoch(ctx, o.Node)
	if c.fail(ctx, err) {
		return
	}
	winner, won := c.race(ctx, epoch, o, n)
	if !won {
		return
	}
	if n%2 == 0 {
		_, err = c.pool.LegEnded(ctx, epoch, winner, 16)
		c.fail(ctx, err)
	}
	if _, err = c.pool.CallerGone(ctx, epoch, o.Channel); err == nil {
		c.ended()
	}
	c.fail(ctx, err)
}

// race lets all phones of the offer act in the same instant: every seventh
// rejects, the others answer.
func (c *crowd) race(ctx context.Context, epoch queue.Origin, o queue.Offer, n int) (winner string, won bool) {
	var all sync.WaitGroup
	winners := make(chan string, len(o.Legs))
	for i, leg := range o.Legs {
		all.Go(func() {
			if (n+i)%7 == 0 {
				_, err := c.pool.LegEnded(ctx, epoch, leg, 21)
				c.fail(ctx, err)
				return
			}
			a, err := c.pool.Answered(ctx, epoch, leg)
			if !c.fail(ctx, err) && a.Won {
				winners <- leg
			}
		})
	}
	all.Wait()
	if len(winners) > 1 {
		c.fail(ctx, fmt.Errorf("offer %s has %d winners", o.ID, len(winners)))
	}
	select {
	case winner = <-winners:
		return winner, true
	default:
		return "", false
	}
}

// epoch reads the node's present one, as no real caller would.
func (c *crowd) epoch(ctx context.Context, node string) (queue.Origin, error) {
	text, err := c.rdb.HGet(ctx, "{"+c.pool.Name()+"}:nodes", node).Result()
	if err != nil {
		return queue.Origin{}, err
	}
	var record struct {
		Epoch int64 `json:"epoch,string"`
	}
	err = json.Unmarshal([]byte(text), &record)
	return queue.Origin{Node: node, Epoch: record.Epoch}, err
}
