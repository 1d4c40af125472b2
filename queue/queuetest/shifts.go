package queuetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"holdline/queue"
)

// RunShifts lets n random shifts happen on a virtual clock, and judges each at every
// event: from the journal, and whom everybody forgot; at its end from all records and
// counts. The shift that fails is named by its seed, and from begins with that one.
func RunShifts(t *testing.T, b Backend, from, n uint64) {
	t.Helper()
	offers, contacts := 0, 0
	for seed := from; seed < from+n; seed++ {
		s := newShift(t, b)
		d := &day{virtual: newVirtual(s, seed), seed: seed, talking: map[string]bool{}}
		d.opens()
		d.goes()
		d.closes()
		offers, contacts = offers+d.judge.offers, contacts+d.judge.ended
		s.clean()
		if t.Failed() {
			return
		}
	}
	t.Logf("shifts %d to %d: %d contacts, %d offers", from, from+n-1, contacts, offers)
}

// day is one random shift.
type day struct {
	*virtual
	seed    uint64
	judge   *replay
	read    string
	live    []queue.Contact
	talking map[string]bool // offers whose phone has been picked up
	entered int
}

// opens draws queues, needs and agents, and when everybody comes.
func (d *day) opens() {
	d.change(func(p *queue.Projection) { d.draws(p) })
	d.judge = newReplay(d.dir)
	d.judge.punctual = true
	d.rings, d.works, d.after = d.phones, d.does, d.judged
	for _, a := range d.dir.Agents {
		d.in(d.between(0, 30*time.Second), func() { d.asks(a.ID, queue.Ready) })
		for range d.rng.IntN(3) {
			at := d.between(time.Minute, 15*time.Minute)
			d.in(at, func() { d.asks(a.ID, pick(d.virtual, []queue.Mode{queue.Paused, queue.LoggedOut})) })
			d.in(at+d.between(10*time.Second, 3*time.Minute), func() { d.asks(a.ID, queue.Ready) })
		}
	}
	at := time.Duration(0)
	for i := range 40 + d.rng.IntN(40) {
		at += d.exp(10 * time.Second)
		d.in(at, func() { d.arrives(nth(i)) })
	}
	for range 10 {
		d.in(d.between(time.Minute, 12*time.Minute), d.steers)
	}
}

func (d *day) draws(p *queue.Projection) {
	p.Queues, p.Needs, p.Agents = nil, nil, nil
	ranked := d.chance(0.3)
	for i := range 2 + d.rng.IntN(3) {
		id := int64(i + 1)
		q := queue.QueueSpec{Name: "q" + nth(i+1), ID: id, Need: id, Open: true, Strategy: pick(d.virtual, queue.Strategies()),
			RingTimeout: 15 * time.Second, Retry: d.between(2*time.Second, 10*time.Second), MaxMisses: d.rng.IntN(4), RingMost: 1 + d.rng.IntN(4),
			WrapUp: time.Duration(d.rng.IntN(2)) * 20 * time.Second, Medium: pick(d.virtual, []queue.Medium{queue.Voice, queue.Voice, queue.Chat})}
		if i > 0 && d.chance(0.3) {
			q.OverflowTo, q.OverflowAfter = "q1", d.between(20*time.Second, 2*time.Minute)
			q.Medium = p.Queues[0].Medium
		}
		n := queue.NeedSpec{ID: id, Queue: q.Name, Name: "any", Steps: []queue.StepSpec{{}}}
		for after := time.Duration(0); d.chance(0.5) && len(n.Steps) < 4; {
			after += d.between(5*time.Second, 40*time.Second)
			n.Steps = append(n.Steps, queue.StepSpec{After: after, MaxTier: 99})
		}
		p.Queues, p.Needs = append(p.Queues, q), append(p.Needs, n)
	}
	for i := range 3 + d.rng.IntN(6) {
		a := queue.AgentSpec{ID: nth(201 + i), Capacity: map[queue.Medium]int{queue.Voice: 1 + d.rng.IntN(5)/4, queue.Chat: d.rng.IntN(4)}}
		if d.chance(0.5) {
			a.Beside = queue.Media[:1+d.rng.IntN(2)]
		}
		for _, n := range p.Needs {
			if d.chance(0.3) && len(a.Places) > 0 {
				continue
			}
			place := queue.Place{Need: n.ID, Tier: d.rng.IntN(3), Step: d.rng.IntN(len(n.Steps)), Weight: 1 + d.rng.IntN(10), Position: d.rng.IntN(20)}
			if ranked {
				place.Priority = d.rng.IntN(3)
			}
			if d.chance(0.2) {
				place.Delay = d.between(time.Second, 30*time.Second)
			}
			a.Places = append(a.Places, place)
		}
		p.Agents = append(p.Agents, a)
	}
}

// may is for what the moment may refuse.
func (d *day) may(err error) {
	d.t.Helper()
	if !harmless(err) {
		d.t.Fatalf("shift %d: %v", d.seed, err)
	}
}

func (d *day) asks(agent string, m queue.Mode) {
	_, err := d.pool.SetMode(d.ctx, agent, queue.ModeChange{Mode: m, By: "test"})
	d.may(err)
}

func (d *day) arrives(channel string) {
	a := queue.Arrival{Channel: channel, Queue: pick(d.virtual, d.dir.Queues).Name}
	if d.chance(0.15) {
		a.Prefer, a.PreferFor = pick(d.virtual, d.dir.Agents).ID, d.between(time.Second, time.Minute)
	}
	e, err := d.pool.Enqueue(d.ctx, d.from, a)
	d.may(err)
	d.entered++
	d.live = append(d.live, e.Contact)
	d.in(d.lognormal(3*time.Minute), func() { // patience; who talks then has had their say, too
		d.ends(channel)
	})
}

func (d *day) ends(channel string) {
	e, err := d.pool.CallerGone(d.ctx, d.from, channel)
	d.may(err)
	if err == nil {
		d.live = slices.DeleteFunc(d.live, func(c queue.Contact) bool { return c.ID == e.Contact.ID })
	}
}

// phones ring, each for itself: they are answered, refused, busy, away, or left to ring.
func (d *day) phones(o queue.Offer) {
	for _, r := range o.Rings {
		if o.Connect == "dialplan" || d.chance(0.03) { // silent: the deadline finds it out
			continue
		}
		takes := d.between(time.Second, 12*time.Second)
		switch roll := d.rng.Float64(); {
		case roll < 0.75:
			d.in(takes/4, func() { d.may(d.pool.Ringing(d.ctx, d.from, r.Leg)) })
			d.in(takes, func() { d.answered(o, r) })
		case roll < 0.82:
			d.in(takes, func() { d.legEnds(r.Leg, 21) })
		case roll < 0.87:
			d.in(0, func() { d.legEnds(r.Leg, 17) })
		case roll < 0.9:
			d.in(takes/8, func() { d.legEnds(r.Leg, 1) })
		case roll < 0.92:
			d.in(time.Millisecond, func() { d.may(d.pool.SetupFailed(d.ctx, o.ID, r.Leg, "no route")) })
		default:
			d.in(takes/4, func() { d.may(d.pool.Ringing(d.ctx, d.from, r.Leg)) })
			d.in(15*time.Second, func() { d.legEnds(r.Leg, 19) })
		}
	}
}

func (d *day) answered(o queue.Offer, r queue.Ring) {
	a, err := d.pool.Answered(d.ctx, d.from, r.Leg)
	d.may(err)
	if err != nil || !a.Won {
		d.legEnds(r.Leg, 16)
		return
	}
	d.may(d.pool.Bridged(d.ctx, d.from, o.ID))
	d.in(d.lognormal(100*time.Second), func() {
		switch {
		case d.chance(0.4):
			d.ends(o.Channel)
		case d.chance(0.1):
			d.legEnds(r.Leg, 38)
		default:
			d.legEnds(r.Leg, 16)
		}
	})
}

func (d *day) legEnds(leg string, cause int) {
	_, err := d.pool.LegEnded(d.ctx, d.from, leg, cause)
	d.may(err)
}

// does is what a callmanager asks of Asterisk.
func (d *day) does(w queue.Work) {
	switch w.Kind {
	case queue.WorkHangup:
		if d.chance(0.9) { // else nobody tells that they are silent
			for _, leg := range w.Legs {
				d.in(20*time.Millisecond, func() { d.legEnds(leg, 16) })
			}
		}
	case queue.WorkLeave:
		d.in(time.Second, func() { d.ends(w.Channel) })
	case queue.WorkBridge:
		d.may(d.pool.Bridged(d.ctx, d.from, w.Offer))
	}
}

// steers: somebody moves, gives, raises or takes out one of those who are there.
func (d *day) steers() {
	if len(d.live) == 0 {
		return
	}
	id := pick(d.virtual, d.live).ID
	var err error
	switch d.rng.IntN(5) {
	case 0:
		_, err = d.pool.Withdraw(d.ctx, id, "", "test")
	case 1:
		_, err = d.pool.Move(d.ctx, id, pick(d.virtual, d.dir.Queues).Name, "", "", "test")
	case 2:
		_, _, err = d.pool.Reprioritise(d.ctx, id, d.rng.IntN(4), "test")
	default:
		_, err = d.pool.Give(d.ctx, id, pick(d.virtual, d.dir.Agents).ID, d.between(time.Second, time.Minute), "test")
	}
	d.may(err)
}

// judged holds every moment to the promises: what the journal tells of it, and that
// nobody is left waiting for somebody who is free.
func (d *day) judged() {
	entries, err := d.pool.Journal(d.ctx, d.read, 1000)
	for _, e := range entries {
		d.read = e.ID
		err = errors.Join(err, d.judge.take(e))
	}
	stats, also := d.pool.Stats(d.ctx)
	err = errors.Join(err, also)
	if err == nil {
		err = d.judge.rest(d.now)
	}
	if err == nil && (stats.Entered != stats.Ended+int64(stats.Live) || stats.Entered != int64(d.entered)) {
		err = errors.New("entered is not ended + live")
	}
	if err != nil {
		d.t.Fatalf("shift %d, %s after its beginning: %v\n%+v", d.seed, d.now.Sub(d.began), err, stats)
	}
}

// closes: everybody is gone, and nothing is left.
func (d *day) closes() {
	d.promises()
	if err := d.judge.over(); err != nil {
		d.t.Fatalf("shift %d: %v", d.seed, err)
	}
	equal(d.shift, "ended", d.judge.ended, d.entered)
}
