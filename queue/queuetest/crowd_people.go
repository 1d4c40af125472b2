package queuetest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/queue"
)

// callers lets n contacts of a node come, as many at one time as there are places.
func (c *crowd) callers(node, n int) {
	pool, from := c.open(), c.nodes[node]
	for i := range n {
		select {
		case c.places <- struct{}{}:
		case <-c.ctx.Done():
			return
		}
		if c.failed() {
			return
		}
		a := queue.Arrival{Channel: strconv.Itoa(node) + "." + strconv.Itoa(i), Contact: queue.NewContactID(), Queue: "q" + strconv.Itoa(1+c.roll(6))}
		if c.roll(10) == 0 {
			a.Prefer, a.PreferFor = "a"+strconv.Itoa(c.roll(c.size.Agents)), 3*time.Second
		}
		if c.roll(10) == 0 {
			a.Timeout = duration(4 * time.Second)
		}
		c.people.Go(func() { c.caller(pool, from, a) })
	}
}

// caller enters, and hangs up when they have had enough.
func (c *crowd) caller(pool *queue.Pool, from queue.Origin, a queue.Arrival) {
	patience := 30 * time.Second
	if c.roll(8) == 0 {
		patience = time.Duration(c.roll(1500)) * time.Millisecond
	}
	var entered queue.Entered
	var called time.Time
	err := c.acts(func() error {
		return c.again(func() (err error) {
			called = time.Now()
			entered, err = pool.Enqueue(c.ctx, from, a)
			return err
		}, func(called time.Time) {
			c.seen.note(c.seen.contacts, a.Contact, called, true, told{what: "maybe entered"})
		})
	})
	if err != nil {
		c.fail(err)
		<-c.places
		return
	}
	c.seen.note(c.seen.contacts, a.Contact, called, false, told{what: map[bool]string{true: "entered", false: "lives"}[entered.New]})
	over := make(chan struct{})
	c.mu.Lock()
	c.live = append(c.live, entered.Contact)
	c.ends[a.Contact] = over
	c.mu.Unlock()
	select {
	case <-time.After(patience):
		c.gone(from.Node, a.Channel, a.Contact)
	case <-over:
	case <-c.ctx.Done():
	}
	<-c.places
}

// gone: the caller's channel has died. Whoever ends the contact tells its caller.
func (c *crowd) gone(node, channel, contact string) {
	var e queue.Ended
	var called time.Time
	err := c.acts(func() (err error) {
		called = time.Now()
		e, err = c.pool.CallerGone(c.ctx, c.from(node), channel)
		return err
	})
	if errors.Is(err, queue.ErrNoContact) {
		c.seen.note(c.seen.contacts, contact, called, false, told{what: "nobody"})
		return
	}
	if err != nil {
		c.fail(err)
		return
	}
	c.seen.note(c.seen.contacts, contact, called, false, told{what: "gone"})
	if e.Contact.Outcome == "answered" && e.Contact.Offer != "" {
		c.seen.note(c.seen.agents, e.Contact.Agent, called, false, told{what: "freed", of: e.Contact.Offer})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if over := c.ends[contact]; over != nil {
		close(over)
		delete(c.ends, contact)
	}
	c.live = slices.DeleteFunc(c.live, func(l queue.Contact) bool { return l.ID == contact })
}

// acts does it while not everything rests.
func (c *crowd) acts(do func() error) error {
	c.still.RLock()
	defer c.still.RUnlock()
	return do()
}

func (c *crowd) from(node string) queue.Origin {
	i, _ := strconv.Atoi(strings.TrimPrefix(node, "crowd-"))
	return c.nodes[i]
}

// phones lets each phone of an offer do what phones do.
func (c *crowd) phones(o queue.Offer) {
	pool := queue.Open(lossy{c.rdb, c}, c.pool.Name())
	for _, r := range o.Rings {
		c.parts.Go(func() {
			c.wait(time.Duration(c.roll(20)) * time.Millisecond)
			switch roll := c.roll(100); {
			case roll < 8:
				c.legEnds(pool, o.Node, r.Leg, r.Agent, 21)
			case roll < 12:
				c.legEnds(pool, o.Node, r.Leg, r.Agent, 17)
			case roll < 14:
				c.legEnds(pool, o.Node, r.Leg, r.Agent, 1)
			case roll < 18: // silent
			case roll < 21:
				if err := c.acts(func() error { return pool.SetupFailed(c.ctx, o.ID, r.Leg, "no route") }); !harmless(err) && !errors.Is(err, errLost) {
					c.fail(err)
				}
			default:
				if roll < 90 {
					if err := c.acts(func() error { return pool.Ringing(c.ctx, c.from(o.Node), r.Leg) }); !harmless(err) && !errors.Is(err, errLost) {
						c.fail(err)
					}
					c.wait(time.Duration(c.roll(50)) * time.Millisecond)
				}
				c.answers(pool, o, r)
			}
		})
	}
}

// answers: the agent picks up, talks when they have won, and one of the two hangs up.
func (c *crowd) answers(pool *queue.Pool, o queue.Offer, r queue.Ring) {
	var a queue.Answer
	var called time.Time
	err := c.acts(func() error {
		return c.again(func() (err error) {
			called = time.Now()
			a, err = pool.Answered(c.ctx, c.from(o.Node), r.Leg)
			return err
		}, func(called time.Time) {
			c.seen.note(c.seen.contacts, o.Contact, called, true, told{what: "maybe won", of: r.Leg})
			c.seen.note(c.seen.agents, r.Agent, called, true, told{"maybe won", o.ID, c.room[r.Agent]})
		})
	})
	if err != nil {
		c.fail(err)
		return
	}
	if !a.Won {
		c.late.Add(1)
		c.seen.note(c.seen.contacts, o.Contact, called, false, told{what: "lost", of: r.Leg})
		c.legEnds(pool, o.Node, r.Leg, r.Agent, 16)
		return
	}
	c.won.Add(1)
	c.seen.note(c.seen.contacts, o.Contact, called, false, told{what: "won", of: r.Leg})
	c.seen.note(c.seen.agents, r.Agent, called, false, told{"won", o.ID, c.room[r.Agent]})
	if err := c.acts(func() error {
		return c.again(func() error { return pool.Bridged(c.ctx, c.from(o.Node), o.ID) }, nil)
	}); !harmless(err) {
		c.fail(err)
	}
	c.wait(time.Duration(300+c.roll(900)) * time.Millisecond)
	switch roll := c.roll(100); {
	case roll < 5:
		c.legEnds(pool, o.Node, r.Leg, r.Agent, 38)
	case roll < 50:
		c.gone(o.Node, o.Channel, o.Contact)
	default:
		c.legEnds(pool, o.Node, r.Leg, r.Agent, 16)
	}
}

// legEnds tells that an agent's leg is gone, until it is known that Redis has heard it.
func (c *crowd) legEnds(pool *queue.Pool, node, leg, agent string, cause int) {
	offer, _ := queue.OfferOfLeg(leg)
	contact := queue.ContactOfOffer(offer)
	over := map[bool]string{true: "device lost", false: "hung up"}[cause == 38]
	var e queue.LegEnd
	var called time.Time
	err := c.acts(func() error {
		return c.again(func() (err error) {
			called = time.Now()
			e, err = pool.LegEnded(c.ctx, c.from(node), leg, cause)
			return err
		}, func(called time.Time) {
			c.seen.note(c.seen.contacts, contact, called, true, told{what: "maybe " + over, of: leg})
			if agent != "" {
				c.seen.note(c.seen.agents, agent, called, true, told{what: "maybe freed", of: offer})
			}
		})
	})
	switch {
	case errors.Is(err, queue.ErrNoOffer):
	case err != nil:
		c.fail(err)
	case e.Outcome != queue.OfferOutcomeAnswered:
		c.seen.note(c.seen.contacts, contact, called, false, told{what: "missed", of: leg})
	default:
		c.seen.note(c.seen.contacts, contact, called, false, told{what: over, of: leg})
		c.seen.note(c.seen.agents, e.Offer.Agent, called, false, told{what: "freed", of: offer})
	}
}

// login lets everybody begin to work.
func (c *crowd) login() {
	for _, a := range c.dir.Agents {
		c.mode(a.ID, queue.Ready)
	}
}

// mode is asked for on a line that loses nothing.
func (c *crowd) mode(agent string, m queue.Mode) {
	called := time.Now()
	a, err := c.pool.SetMode(c.ctx, agent, queue.ModeChange{Mode: m, By: "crowd"})
	if errors.Is(err, queue.ErrRefused) {
		return
	}
	if err != nil {
		c.fail(err)
		return
	}
	what := "there" // or soon away: nothing is known then
	if m != queue.Ready && a.Mode == m && a.Next == "" {
		what = "away"
	}
	c.seen.note(c.seen.agents, agent, called, false, told{what: what})
}

// supervises: agents pause and come back, contacts are moved, given, set higher, taken out.
func (c *crowd) supervises() {
	away := []string{}
	c.until(3*time.Millisecond, func() {
		c.still.RLock()
		defer c.still.RUnlock()
		agent := "a" + strconv.Itoa(c.roll(c.size.Agents))
		switch roll := c.roll(10); {
		case roll < 2:
			c.mode(agent, []queue.Mode{queue.Paused, queue.LoggedOut}[roll])
			away = append(away, agent)
		case roll < 5 && len(away) > 0:
			c.mode(away[0], queue.Ready)
			away = away[1:]
		case roll == 5: // who did not answer for long comes back, too
			c.mode(agent, queue.Ready)
		default:
			c.steer(agent, roll)
		}
	})
}

func (c *crowd) steer(agent string, how int) {
	c.mu.Lock()
	if len(c.live) == 0 {
		c.mu.Unlock()
		return
	}
	contact := c.live[c.rng.IntN(len(c.live))]
	c.mu.Unlock()
	called, what := time.Now(), "steered"
	var err error
	switch how {
	case 6:
		_, err = c.pool.Move(c.ctx, contact.ID, "q"+strconv.Itoa(1+c.roll(6)), "", "", "crowd")
	case 7:
		_, err = c.pool.Give(c.ctx, contact.ID, agent, 2*time.Second, "crowd")
	case 8:
		_, _, err = c.pool.Reprioritise(c.ctx, contact.ID, c.roll(3), "crowd")
	default:
		if c.roll(4) > 0 {
			return
		}
		what = "withdrawn"
		_, err = c.pool.Withdraw(c.ctx, contact.ID, "", "crowd")
	}
	switch {
	case errors.Is(err, queue.ErrNoContact):
		c.seen.note(c.seen.contacts, contact.ID, called, false, told{what: "nobody"})
	case err == nil:
		c.seen.note(c.seen.contacts, contact.ID, called, false, told{what: what})
	case !harmless(err):
		c.fail(err)
	}
}

// edits changes the directory: what agents serve, and when the steps of needs open.
func (c *crowd) edits() {
	n := 0
	c.until(time.Second, func() {
		next := c.dir
		next.Version++
		next.Agents, next.Needs = slices.Clone(next.Agents), slices.Clone(next.Needs)
		if n++; n%3 == 0 {
			need := &next.Needs[[]int{0, 1, 3, 4}[n/3%4]]
			need.Steps = []queue.StepSpec{{}, {After: time.Duration(100+c.roll(900)) * time.Millisecond, MaxTier: 99},
				{After: time.Duration(1500+c.roll(1000)) * time.Millisecond, MaxTier: 99}}
		}
		for range 20 {
			a := &next.Agents[c.roll(len(next.Agents))]
			a.Name += "'"
			a.Places = slices.Clone(a.Places)
			if p := &a.Places[0]; p.Need != 4 {
				p.Tier = c.roll(3)
			}
			if len(a.Places) > 1 && c.roll(2) == 0 {
				a.Places = a.Places[:1]
			}
		}
		c.fail(c.acts(func() error { return c.edit(next) }))
	})
}

// edit applies a version; the judge knows from when to when it was on its way.
func (c *crowd) edit(next queue.Projection) error {
	stats, err := c.pool.Stats(c.ctx)
	if err != nil {
		return err
	}
	c.reading.Lock()
	c.judge.edited(next, stats.At)
	c.reading.Unlock()
	if _, err = c.pool.Project(c.ctx, next); err != nil {
		return err
	}
	if stats, err = c.pool.Stats(c.ctx); err != nil {
		return err
	}
	c.reading.Lock()
	c.judge.applied(stats.At)
	c.edited++
	c.reading.Unlock()
	c.dir = next
	return nil
}
