package queuetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"holdline/queue"
)

// RunProperties lets random shifts happen and checks after every step what must
// hold at every moment, and, when all work is done, that nobody waits who could
// be served and that order was kept.
func RunProperties(t *testing.T, open func(*testing.T) Backend) {
	t.Helper()
	b := open(t)
	rapid.Check(t, func(r *rapid.T) {
		s := newShift(t, b)
		defer s.clean()
		m := &mess{shift: s, r: r}
		m.start()
		r.Repeat(map[string]func(*rapid.T){
			"":            m.holds,
			"enter":       m.enter,
			"caller gone": m.callerGone,
			"mode":        m.setMode,
			"leg":         m.leg,
			"leg again":   m.legAgain,
			"dialplan":    m.dialplan,
			"set-up":      m.setupFailed,
			"time":        m.time,
			"work":        m.someWork,
			"directory":   m.directory,
			"node":        m.node,
			"goes on":     m.goesOn,
		})
		m.holds(r)
	})
}

// mess is a shift in which anything happens.
type mess struct {
	*shift
	r        *rapid.T
	n        int
	channels []string
	closed   []queue.Offer // of before: late events may name them
}

func (m *mess) start() {
	m.change(func(d *queue.Projection) {
		d.Queues[0].Timeout, d.Queues[0].Announce, d.Queues[0].WrapUp, d.Queues[0].MaxMisses = 90*time.Second, 20*time.Second, 5*time.Second, 2
		d.Queues[0].Redial = 20 * time.Second
		d.Queues = append(d.Queues, queue.QueueSpec{Name: "sales", ID: 2, Need: 2, Open: true, Retry: 8 * time.Second},
			queue.QueueSpec{Name: "group", ID: 4, Need: 4, Open: true, Strategy: "ring-all", Timeout: 90 * time.Second},
			queue.QueueSpec{Name: "direct", ID: 5, Need: 5, Open: true, Connect: "dialplan", Timeout: 90 * time.Second},
			queue.QueueSpec{Name: "loud", ID: 6, Need: 6, Open: true, Strategy: "ring-all", Connect: "dialplan", WrapUp: time.Second})
		d.Needs[0].Steps = []queue.StepSpec{{}, {After: 10 * time.Second}, {After: 30 * time.Second}}
		d.Needs = append(d.Needs, queue.NeedSpec{ID: 2, Queue: "sales", Name: "any"}, queue.NeedSpec{ID: 3, Queue: "sales", Name: "gold"},
			queue.NeedSpec{ID: 4, Queue: "group", Steps: []queue.StepSpec{{}, {After: 10 * time.Second}}},
			queue.NeedSpec{ID: 5, Queue: "direct"}, queue.NeedSpec{ID: 6, Queue: "loud"})
		d.Agents[1].Places = []queue.Place{{Need: 1, Step: 1}, {Need: 2}}
		d.Agents[2].Places = []queue.Place{{Need: 1, Tier: 1, Step: 2}, {Need: 2, Tier: 2}, {Need: 3}}
		d.Agents[3].Capacity = voice(2)
		d.Agents[3].Places = []queue.Place{{Need: 2}, {Need: 3}}
		for i := range d.Agents {
			d.Agents[i].Places = append(d.Agents[i].Places, queue.Place{Need: 4, Step: i / 3, Tier: i / 2}, queue.Place{Need: 5}, queue.Place{Need: 6})
		}
	})
}

// may is for what is allowed to be refused.
func (m *mess) may(err error) {
	m.t.Helper()
	for _, harmless := range []error{queue.ErrRefused, queue.ErrNoOffer, queue.ErrNoContact, queue.ErrNoAgent} {
		if errors.Is(err, harmless) {
			return
		}
	}
	m.fine(err)
}

func (m *mess) fine(err error) {
	m.t.Helper()
	if err != nil {
		m.r.Fatal(err)
	}
}

func (m *mess) enter(r *rapid.T) {
	m.n++
	a := queue.Arrival{Channel: "c" + strconv.Itoa(m.n), Queue: "support"}
	switch rapid.IntRange(0, 8).Draw(r, "kind") {
	case 0:
		a.Queue = "sales"
	case 1:
		a.Queue, a.Need = "sales", "gold"
	case 2:
		a.Priority = rapid.IntRange(-1, 2).Draw(r, "priority")
	case 3:
		stats, err := m.pool.Stats(m.ctx)
		m.fine(err)
		a.At = stats.At.Add(-time.Duration(rapid.IntRange(0, 60).Draw(r, "late")) * time.Second)
	case 4, 5, 6:
		a.Queue = rapid.SampledFrom([]string{"group", "direct", "loud"}).Draw(r, "queue")
	}
	a.CallerNumber = rapid.SampledFrom([]string{"", "1", "2"}).Draw(r, "number")
	first, err := m.pool.Enqueue(m.ctx, m.from, a)
	m.fine(err)
	if rapid.Bool().Draw(r, "twice") {
		again, err := m.pool.Enqueue(m.ctx, m.from, a)
		m.fine(err)
		if again.New || again.Contact.ID != first.Contact.ID {
			r.Fatalf("%s entered twice", a.Channel)
		}
	}
	m.channels = append(m.channels, a.Channel)
}

func (m *mess) callerGone(r *rapid.T) {
	if len(m.channels) == 0 {
		return
	}
	_, err := m.pool.CallerGone(m.ctx, m.from, rapid.SampledFrom(m.channels).Draw(r, "channel"))
	m.may(err)
}

func (m *mess) anAgent(r *rapid.T) string {
	return rapid.SampledFrom([]string{"201", "202", "203", "204"}).Draw(r, "agent")
}

func (m *mess) setMode(r *rapid.T) {
	to := rapid.SampledFrom([]queue.Mode{queue.Ready, queue.Ready, queue.Ready, queue.Paused, queue.LoggedOut}).Draw(r, "mode")
	change := queue.ModeChange{Mode: to, Limit: time.Duration(rapid.IntRange(0, 20).Draw(r, "limit")) * time.Second}
	agent := m.anAgent(r)
	for range rapid.IntRange(1, 2).Draw(r, "times") {
		_, err := m.pool.SetMode(m.ctx, agent, change)
		m.may(err)
	}
}

func (m *mess) anOffer(r *rapid.T) (queue.Offer, bool) {
	offers, err := m.pool.Offers(m.ctx)
	m.fine(err)
	if len(offers) == 0 {
		return queue.Offer{}, false
	}
	o := rapid.SampledFrom(offers).Draw(r, "offer")
	m.closed = append(m.closed, o)
	return o, true
}

func (m *mess) leg(r *rapid.T) {
	if o, ok := m.anOffer(r); ok {
		m.legEvent(r, o)
	}
}

// legAgain is an event that comes late, or twice.
func (m *mess) legAgain(r *rapid.T) {
	if len(m.closed) > 0 {
		m.legEvent(r, rapid.SampledFrom(m.closed).Draw(r, "old offer"))
	}
}

func (m *mess) legEvent(r *rapid.T, o queue.Offer) {
	if o.Connect == "dialplan" {
		m.dialEvent(r, o)
		return
	}
	leg := rapid.SampledFrom(o.Legs).Draw(r, "leg")
	switch rapid.IntRange(0, 4).Draw(r, "event") {
	case 0:
		m.may(m.pool.Ringing(m.ctx, m.from, leg))
	case 1:
		_, err := m.pool.Answered(m.ctx, m.from, leg)
		m.may(err)
	case 2:
		m.may(m.pool.Bridged(m.ctx, m.from, o.ID))
	default:
		_, err := m.pool.LegEnded(m.ctx, m.from, leg, rapid.SampledFrom([]int{16, 17, 19, 21, 1, 38}).Draw(r, "cause"))
		m.may(err)
	}
}

func (m *mess) setupFailed(r *rapid.T) {
	if o, ok := m.anOffer(r); ok {
		leg := rapid.SampledFrom(append([]string{""}, o.Legs...)).Draw(r, "leg")
		m.may(m.pool.SetupFailed(m.ctx, o.ID, leg, "test"))
	}
}

// dialplan is an event of a caller who is being dialled for, or who is not.
func (m *mess) dialplan(r *rapid.T) {
	offers, err := m.pool.Offers(m.ctx)
	m.fine(err)
	offers = slices.DeleteFunc(offers, func(o queue.Offer) bool { return o.Connect != "dialplan" })
	if len(offers) == 0 {
		return
	}
	o := rapid.SampledFrom(offers).Draw(r, "offer")
	m.closed = append(m.closed, o)
	m.dialEvent(r, o)
}

func (m *mess) dialEvent(r *rapid.T, o queue.Offer) {
	switch rapid.IntRange(0, 3).Draw(r, "event") {
	case 0:
		m.may(m.pool.Dialling(m.ctx, o.ID))
	case 1:
		was, err := m.pool.Contact(m.ctx, o.Contact)
		m.may(err)
		e, err := m.pool.CallerLeft(m.ctx, m.from, o.Channel)
		m.may(err)
		if was.State == queue.InDialplan && !e.Live {
			r.Fatalf("%s left to be dialled for, and ended", o.Channel)
		}
	case 2:
		_, err := m.pool.Dialled(m.ctx, m.from, o.Channel, rapid.SampledFrom(o.Rings).Draw(r, "ring").Agent)
		m.may(err)
	case 3:
		status := rapid.SampledFrom([]string{"ANSWER", "BUSY", "NOANSWER", "CANCEL", "CONGESTION", "CHANUNAVAIL", ""}).Draw(r, "status")
		c, err := m.pool.Returned(m.ctx, m.from, o.Channel, queue.DialResult{Offer: o.ID, Status: status})
		m.may(err)
		if c.State == queue.InDialplan {
			r.Fatalf("%s returned with %q and is %+v", o.Channel, status, c)
		}
	}
}

func (m *mess) time(r *rapid.T) {
	if m.turn == nil {
		return
	}
	m.turn(time.Duration(rapid.IntRange(1, 15_000).Draw(r, "ms")) * time.Millisecond)
	due, _, err := m.pool.Due(m.ctx, 1000)
	m.fine(err)
	if len(due) > 0 && rapid.Bool().Draw(r, "in another order") {
		slices.Reverse(due)
	}
	for _, d := range due {
		m.fine(m.pool.Fire(m.ctx, d))
	}
}

// someWork does part of the work, and some of it twice.
func (m *mess) someWork(r *rapid.T) {
	work, err := m.pool.Take(m.ctx, "cm-2", 0, rapid.IntRange(1, 3).Draw(r, "entries"))
	m.fine(err)
	for _, w := range work {
		if w.Kind == queue.WorkMatch {
			for range rapid.IntRange(1, 2).Draw(r, "times") {
				offers, err := m.pool.Match(m.ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				m.fine(err)
				m.ordered(r, offers)
			}
		}
		m.done(w.ID)
	}
}

func (m *mess) directory(r *rapid.T) {
	i := rapid.IntRange(0, 3).Draw(r, "agent")
	m.dir.Version++
	switch a := &m.dir.Agents[i]; rapid.IntRange(0, 2).Draw(r, "edit") {
	case 0:
		a.Places = nil
		for need := range 6 {
			if rapid.Bool().Draw(r, "serves") {
				place := queue.Place{Need: int64(need + 1), Tier: rapid.IntRange(0, 2).Draw(r, "tier")}
				if last := len(m.dir.Needs[need].Steps) - 1; last > 0 {
					place.Step = rapid.IntRange(0, last).Draw(r, "step")
				}
				a.Places = append(a.Places, place)
			}
		}
	case 1:
		// Less than the agent has now would break the promise by decree.
		now, err := m.pool.Agent(m.ctx, a.ID)
		m.fine(err)
		a.Capacity = voice(max(now.Load(), rapid.IntRange(1, 3).Draw(r, "capacity")))
	case 2: // the agent goes, and may come back while still in a call
		without := m.dir
		without.Agents = slices.Delete(slices.Clone(m.dir.Agents), i, i+1)
		_, err := m.pool.Project(m.ctx, without)
		m.fine(err)
		m.dir.Version++
	}
	applied, err := m.pool.Project(m.ctx, m.dir)
	m.fine(err)
	if !applied {
		r.Fatal("not applied")
	}
}

// goesOn: one who waits by the records talks in truth, with an agent who is free.
func (m *mess) goesOn(*rapid.T) {
	contacts, agents := m.everybody()
	for _, c := range contacts {
		for _, a := range agents {
			if c.State != queue.Waiting || a.Load() > 0 || a.Leaving {
				continue
			}
			// No offer of theirs ever had such a number.
			o := c.ID + fmt.Sprintf("%04x", 0x8000+m.n)
			m.n++
			_, err := m.pool.Readopt(m.ctx, m.from, queue.Adoption{Contact: c.ID, Offer: o, Leg: queue.LegID(o, 0),
				Agent: a.ID, Channel: c.Channel, Queue: c.Queue, At: c.Arrived})
			m.fine(err)
			return
		}
	}
}

func (m *mess) node(r *rapid.T) {
	boot := "boot-1"
	if rapid.IntRange(0, 4).Draw(r, "new boot") == 0 {
		m.n++
		boot = "boot-" + strconv.Itoa(m.n)
	}
	old := m.from
	from, err := m.pool.NodeUp(m.ctx, "ast-1", boot)
	m.fine(err)
	m.from = from
	_, err = m.pool.CallerGone(m.ctx, old, "c1")
	if !errors.Is(err, queue.ErrStaleEpoch) {
		r.Fatalf("the old epoch got %v", err)
	}
}

// holds is checked after every step. In every second one the work is done first.
func (m *mess) holds(r *rapid.T) {
	m.fine(check(m.ctx, m.pool, m.rdb))
	if rapid.Bool().Draw(r, "manage") {
		m.settled(r)
	}
}

// settled does all the work and then looks at every pair.
func (m *mess) settled(r *rapid.T) {
	var made []queue.Offer
	for {
		work, err := m.pool.Take(m.ctx, "cm-1", 0, 100)
		m.fine(err)
		if len(work) == 0 {
			break
		}
		for _, w := range work {
			if w.Kind == queue.WorkMatch {
				offers, err := m.pool.Match(m.ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				m.fine(err)
				made = append(made, offers...)
			}
			m.done(w.ID)
		}
	}
	m.fine(check(m.ctx, m.pool, m.rdb))
	m.nobodyForgotten(r)
	m.ordered(r, made)
}

// nobodyForgotten looks at every contact and agent that are left over.
func (m *mess) nobodyForgotten(r *rapid.T) {
	contacts, agents := m.everybody()
	for _, c := range contacts {
		for _, a := range agents {
			if c.State != queue.Waiting || !m.serves(a, c) {
				continue
			}
			if slices.Contains(c.Skip, a.ID) { // then only until the retry, which is to come
				if m.rdb.ZScore(m.ctx, "{"+m.pool.Name()+"}:deadlines", "retry|"+c.ID).Err() == nil {
					continue
				}
			}
			r.Fatalf("%s waits and %s is available: %+v %+v", c.Channel, a.ID, c, a)
		}
	}
}

func (m *mess) everybody() ([]queue.Contact, []queue.Agent) {
	contacts, err := m.pool.Contacts(m.ctx)
	m.fine(err)
	agents, err := m.pool.Agents(m.ctx)
	m.fine(err)
	return contacts, agents
}

// ordered looks at every offer just made.
func (m *mess) ordered(r *rapid.T, made []queue.Offer) {
	contacts, agents := m.everybody()
	for _, o := range made {
		for _, c := range contacts {
			for _, a := range agents {
				if c.ID == o.Contact && asks(o, a.ID) {
					m.inOrder(r, o, c, a, contacts, agents)
				}
			}
		}
	}
}

// inOrder checks an offer against all that were left over: nobody who was left
// had waited longer, or had been available longer.
func (m *mess) inOrder(r *rapid.T, o queue.Offer, c queue.Contact, a queue.Agent, contacts []queue.Contact, agents []queue.Agent) {
	place, ok := m.place(a.ID, c)
	if !ok {
		r.Fatalf("%s has no place for %s", a.ID, c.Channel)
	}
	for _, left := range contacts {
		p, may := m.place(a.ID, left)
		if left.State == queue.Waiting && may && p.Step <= left.Step && score(left).Before(score(c)) && !slices.Contains(left.Skip, a.ID) {
			r.Fatalf("%s got %s, and %s has waited longer", a.ID, c.Channel, left.Channel)
		}
	}
	for _, left := range agents {
		p, may := m.place(left.ID, c)
		if !may || !m.serves(left, c) || slices.Contains(c.Skip, left.ID) {
			continue
		}
		if all := o.Queue == "group" || o.Queue == "loud"; all && p.Tier == place.Tier {
			r.Fatalf("%s rings for %s, and %s of the same tier does not", a.ID, c.Channel, left.ID)
		}
		// What the taken agent had free, without this offer.
		order := cmp.Or(cmp.Compare(p.Tier, place.Tier), cmp.Compare(a.Capacity[queue.Voice]-len(a.Calls), left.Capacity[queue.Voice]-len(left.Calls)),
			left.Available.Compare(a.Available))
		if order < 0 {
			r.Fatalf("%s got %s %s, and it is the turn of %s", a.ID, c.Channel, o.ID, left.ID)
		}
	}
}

func score(c queue.Contact) time.Time {
	return c.Arrived.Add(-time.Duration(c.Priority) * time.Minute)
}

func (m *mess) place(agent string, c queue.Contact) (queue.Place, bool) {
	for _, a := range m.dir.Agents {
		for _, p := range a.Places {
			if a.ID == agent && p.Need == c.Need {
				return p, true
			}
		}
	}
	return queue.Place{}, false
}

// serves says whether the agent may be offered the contact now.
func (m *mess) serves(a queue.Agent, c queue.Contact) bool {
	p, ok := m.place(a.ID, c)
	return ok && p.Step <= c.Step && a.Mode == queue.Ready && a.Next == "" && a.Guard.IsZero() && a.Offer == "" &&
		a.Held[queue.Voice] < a.Capacity[queue.Voice] && !a.Leaving
}
