package model

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"holdline/queue"
)

// A world is a directory: queues, needs with steps, agents with places.

// choose draws one of 0 to n-1, each as often: rapid's own numbers are mostly small ones.
func (m *machine) choose(what string, n int) int {
	i := 0
	for _, bit := range rapid.SliceOfN(rapid.Bool(), 10, 10).Draw(m.T, what) {
		if i <<= 1; bit {
			i++
		}
	}
	return i % n
}

func (m *machine) oneOf(what string, n int) bool { return m.choose(what, n) == 0 }

func (m *machine) seconds(what string, least, most int) time.Duration {
	return time.Duration(rapid.IntRange(least, most).Draw(m.T, what)) * time.Second
}

func pick[T any](m *machine, what string, of ...T) T { return of[m.choose(what, len(of))] }

var skills = []string{"french", "loans"}

func (m *machine) world() queue.Projection {
	d := queue.Projection{Version: 1, Domain: "demo.holdline.test", Pool: queue.PoolSpec{
		Priority: pick(m, "priority", "", "credit", "strict"), Order: pick(m, "order", "", "arrival", "service-level"),
		PauseKeeps: m.oneOf("pause keeps", 3)}}
	for i := range rapid.IntRange(2, 4).Draw(m.T, "queues") {
		q := queue.QueueSpec{Name: "q" + strconv.Itoa(i+1), ID: int64(i + 1), Need: int64(2*i + 1)}
		if i == 1 { // there is somewhere for chats
			q.Medium = queue.Chat
		}
		d.Queues = append(d.Queues, q)
		for n := range rapid.IntRange(1, 2).Draw(m.T, "needs") {
			need := queue.NeedSpec{ID: int64(2*i + 1 + n), Queue: q.Name, Name: "n" + strconv.Itoa(n)}
			m.steps(&need)
			d.Needs = append(d.Needs, need)
		}
	}
	for i := range d.Queues {
		m.settings(&d.Queues[i], d)
	}
	for i := range rapid.IntRange(3, 6).Draw(m.T, "agents") {
		a := queue.AgentSpec{ID: strconv.Itoa(201 + i)}
		m.duties(&a, d)
		a.AlwaysIn = m.oneOf("always in", 8)
		d.Agents = append(d.Agents, a)
	}
	return d
}

func (m *machine) steps(n *queue.NeedSpec) {
	n.Steps = nil
	at := time.Duration(0)
	for range rapid.IntRange(0, 3).Draw(m.T, "steps") {
		n.Steps = append(n.Steps, queue.StepSpec{After: at})
		at += m.seconds("after", 1, 20)
	}
	n.Reserve = nil
	if m.oneOf("reserve", 3) {
		n.Reserve = &queue.Reserve{Skill: pick(m, "skill", skills...), Keep: rapid.IntRange(1, 2).Draw(m.T, "keep"), Until: m.seconds("until", 1, 30)}
	}
}

// settings of a queue, its medium left as it is.
func (m *machine) settings(q *queue.QueueSpec, d queue.Projection) {
	*q = queue.QueueSpec{Name: q.Name, ID: q.ID, Need: q.Need, Medium: q.Medium, Open: !m.oneOf("closed", 10),
		Strategy: pick(m, "strategy", append(queue.Strategies(), "", "ring-all", "ring-all")...), RingMost: rapid.IntRange(0, 3).Draw(m.T, "ring most"),
		Connect: pick(m, "connect", "", "bridge", "dialplan"), RingTimeout: m.seconds("ring", 0, 20), Retry: m.seconds("retry", 0, 9),
		WrapUp: m.seconds("wrap-up", 0, 9), MaxMisses: rapid.IntRange(0, 2).Draw(m.T, "misses"), Music: pick(m, "music", "", "waltz"),
		Language: "en", Target: m.seconds("target", 0, 60), ExitKeys: pick(m, "keys", "", "#", "1*"),
		Redial: m.seconds("redial", 0, 60), CreditReturned: m.seconds("returned", 0, 20), CreditMoved: m.seconds("moved", 0, 20),
		CreditRedialled: m.seconds("redialled", 0, 20)}
	if q.Connect == "dialplan" && q.Medium == queue.Chat {
		q.Connect = ""
	}
	if m.oneOf("bound", 4) {
		q.MaxWaiting = rapid.IntRange(1, 4).Draw(m.T, "most")
	}
	if m.oneOf("empty", 3) {
		q.JoinEmpty = rapid.SliceOfDistinct(rapid.SampledFrom(queue.EmptyRules), rapid.ID).Draw(m.T, "join")
	}
	if m.oneOf("leave", 3) {
		q.LeaveEmpty = rapid.SliceOfDistinct(rapid.SampledFrom(queue.EmptyRules), rapid.ID).Draw(m.T, "leave empty")
	}
	switch rapid.IntRange(0, 3).Draw(m.T, "ttl") { // both at a time only where the keys live by the clock
	case 0:
		q.Timeout = m.seconds("timeout", 5, 90)
	case 1:
		q.Announce, q.AnnounceFirst, q.AnnounceMin = m.seconds("announce", 1, 20), m.seconds("first", 0, 5), m.seconds("min", 0, 9)
	case 2:
		if m.ttl {
			q.Timeout, q.Announce = m.seconds("timeout", 5, 90), m.seconds("announce", 1, 20)
		}
	}
	if m.oneOf("overflow", 2) {
		q.OverflowAfter = m.seconds("overflow after", 1, 60)
	}
	var others []string
	for _, o := range d.Queues {
		if o.Name != q.Name && (o.Medium == queue.Chat) == (q.Medium == queue.Chat) {
			others = append(others, o.Name)
		}
	}
	if len(others) > 0 && m.oneOf("overflow to", 2) {
		q.OverflowTo = pick(m, "to", others...)
	}
}

// duties of an agent: what they can, and what they serve.
func (m *machine) duties(a *queue.AgentSpec, d queue.Projection) {
	a.Capacity, a.Beside, a.Skills, a.WrapUp, a.Places = nil, nil, map[string]int{}, nil, nil
	if m.oneOf("capacity", 2) {
		a.Capacity = map[queue.Medium]int{queue.Voice: rapid.IntRange(0, 2).Draw(m.T, "voice"), queue.Chat: rapid.IntRange(0, 3).Draw(m.T, "chat")}
		a.Beside = rapid.SliceOfDistinct(rapid.SampledFrom(queue.Media), rapid.ID).Draw(m.T, "beside")
	}
	for _, s := range skills {
		if rapid.Bool().Draw(m.T, s) {
			a.Skills[s] = 1
		}
	}
	if m.oneOf("own wrap-up", 4) {
		wrapUp := m.seconds("wrap-up", 0, 9)
		a.WrapUp = &wrapUp
	}
	own := m.oneOf("priorities", 3)
	for _, n := range d.Needs {
		if !m.oneOf("not served", 3) {
			p := queue.Place{Need: n.ID, Tier: rapid.IntRange(0, 1).Draw(m.T, "tier"), Step: rapid.IntRange(0, max(0, len(n.Steps)-1)).Draw(m.T, "step"),
				Weight: rapid.IntRange(0, 3).Draw(m.T, "weight"), Position: rapid.IntRange(0, 3).Draw(m.T, "position")}
			if m.oneOf("delay", 4) {
				p.Delay = m.seconds("delay", 1, 20)
			}
			if own {
				p.Priority = rapid.IntRange(0, 2).Draw(m.T, "priority")
			}
			a.Places = append(a.Places, p)
		}
	}
}

// directory edits something, as people do while calls go on.
func (m *machine) directory(*rapid.T) {
	d := queue.Projection{Version: m.dir.Version, Domain: m.dir.Domain, Pool: m.dir.Pool, Queues: slices.Clone(m.dir.Queues),
		Needs: slices.Clone(m.dir.Needs), Agents: slices.Clone(m.dir.Agents)}
	for i := range d.Agents {
		d.Agents[i].Restore = nil
	}
	switch what := pick(m, "edit", "agent", "agent", "steps", "steps", "queue", "queue", "agent comes or goes", "queue comes or goes", "again"); what {
	case "agent":
		i := rapid.IntRange(0, len(d.Agents)-1).Draw(m.T, "agent")
		m.duties(&d.Agents[i], d)
	case "steps":
		i := rapid.IntRange(0, len(d.Needs)-1).Draw(m.T, "need")
		m.steps(&d.Needs[i])
		for j := range d.Agents {
			d.Agents[j].Places = slices.Clone(d.Agents[j].Places)
			for k := range d.Agents[j].Places {
				p := &d.Agents[j].Places[k]
				p.Step = min(p.Step, max(0, len(need(d, p.Need).Steps)-1))
			}
		}
	case "queue":
		i := rapid.IntRange(0, len(d.Queues)-1).Draw(m.T, "queue")
		m.settings(&d.Queues[i], d)
	case "agent comes or goes":
		if gone := m.shelf.Agents; len(gone) > 0 {
			d.Agents, m.shelf.Agents = append(d.Agents, gone...), nil
			m.fit(&d)
		} else {
			i := rapid.IntRange(0, len(d.Agents)-1).Draw(m.T, "agent")
			m.shelf.Agents = []queue.AgentSpec{d.Agents[i]}
			d.Agents = slices.Delete(d.Agents, i, i+1)
		}
	case "queue comes or goes":
		m.queueGoes(&d)
	case "again":
		applied, err := m.pool.Project(m.ctx, d)
		m.same("project again", applied, err, m.model.Project(d), nil)
		m.sync()
		return
	}
	d.Version++
	m.tally.saw("directory edited")
	m.tell("edit of the directory; it has %d queues now", len(d.Queues))
	m.project(d)
}

func need(d queue.Projection, id int64) (none queue.NeedSpec) {
	for _, n := range d.Needs {
		if n.ID == id {
			return n
		}
	}
	return none
}

// queueGoes takes the last queue away, or brings it back.
func (m *machine) queueGoes(d *queue.Projection) {
	if len(m.shelf.Queues) > 0 {
		d.Queues, d.Needs = append(d.Queues, m.shelf.Queues...), append(d.Needs, m.shelf.Needs...)
		m.shelf.Queues, m.shelf.Needs = nil, nil
		for i := range d.Agents {
			m.duties(&d.Agents[i], *d)
		}
		return
	}
	if len(d.Queues) < 3 {
		return
	}
	last := d.Queues[len(d.Queues)-1]
	m.tally.saw("queue removed")
	m.shelf.Queues, d.Queues = []queue.QueueSpec{last}, d.Queues[:len(d.Queues)-1]
	m.shelf.Queues[0].OverflowTo = ""
	for i := range d.Queues {
		if d.Queues[i].OverflowTo == last.Name {
			d.Queues[i].OverflowTo = ""
		}
	}
	m.shelf.Needs = nil
	for _, n := range d.Needs {
		if n.Queue == last.Name {
			m.shelf.Needs = append(m.shelf.Needs, n)
		}
	}
	d.Needs = slices.DeleteFunc(d.Needs, func(n queue.NeedSpec) bool { return n.Queue == last.Name })
	m.fit(d)
}

// fit leaves agents the places that there are.
func (m *machine) fit(d *queue.Projection) {
	for i := range d.Agents {
		d.Agents[i].Places = slices.DeleteFunc(slices.Clone(d.Agents[i].Places), func(p queue.Place) bool { return need(*d, p.Need).ID == 0 })
		for k := range d.Agents[i].Places {
			p := &d.Agents[i].Places[k]
			p.Step = min(p.Step, max(0, len(need(*d, p.Need).Steps)-1))
		}
	}
}

// between is a moment of a millisecond at which, and shortly after which, no step opens for
// anybody who is there: they open whole milliseconds after the arrival.
func (m *machine) between() time.Duration {
	const apart = 50 * time.Microsecond
	var taken [time.Millisecond / apart]bool
	for _, c := range m.model.contacts {
		taken[time.Duration(c.Arrived.Nanosecond())%time.Millisecond/apart] = true
	}
	i := len(taken) / 2
	for range taken {
		if !taken[i] {
			break
		}
		i = (i + 1) % len(taken)
	}
	return time.Duration(i) * apart
}

// project applies a directory at a moment of its own: it takes several ticks, of which none
// may see what those before and after do not.
func (m *machine) project(d queue.Projection) {
	m.wall(m.model.now.Truncate(time.Millisecond).Add(time.Millisecond + m.between()))
	m.fire(m.due())
	began := m.model.now
	applied, err := m.pool.Project(m.ctx, d)
	m.sync()
	m.same("project", applied, err, m.model.Project(d), nil)
	if m.dir = d; !applied {
		m.Fatalf("version %d was not applied", d.Version)
	}
	if m.model.hold.After(m.model.now) { // it begins with the first tick
		us, err := m.rdb.HGet(m.ctx, "{"+m.pool.Name()+"}:meta", "hold").Int64()
		m.fine("hold", err)
		if at := time.UnixMicro(us).UTC(); !at.After(m.model.hold) && at.After(m.model.hold.Add(began.Sub(m.model.now))) {
			m.model.hold = at
			m.model.due("hold", "all", at)
		}
	}
	agents, err := m.pool.Agents(m.ctx)
	m.fine("agents", err)
	for _, a := range agents { // the ticks within are the engine's business
		if own := m.model.agents[a.ID]; own != nil && own.Since.Equal(m.model.now) && a.Since.After(began) && !a.Since.After(m.model.now) {
			if own.Available.Equal(own.Since) {
				own.Available = a.Since
			}
			own.Since = a.Since
		}
	}
	m.wall(m.model.now.Truncate(time.Millisecond).Add(time.Millisecond))
}

// sync takes over the engine's tick.
func (m *machine) sync() {
	clock, err := m.rdb.HGet(m.ctx, "{"+m.pool.Name()+"}:meta", "clock").Int64()
	m.fine("clock", err)
	m.model.now = time.UnixMicro(clock)
}

func (m *machine) nodeUp(node, boot string) {
	if old, ok := m.from[node]; ok {
		m.stale = append(m.stale, old)
	}
	from, err := m.pool.NodeUp(m.ctx, node, boot)
	m.same("node up", from, err, m.model.NodeUp(node, boot), nil)
	m.sync() // many contacts end in several scripts
	m.from[node] = from
	m.tally.saw(fmt.Sprintf("node up, boot anew %t", boot != "boot-0"))
}
