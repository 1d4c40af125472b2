package queuetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdline/queue"
)

// Crowd is how many there are of whom.
type Crowd struct{ Agents, Contacts, Matchers int }

// RunCrowd lets a contact center loose on one pool of the Redis at addr, each part with
// connections of its own, as processes have: matchers that die and lose answers, phones,
// callers, supervisors, edits of the directory. Then it judges: from the journal alone,
// and from what each part saw.
func RunCrowd(t *testing.T, addr string, size Crowd) {
	t.Helper()
	s := newShift(t, Backend{Client: Client(t, addr)})
	s.change(func(d *queue.Projection) { crowdDirectory(d, size.Agents) })
	ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
	defer stop()
	c := &crowd{shift: s, ctx: ctx, stop: stop, addr: addr, size: size, seen: newHistory(), judge: newReplay(s.dir), room: map[string]int{}, ends: map[string]chan struct{}{},
		places: make(chan struct{}, 5*size.Agents/2), over: make(chan struct{}), rng: rand.New(rand.NewPCG(1, uint64(size.Contacts)))}
	for _, a := range s.dir.Agents {
		c.room[a.ID] = a.Capacity[queue.Voice] + a.Capacity[queue.Chat]
	}
	began := time.Now()
	for i := range crowdNodes {
		from, err := s.pool.NodeUp(ctx, "crowd-"+strconv.Itoa(i), "boot")
		s.ok(err)
		c.nodes = append(c.nodes, from)
	}
	c.login()
	for i := range size.Matchers {
		c.parts.Go(func() { c.matches("cm-" + strconv.Itoa(i)) })
	}
	c.parts.Go(c.supervises)
	c.parts.Go(c.edits)
	c.parts.Go(c.rests)
	for i := range crowdNodes {
		c.people.Go(func() { c.callers(i, size.Contacts/crowdNodes) })
	}
	c.people.Wait()
	close(c.over)
	c.parts.Wait()
	took := time.Since(began)

	c.fail(c.rest())
	c.parts.Wait()
	c.fail(c.judge.over())
	s.ok(c.err)
	s.promises()
	stats, err := s.pool.Stats(s.ctx)
	s.ok(err)
	equal(s, "ended", stats.Ended, int64(size.Contacts))
	equal(s, "ended, by the journal", c.judge.ended, size.Contacts)
	s.ok(c.seen.check())
	t.Logf("%d agents, %d contacts, %d matchers: %.1f s, %d journal entries judged, %d offers, %d answered; "+
		"%d matches made something, %d nothing; %d answers came second or too late, %d answers of Redis lost, %d entries left behind, %d taken over; "+
		"%d edits, %d rests; histories of %d contacts and %d agents are linearizable (judged in %.1f s)",
		size.Agents, size.Contacts, size.Matchers, took.Seconds(), c.judged, c.judge.offers, c.won.Load(),
		c.made.Load(), c.nothing.Load(), c.late.Load(), c.lostAnswers.Load(), c.left.Load(), c.taken.Load(), c.edited, c.rested,
		len(c.seen.contacts), len(c.seen.agents), (time.Since(began) - took).Seconds())
}

const crowdNodes = 4

// crowd is the contact center and its judges.
type crowd struct {
	*shift
	ctx    context.Context
	stop   func()
	addr   string
	size   Crowd
	nodes  []queue.Origin
	seen   *history
	people sync.WaitGroup // callers
	parts  sync.WaitGroup // all others, the phones too: until the callers are over
	places chan struct{}  // of callers who are there at one time
	over   chan struct{}  // closed when all of them are gone
	room   map[string]int

	still sync.RWMutex // held by whoever acts; locked, everything rests
	mu    sync.Mutex   // guards what follows
	rng   *rand.Rand
	live  []queue.Contact
	ends  map[string]chan struct{}
	err   error

	reading        sync.Mutex // guards what follows
	judge          *replay
	read           string
	judged         int
	edited, rested int

	won, made, nothing, late, lostAnswers, left, taken atomic.Int64
}

// crowdDirectory has queues of several strategies and two media, needs with steps, tiers,
// agents with an order of their own.
func crowdDirectory(d *queue.Projection, agents int) {
	d.Queues, d.Needs, d.Agents = nil, nil, nil
	for i, strategy := range []string{"longest-available", "fair", "ring-all", "least-loaded", "specialist-first", "weighted-random"} {
		id := int64(i + 1)
		q := queue.QueueSpec{Name: "q" + strconv.Itoa(i+1), ID: id, Need: id, Open: true, Strategy: strategy, RingTimeout: time.Second,
			Retry: 300 * time.Millisecond, MaxMisses: 4, RingMost: 4, WrapUp: time.Duration(i%2) * 20 * time.Millisecond}
		n := queue.NeedSpec{ID: id, Queue: q.Name, Name: "any"}
		if i%3 != 2 {
			n.Steps = []queue.StepSpec{{}, {After: 500 * time.Millisecond, MaxTier: 99}, {After: 2 * time.Second, MaxTier: 99}}
		}
		if strategy == "least-loaded" {
			q.Medium = queue.Chat
		}
		d.Queues, d.Needs = append(d.Queues, q), append(d.Needs, n)
	}
	for i := range agents {
		a := queue.AgentSpec{ID: "a" + strconv.Itoa(i), Capacity: voice(1 + i%9/8), Skills: map[string]int{"s" + strconv.Itoa(i%7): 1}}
		for k, need := range []int64{int64(1 + i%6), int64(1 + (i/6+i+1)%6), 4} {
			twice := slices.ContainsFunc(a.Places, func(p queue.Place) bool { return p.Need == need })
			if twice || k == 2 && i%4 != 0 {
				continue
			}
			p := queue.Place{Need: need, Tier: i % 3, Weight: 1 + i%10}
			if len(d.Needs[need-1].Steps) > 0 {
				p.Step = max(0, i%5-2)
			}
			if i%7 == 0 {
				p.Priority = k
			}
			if i%11 == 0 {
				p.Delay = 700 * time.Millisecond
			}
			a.Places = append(a.Places, p)
			if need == 4 {
				a.Capacity[queue.Chat] = 3
			}
		}
		if i%8 == 0 {
			a.Beside = queue.Media
		}
		d.Agents = append(d.Agents, a)
	}
}

// fail keeps the first errors, and ends the shift.
func (c *crowd) fail(err error) {
	if err == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() == nil || c.err == nil { // what fails afterwards fails by that
		c.err = errors.Join(c.err, err)
	}
	c.stop()
}

func (c *crowd) failed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err != nil || c.ctx.Err() != nil
}

// roll is a number below n.
func (c *crowd) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

// wait lets time go by, for somebody who talks or waits; not once the shift has failed.
func (c *crowd) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.ctx.Done():
	}
}

// until does it again and again while people are there.
func (c *crowd) until(every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-c.over:
			return
		case <-c.ctx.Done():
			c.fail(fmt.Errorf("the shift did not end: %w", c.ctx.Err()))
			return
		case <-tick.C:
			do()
		}
	}
}

// rests follows the journal; and now and then lets everybody pause, does what is to be
// done, and looks whom they forgot.
func (c *crowd) rests() {
	n := 0
	c.until(25*time.Millisecond, func() {
		c.fail(c.follow())
		if n++; n%100 == 0 {
			c.fail(c.rest())
		}
	})
}

// follow judges what the journal has by now.
func (c *crowd) follow() error {
	c.reading.Lock()
	defer c.reading.Unlock()
	for {
		entries, err := c.pool.Journal(c.ctx, c.read, 2000)
		for _, e := range entries {
			if err == nil {
				err = c.judge.take(e)
			}
			c.read, c.judged = e.ID, c.judged+1
		}
		if err != nil || len(entries) < 2000 {
			return err
		}
	}
}

// rest lets everybody pause, until all work is done and no deadline is due.
func (c *crowd) rest() error {
	c.still.Lock()
	defer c.still.Unlock()
	for {
		work, err := c.pool.Take(c.ctx, "rest", 0, 100)
		if err == nil && len(work) == 0 {
			work, err = c.pool.Takeover(c.ctx, "rest", 0, 100)
		}
		for _, w := range work {
			err = cmp.Or(err, c.does(c.pool, w, careful))
		}
		now, also := c.pool.Stats(c.ctx)
		due, _, last := c.pool.Due(c.ctx, 100)
		for _, d := range due {
			last = cmp.Or(last, c.pool.Fire(c.ctx, d))
		}
		if err = cmp.Or(err, also, last); err != nil {
			return err
		}
		if len(work)+len(due) == 0 {
			err = c.follow()
			c.reading.Lock()
			defer c.reading.Unlock()
			c.rested++
			return cmp.Or(err, c.judge.rest(now.At))
		}
	}
}
