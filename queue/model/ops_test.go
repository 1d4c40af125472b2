package model

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"

	"holdline/queue"
)

// op lets one of the things happen that may, each as often as it is named here.
func (m *machine) op(*rapid.T) {
	var ops []func(*rapid.T)
	var names []string
	for _, op := range []struct {
		name   string
		weight int
		do     func(*rapid.T)
	}{
		{"agent", 2, m.agentElse}, {"caller goes", 3, m.callerGoes}, {"dialplan", 6, m.dialplan}, {"directory", 1, m.directory},
		{"emptied", 1, m.emptied}, {"enter", 6, m.enter}, {"late word", 2, m.lateWord}, {"mode", 6, m.mode}, {"node", 1, m.node},
		{"operator", 1, m.operator}, {"phone", 12, m.phone}, {"readopt", 1, m.readopt}, {"settle", 2, func(*rapid.T) { m.settle() }},
		{"steer", 4, m.steer}, {"time", 9, m.time}, {"views", 1, m.views}, {"work", 8, m.someWork},
	} {
		for range op.weight {
			ops, names = append(ops, op.do), append(names, op.name)
		}
	}
	i := m.choose("op", len(ops))
	m.tally.saw("op " + names[i])
	ops[i](m.T)
}

func (m *machine) aNode() string { return pick(m, "node", nodes...) }

// origin is a node's present epoch; now and then an older one.
func (m *machine) origin(node string) queue.Origin {
	if len(m.stale) > 0 && m.oneOf("stale", 60) {
		return pick(m, "epoch", m.stale...)
	}
	return m.from[node]
}

// aContact is a live one's id; now and then nobody's.
func (m *machine) aContact() (queue.Contact, bool) {
	if len(m.model.contacts) == 0 {
		return queue.Contact{}, false
	}
	if m.oneOf("nobody", 60) {
		return queue.Contact{ID: strings.Repeat("f", 24), Channel: "nobody", Node: nodes[0]}, true
	}
	ids := slices.Sorted(maps.Keys(m.model.contacts))
	return m.model.contacts[pick(m, "contact", ids...)].view(), true
}

func (m *machine) anAgent() string {
	if len(m.model.agents) == 0 || m.oneOf("nobody", 60) {
		return "999"
	}
	return pick(m, "agent", slices.Sorted(maps.Keys(m.model.agents))...)
}

func (m *machine) anOffer(which func(*offer) bool) *offer {
	var ids []string
	for id, o := range m.model.offers {
		if which == nil || which(o) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return m.model.offers[pick(m, "offer", ids...)]
}

func (m *machine) enter(*rapid.T) {
	if len(m.model.contacts) >= 30 {
		return
	}
	m.n++
	node := m.aNode()
	a := queue.Arrival{Contact: fmt.Sprintf("%012x%012x", m.n*7919%104729, m.n), Channel: "c" + strconv.Itoa(m.n), Queue: pick(m, "queue", m.dir.Queues...).Name,
		CallerNumber: pick(m, "number", "", "1", "2", "Anonymous"), CallerName: "Ann"}
	m.ended = slices.DeleteFunc(m.ended, func(c queue.Contact) bool { _, is := m.model.queue(c.Queue); return !is })
	if len(m.ended) > 0 && m.oneOf("back", 10) { // one who had ended as lost may be there all the same
		i := m.choose("lost", len(m.ended))
		lost := m.ended[i]
		m.ended = slices.Delete(m.ended, i, i+1)
		a.Contact, a.Back, a.At, a.Queue, a.CallerNumber = lost.ID, true, lost.Arrived, lost.Queue, lost.CallerNumber
	}
	if !a.Back && m.oneOf("need", 3) {
		a.Need = pick(m, "need", "n0", "n1", "latin")
	}
	if !a.Back && m.oneOf("unknown queue", 40) {
		a.Queue = "nowhere"
	}
	if m.oneOf("at", 4) {
		a.At = m.model.Wall.Add(m.seconds("at", -90, 10))
		if m.oneOf("since", 2) {
			a.Since = m.model.Wall.Add(m.seconds("since", -90, 10))
		}
	}
	if m.oneOf("priority", 3) {
		a.Priority = rapid.IntRange(-3, 3).Draw(m.T, "priority")
	}
	if m.oneOf("credit", 6) {
		a.Credit = m.seconds("credit", 1, 60)
	}
	if m.oneOf("prefer", 4) {
		a.Prefer, a.PreferFor = m.anAgent(), m.seconds("for", 0, 30)
	}
	if m.oneOf("ttl", 5) {
		timeout, none := m.seconds("timeout", 0, 60), time.Duration(0)
		a.Timeout, a.Announce = &timeout, &none
	}
	m.arrived = append(m.arrived, a)
	m.enqueue(node, a)
	m.arrived = slices.DeleteFunc(m.arrived, func(a queue.Arrival) bool { return m.model.contacts[a.Contact] == nil && !m.model.refused[a.Contact] })
	if len(m.arrived) > 0 && m.oneOf("told again", 8) { // also one that was refused
		m.tally.saw("arrival told again")
		m.enqueue(node, pick(m, "arrival", m.arrived...))
	}
}

func (m *machine) enqueue(node string, a queue.Arrival) {
	from := m.origin(node)
	got, err := m.pool.Enqueue(m.ctx, from, a)
	want, wantErr := m.model.Enqueue(from, a, got.Contact.ID)
	m.same("enqueue", got, err, want, wantErr)
}

func (m *machine) callerGoes(*rapid.T) {
	c, ok := m.aContact()
	if !ok {
		return
	}
	from := m.origin(c.Node)
	if m.oneOf("left", 3) {
		got, err := m.pool.CallerLeft(m.ctx, from, c.Channel)
		want, wantErr := m.model.CallerLeft(from, c.Channel)
		m.same("caller left", got, err, want, wantErr)
		return
	}
	got, err := m.pool.CallerGone(m.ctx, from, c.Channel)
	want, wantErr := m.model.CallerGone(from, c.Channel)
	m.same("caller gone", got, err, want, wantErr)
}

// someWork takes work, and does it; or does it twice, or leaves it to another.
func (m *machine) someWork(*rapid.T) {
	work := m.take(rapid.IntRange(1, 4).Draw(m.T, "entries"))
	if len(m.taken) > 0 && m.oneOf("takeover", 3) {
		over, err := m.pool.Takeover(m.ctx, "cm-2", 0, 100)
		m.fine("takeover", err)
		m.tally.saw("takeover")
		m.taken = nil
		work = over
	}
	for _, w := range work {
		m.match(w)
		switch rapid.IntRange(0, 9).Draw(m.T, "then") {
		case 0:
			m.taken = append(m.taken, w)
		case 1:
			m.match(w)
			m.done(w)
			m.match(w) // late
		default:
			m.done(w)
		}
	}
}

var causes = []int{16, 16, 16, 17, 19, 19, 19, 21, 1, 38, 25, 102, 18, 27, 127}

// phone is an event of an agent's phone.
func (m *machine) phone(*rapid.T) {
	o := m.anOffer(func(o *offer) bool { return len(o.Legs) > 0 })
	if o == nil {
		return
	}
	leg, from := pick(m, "leg", o.Legs...), m.origin(o.Node)
	event := pick(m, "event", "rings", "rings", "answers", "answers", "ends", "ends", "bridged")
	if o.State == queue.OfferAnswered {
		event = pick(m, "event", "bridged", "bridged", "ends", "ends", "answers", "rings")
	} else if m.oneOf("fails", 12) {
		event = "fails"
	}
	m.legEvent(event, from, o.ID, leg)
}

func (m *machine) legEvent(event string, from queue.Origin, id, leg string) {
	switch event {
	case "rings":
		m.same("ringing", nil, m.pool.Ringing(m.ctx, from, leg), nil, m.model.Ringing(from, leg))
	case "answers":
		got, err := m.pool.Answered(m.ctx, from, leg)
		want, wantErr := m.model.Answered(from, leg)
		m.same("answered", got, err, want, wantErr)
	case "bridged":
		m.same("bridged", nil, m.pool.Bridged(m.ctx, from, id), nil, m.model.Bridged(from, id))
	case "ends":
		cause := pick(m, "cause", causes...)
		got, err := m.pool.LegEnded(m.ctx, from, leg, cause)
		want, wantErr := m.model.LegEnded(from, leg, cause)
		m.same("leg ended", got, err, want, wantErr)
	case "fails":
		leg := pick(m, "which", "", leg)
		m.same("set-up failed", nil, m.pool.SetupFailed(m.ctx, id, leg, "test"), nil, m.model.SetupFailed(id, leg))
	}
}

// lateWord is of a leg that is no more; or the end that a hushed phone waits for.
func (m *machine) lateWord(*rapid.T) {
	var quiet []string
	for _, a := range m.model.everybody() {
		if a.quiet != "" {
			quiet = append(quiet, a.quiet)
		}
	}
	if len(quiet) > 0 && !m.oneOf("old", 4) {
		m.legEvent("ends", m.from[nodes[0]], "", pick(m, "leg", quiet...))
		return
	}
	if len(m.legs) > 0 {
		leg := pick(m, "leg", m.legs...)
		id, _ := queue.OfferOfLeg(leg)
		m.legEvent(pick(m, "event", "rings", "answers", "bridged", "ends", "fails"), m.origin(m.aNode()), id, leg)
	}
}

// dialplan is an event of one who is being dialled for, or who is not.
func (m *machine) dialplan(*rapid.T) {
	o := m.anOffer(func(o *offer) bool { return o.Connect == "dialplan" || m.oneOf("bridge", 10) })
	var c *contact
	if o == nil || m.oneOf("late", 6) { // its offer's time is over, and it comes back
		for _, late := range m.model.inOrder() {
			if late.State == queue.InDialplan && late.Offer == "" {
				c = late
			}
		}
		if c == nil {
			return
		}
		o = &offer{}
	} else {
		c = m.model.contacts[o.Contact]
	}
	from := m.origin(c.Node)
	event := "dialling"
	if c.State != queue.Offered || m.oneOf("early", 6) {
		event = pick(m, "event", "dialling", "left", "dialled", "dialled", "returned", "returned", "fails")
	}
	switch event {
	case "dialling":
		m.same("dialling", nil, m.pool.Dialling(m.ctx, o.ID), nil, m.model.Dialling(o.ID))
	case "left":
		got, err := m.pool.CallerLeft(m.ctx, from, c.Channel)
		want, wantErr := m.model.CallerLeft(from, c.Channel)
		m.same("caller left", got, err, want, wantErr)
	case "dialled":
		agent := pick(m, "who", append(names(o.Rings), "", "999")...)
		got, err := m.pool.Dialled(m.ctx, from, c.Channel, agent)
		want, wantErr := m.model.Dialled(from, c.Channel, agent)
		m.same("dialled", got, err, want, wantErr)
	case "returned":
		d := queue.DialResult{Offer: pick(m, "of", o.ID, o.ID, o.ID, "another"), Agent: pick(m, "who", append(names(o.Rings), "")...),
			Status: pick(m, "status", "ANSWER", "BUSY", "NOANSWER", "CANCEL", "CONGESTION", "CHANUNAVAIL", "DONTCALL", ""),
			Cause:  pick(m, "cause", 0, 21, 17)}
		got, err := m.pool.Returned(m.ctx, from, c.Channel, d)
		want, wantErr := m.model.Returned(from, c.Channel, d)
		m.same("returned", got, err, want, wantErr)
	case "fails":
		m.same("set-up failed", nil, m.pool.SetupFailed(m.ctx, o.ID, "", "test"), nil, m.model.SetupFailed(o.ID, ""))
	}
}

func (m *machine) mode(*rapid.T) {
	change := queue.ModeChange{Mode: pick(m, "mode", queue.Ready, queue.Ready, queue.Ready, queue.Ready, queue.Paused, queue.LoggedOut),
		Reason: pick(m, "reason", "", "tea"), By: "test"}
	if m.oneOf("limit", 2) {
		change.Limit = m.seconds("limit", 1, 30)
	}
	if m.oneOf("from", 10) {
		change.From = []queue.Mode{pick(m, "from", queue.Paused, queue.Ready, queue.WrapUp)}
	}
	if m.oneOf("nonsense", 40) {
		change.Mode = pick(m, "mode", queue.WrapUp, queue.NotResponding, "asleep")
	}
	agent := m.anAgent()
	for range rapid.IntRange(1, 4).Draw(m.T, "times") / 4 {
		m.setMode(agent, change)
	}
	m.setMode(agent, change)
}

func (m *machine) setMode(agent string, change queue.ModeChange) {
	got, err := m.pool.SetMode(m.ctx, agent, change)
	want, wantErr := m.model.SetMode(agent, change)
	m.same("set mode", got, err, want, wantErr)
}

// agentElse: more wrap-up, or a call outside the queues.
func (m *machine) agentElse(*rapid.T) {
	agent := m.anAgent()
	if m.oneOf("device", 2) {
		lasts := m.seconds("in use for", 0, 1) * 10
		got, err := m.pool.Device(m.ctx, agent, lasts)
		want, wantErr := m.model.Device(agent, lasts)
		m.same("device", got, err, want, wantErr)
		return
	}
	for _, a := range m.model.everybody() {
		if a.Mode == queue.WrapUp && !m.oneOf("anybody", 10) {
			agent = a.ID
		}
	}
	by := pick(m, "by", time.Second, 10*time.Second, 2*time.Hour)
	got, err := m.pool.ExtendWrapUp(m.ctx, agent, by, "test")
	want, wantErr := m.model.ExtendWrapUp(agent, by)
	m.same("extend wrap-up", got, err, want, wantErr)
}

// steer: what people do with those who wait.
func (m *machine) steer(*rapid.T) {
	c, ok := m.aContact()
	if !ok {
		return
	}
	switch pick(m, "steer", "withdraw", "move", "move", "give", "give", "reprioritise", "key") {
	case "withdraw":
		got, err := m.pool.Withdraw(m.ctx, c.ID, "because", "test")
		want, wantErr := m.model.Withdraw(c.ID, "because")
		m.same("withdraw", got, err, want, wantErr)
	case "move":
		name := pick(m, "queue", m.dir.Queues...).Name
		if m.oneOf("nowhere", 20) {
			name = "nowhere"
		}
		need := pick(m, "need", "", "", "n0", "n1", "latin")
		got, err := m.pool.Move(m.ctx, c.ID, name, need, "because", "test")
		want, wantErr := m.model.Move(c.ID, name, need)
		m.same("move", got, err, want, wantErr)
	case "give":
		agent, limit := m.anAgent(), m.seconds("limit", 0, 20)
		got, err := m.pool.Give(m.ctx, c.ID, agent, limit, "test")
		want, wantErr := m.model.Give(c.ID, agent, limit)
		m.same("give", got, err, want, wantErr)
	case "reprioritise":
		priority := rapid.IntRange(-60, 60).Draw(m.T, "priority")
		if !m.oneOf("far", 4) {
			priority /= 20
		}
		got, at, err := m.pool.Reprioritise(m.ctx, c.ID, priority, "test")
		want, wantAt, wantErr := m.model.Reprioritise(c.ID, priority)
		m.same("reprioritise", got, err, want, wantErr)
		m.same("position", at, nil, wantAt, nil)
	case "key":
		from, key := m.origin(c.Node), pick(m, "key", "#", "1", "*", "5", "", "1*")
		got, left, err := m.pool.Key(m.ctx, from, c.Channel, key)
		want, wantLeft, wantErr := m.model.Key(from, c.Channel, key)
		m.same("key", got, err, want, wantErr)
		m.same("left by key", left, nil, wantLeft, nil)
	}
}

// time passes, mostly until something is due, which then fires: in another order, twice, or
// not all of it.
func (m *machine) time(*rapid.T) {
	to := m.model.Next()
	switch how := rapid.IntRange(0, 19).Draw(m.T, "how"); {
	case how < 6 || to.IsZero():
		to = m.model.now.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(m.T, "ms")) * time.Millisecond)
	case how == 19:
		to = m.model.now.Add(m.seconds("long", 60, 9000))
	case how > 12:
		to = to.Add(time.Millisecond)
	}
	m.wall(later(to, m.model.Wall))
	due := m.due()
	if m.oneOf("in another order", 3) {
		slices.Reverse(due)
	}
	if len(due) > 0 && m.oneOf("some", 6) {
		due = due[:rapid.IntRange(0, len(due)).Draw(m.T, "of them")]
	}
	m.fire(due)
	if m.oneOf("twice", 6) {
		m.fire(due)
	}
}

func (m *machine) node(*rapid.T) {
	node, boot := m.aNode(), m.model.nodes
	next := boot["ast-1"].boot
	if m.oneOf("boot", 3) {
		m.n++
		next = "boot-" + strconv.Itoa(m.n)
	}
	for _, c := range m.model.inOrder() {
		if c.Node == node && c.Boot != next {
			m.ended = append(m.ended, c.view())
		}
	}
	if next == boot["ast-1"].boot {
		next = boot[node].boot
	}
	m.nodeUp(node, next)
	m.ended = m.ended[max(0, len(m.ended)-5):]
}

func (m *machine) views(*rapid.T) {
	c, ok := m.aContact()
	if !ok {
		return
	}
	want, at, wantErr := m.model.Contact(c.ID)
	got, err := m.pool.Position(m.ctx, c.ID)
	m.same("position", got, err, at, wantErr)
	found, err := m.pool.ByChannel(m.ctx, c.Channel, c.Node)
	m.same("by channel", found, err, want, wantErr)
	m.same("seen", nil, m.pool.Seen(m.ctx, m.from[nodes[0]]), nil, nil)
}

// readopt: one who waits by the records talks in truth.
func (m *machine) readopt(*rapid.T) {
	c, ok := m.aContact()
	if !ok {
		return
	}
	m.n++
	m.adopts(c, c.ID+fmt.Sprintf("%014x", m.n), m.anAgent())
}

func (m *machine) adopts(c queue.Contact, offer, agent string) {
	a := queue.Adoption{Contact: c.ID, Offer: offer, Leg: queue.LegID(offer, 0), Agent: agent, Channel: cmp.Or(c.Channel, "x"),
		Queue: cmp.Or(c.Queue, "nowhere"), At: c.Arrived, Answered: c.AnsweredAt, CallerNumber: c.CallerNumber}
	if m.oneOf("unknown need", 4) {
		a.Need = "n1"
	}
	from := m.origin(c.Node)
	for range rapid.IntRange(1, 2).Draw(m.T, "times") {
		got, err := m.pool.Readopt(m.ctx, from, a)
		want, wantErr := m.model.Readopt(from, a)
		m.same("readopt", got, err, want, wantErr)
	}
}

// emptied: the pool loses its memory. The nodes come back, then their callers, in any order;
// calls go on, and the modes of agents are known.
func (m *machine) emptied(*rapid.T) {
	if !m.oneOf("emptied", 4) {
		return
	}
	was := m.model
	m.clean()
	m.wall(later(was.Wall, was.now).Truncate(time.Millisecond).Add(time.Millisecond))
	m.model = New()
	m.model.Wall, m.model.Saw, m.model.used = was.Wall, was.Saw, was.used
	m.taken, m.ended, m.arrived = nil, nil, nil
	m.turn(m.model.Wall)
	for _, node := range nodes {
		m.nodeUp(node, was.nodes[node].boot)
	}
	if m.oneOf("early", 2) {
		m.enter(nil)
		m.setMode("201", queue.ModeChange{Mode: queue.Ready})
	}
	d := m.dir
	d.Agents = slices.Clone(d.Agents)
	for i := range d.Agents {
		if a := was.agents[d.Agents[i].ID]; a != nil && !m.oneOf("forgotten", 4) {
			d.Agents[i].Restore = &queue.RestoredMode{Mode: a.Mode, Reason: a.Reason, Since: a.Since, Until: a.Until}
			if a.Mode == queue.WrapUp {
				d.Agents[i].Restore = &queue.RestoredMode{Mode: queue.Ready, Since: a.Since}
			}
		}
	}
	m.project(d)
	m.tally.saw("emptied")
	for _, c := range was.inOrder() {
		if o := was.offers[c.Offer]; o != nil && o.State == queue.OfferAnswered {
			m.adopts(c.view(), o.ID, o.Agent)
		} else if !m.oneOf("gone", 4) {
			m.enqueue(c.Node, queue.Arrival{Contact: c.ID, Channel: c.Channel, Queue: c.Queue, At: c.Arrived, Back: true, CallerNumber: c.CallerNumber})
		}
	}
}

// operator changes or removes TTL keys.
func (m *machine) operator(*rapid.T) {
	if !m.ttl {
		return
	}
	c, ok := m.aContact()
	own := m.model.contacts[c.ID]
	// In the last millisecond of a key it may be over already.
	soon := func(at time.Time) bool { return !at.After(m.model.Wall.Add(time.Second)) }
	if !ok || own == nil || own.timeout.IsZero() || soon(own.timeout) || !own.announce.IsZero() && soon(own.announce) {
		return
	}
	key := "{" + m.pool.Name() + "}:timeout:" + c.Queue + "::" + c.ID
	if m.oneOf("delete", 2) {
		m.tally.saw("operator deletes")
		m.fine("delete", m.rdb.Del(m.ctx, key).Err())
		own.timeout = m.model.now
	} else {
		m.tally.saw("operator lengthens")
		own.timeout = ms(m.model.Wall).Add(m.seconds("left", 1, 100))
		m.fine("expire", m.rdb.PExpire(m.ctx, key, own.timeout.Sub(m.model.Wall)).Err())
	}
	m.fine("hint", m.pool.Hint(m.ctx, key))
	m.model.Fire("ttl", c.ID)
	m.sync()
}
