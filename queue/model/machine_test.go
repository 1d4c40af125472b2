package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdline/queue"
)

// A machine drives an engine and the model with the same commands, and holds every answer
// of the one against the other's.
type machine struct {
	*rapid.T
	ctx   context.Context
	rdb   redis.UniversalClient
	pool  *queue.Pool
	model *Pool
	turn  func(to time.Time) // turns the engine's clock
	ttl   bool               // TTL keys live by that clock, too

	dir     queue.Projection
	shelf   queue.Projection // what of it is taken away for now
	from    map[string]queue.Origin
	stale   []queue.Origin
	taken   []queue.Work // work entries that are not done
	legs    []string     // of offers so far
	ended   []queue.Contact
	n       int
	tally   *tally
	story   []string
	arrived []queue.Arrival
}

var pools atomic.Int64

var nodes = []string{"ast-1", "ast-2"}

// start is when every machine's clock begins. On a real Redis whose clock is later a TTL key
// that is set is gone at once, as if its time were over whenever its deadline is looked at.
var start = time.Date(2020, 3, 2, 8, 0, 0, 0, time.UTC)

func newMachine(r *rapid.T, b backend, t *tally) *machine {
	m := &machine{T: r, ctx: context.Background(), rdb: b.client, ttl: b.ttl, model: New(), from: map[string]queue.Origin{}, tally: t}
	m.pool = queue.Open(b.client, "m"+strconv.FormatInt(pools.Add(1), 10))
	m.turn = b.clock("{" + m.pool.Name() + "}:meta")
	m.model.Saw = t.saw
	m.wall(b.now())
	m.dir = m.world()
	m.project(m.dir)
	for _, node := range nodes {
		m.nodeUp(node, "boot-0")
	}
	return m
}

// wall sets all clocks, never back.
func (m *machine) wall(to time.Time) {
	to = later(to, m.model.Wall)
	m.turn(to)
	m.model.Wall = to
}

// clean removes the pool's keys.
func (m *machine) clean() {
	keys, err := m.rdb.Keys(m.ctx, "{"+m.pool.Name()+"}:*").Result()
	m.fine("list keys", err)
	if len(keys) > 0 {
		m.fine("remove keys", m.rdb.Unlink(m.ctx, keys...).Err())
	}
}

func (m *machine) fine(what string, err error) {
	m.Helper()
	if err != nil {
		m.Fatalf("%s: %v", what, err)
	}
}

var refusals = []error{queue.ErrStaleEpoch, queue.ErrNoQueue, queue.ErrNoNeed, queue.ErrClosed, queue.ErrFull, queue.ErrEmpty,
	queue.ErrNoContact, queue.ErrNoOffer, queue.ErrNoAgent, queue.ErrRefused, queue.ErrNotReady}

// like says what is equal: times to the microsecond, seconds of work to a few millionths, and
// an empty list is none.
var like = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Worked" },
		cmp.Comparer(func(a, b time.Duration) bool { return (a - b).Abs() < 5*time.Microsecond })),
}

// tell adds to the story that a failed run ends with.
func (m *machine) tell(format string, args ...any) {
	m.story = append(m.story, m.model.now.Format("15:04:05.000000 ")+fmt.Sprintf(format, args...))
	m.story = m.story[max(0, len(m.story)-200):]
}

// Fatalf ends the run, with its story.
func (m *machine) Fatalf(format string, args ...any) {
	m.Helper()
	m.T.Fatalf("%s\nwhat led to it:\n%s", fmt.Sprintf(format, args...), strings.Join(m.story, "\n"))
}

// brief is what the story of a failed run tells of an answer.
func brief(got any, err error) string {
	if err != nil {
		return err.Error()
	}
	switch v := got.(type) {
	case queue.Entered:
		return fmt.Sprintf("%s at %d", brief(v.Contact, nil), v.Position)
	case queue.Ended:
		return brief(v.Contact, nil)
	case queue.Contact:
		return fmt.Sprintf("%s %s in %s need %d step %d, prefers %q", v.ID, v.State, v.Queue, v.Need, v.Step, v.Prefers)
	case queue.Agent:
		return fmt.Sprintf("%s %s next %q offer %q calls %q", v.ID, v.Mode, v.Next, v.Offer, v.Calls)
	case int, bool:
		return fmt.Sprint(v)
	case queue.Answer, queue.LegEnd, map[string][]string:
		return fmt.Sprintf("%.200s", fmt.Sprint(v))
	}
	return ""
}

// same holds an answer of the engine against the model's.
func (m *machine) same(what string, got any, err error, want any, wantErr error) {
	m.Helper()
	m.tell("%s: %s", what, brief(got, err))
	for _, e := range refusals {
		if errors.Is(wantErr, e) {
			m.tally.saw("refused: " + e.Error())
		}
	}
	if wantErr != nil && errors.Is(err, wantErr) {
		return
	}
	if err != nil || wantErr != nil {
		m.Fatalf("%s: the engine says %v, the model %v", what, err, wantErr)
	}
	if !cmp.Equal(want, got, like) {
		m.Fatalf("%s: model - engine +\n%s", what, cmp.Diff(want, got, like))
	}
}

// compare holds the whole state of the one against the other's.
func (m *machine) compare() {
	m.Helper()
	audit, err := m.pool.Audit(m.ctx)
	m.fine("audit", err)
	for _, f := range audit.Faults {
		switch f.Kind {
		case queue.FaultUnserved, queue.FaultOverdue, queue.FaultUndone: // as the machine has it
		default:
			m.Fatalf("the audit says %s: %s", f.Kind, f.Text)
		}
	}
	contacts, agents, offers := map[string]queue.Contact{}, map[string]queue.Agent{}, map[string]queue.Offer{}
	for _, c := range m.model.contacts {
		contacts[c.ID] = c.view()
	}
	for _, a := range m.model.agents {
		agents[a.ID] = a.view()
	}
	for _, o := range m.model.offers {
		offers[o.ID] = o.view()
	}
	m.same("contacts", byID(audit.Contacts, func(c queue.Contact) string { return c.ID }), nil, contacts, nil)
	m.same("agents", byID(audit.Agents, func(a queue.Agent) string { return a.ID }), nil, agents, nil)
	m.same("offers", byID(audit.Offers, func(o queue.Offer) string { return o.ID }), nil, offers, nil)
	m.compareOrder()
	stats, err := m.pool.Stats(m.ctx)
	stats.At = time.Time{}
	for name, q := range stats.Queues {
		if cmp.Equal(q, queue.QueueStats{}, like) {
			delete(stats.Queues, name)
		}
	}
	m.same("stats", stats, err, m.model.Stats(), nil)
	m.story = slices.DeleteFunc(m.story, func(line string) bool { return strings.HasSuffix(line, ": ") })
}

func byID[T any](all []T, id func(T) string) map[string]T {
	by := map[string]T{}
	for _, v := range all {
		by[id(v)] = v
	}
	return by
}

// compareOrder: who stands in which queue, in order.
func (m *machine) compareOrder() {
	members, err := m.rdb.ZRange(m.ctx, "{"+m.pool.Name()+"}:order", 0, -1).Result()
	m.fine("order", err)
	got, want := map[string][]string{}, map[string][]string{}
	for _, member := range members {
		name, rest, _ := strings.Cut(member, "|")
		got[name] = append(got[name], rest[strings.LastIndexByte(rest, '|')+1:])
	}
	for _, c := range m.model.contacts {
		if order := m.model.Order(c.Queue); len(order) > 0 {
			want[c.Queue] = order
		}
	}
	m.same("order", got, nil, want, nil)
}

// take takes work, and says that the model expects what of it is no match.
func (m *machine) take(n int) []queue.Work {
	work, err := m.pool.Take(m.ctx, "cm-1", 0, n)
	m.fine("take", err)
	for _, w := range work {
		if m.model.entries[w.ID] = nil; w.Kind == queue.WorkMatch {
			continue
		}
		m.tally.saw("work " + string(w.Kind))
		i := slices.IndexFunc(m.model.work, func(want queue.Work) bool {
			want.ID, want.Vars = w.ID, w.Vars
			return cmp.Equal(want, w, like)
		})
		if i < 0 {
			m.Fatalf("work that the model does not know: %+v\nof %+v", w, m.model.work)
		}
		m.model.work = slices.Delete(m.model.work, i, i+1)
	}
	return work
}

// match runs the match of a work entry.
func (m *machine) match(w queue.Work) {
	if w.Kind != queue.WorkMatch {
		return
	}
	offers, err := m.pool.Match(m.ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
	m.fine("match", err)
	for _, o := range offers {
		m.tell("match %s%s: %s to %s", w.Agent, w.Line, o.ID, names(o.Rings))
	}
	var need int64
	if id, err := strconv.ParseInt(fmt.Sprintf("%-9s", w.Line)[2:7], 36, 64); err == nil && w.Line != "" && w.Line[0] != '=' {
		if l := m.model.lines[id]; l != nil && m.model.current(l) && m.lineOf(id) == w.Line {
			need = id
		}
	}
	if err := m.model.Match(w.ID, w.Agent, need, offers); err != nil {
		m.Fatalf("match %s%s: %v", w.Agent, w.Line, err)
	}
	for _, o := range offers {
		m.legs = append(m.legs, o.Legs...)
	}
}

// lineOf is the name that the need's line has now.
func (m *machine) lineOf(need int64) string {
	for _, n := range m.dir.Needs {
		if n.ID == need {
			name, err := m.rdb.HGet(m.ctx, "{"+m.pool.Name()+"}:dir", "named|"+n.Queue+"|"+n.Name).Result()
			m.fine("line", err)
			return name
		}
	}
	return ""
}

func (m *machine) done(w queue.Work) {
	got, err := m.pool.Done(m.ctx, w.ID)
	m.same("done", got, err, m.model.Done(w.ID), nil)
}

// settle fires all that is due and does all the work, and then says that nobody waits who
// could be served.
func (m *machine) settle() {
	for range 200 {
		work := append(m.taken, m.take(100)...)
		m.taken = nil
		for _, w := range work {
			m.match(w)
			m.done(w)
		}
		if fired := m.fire(m.due()); fired == 0 && len(work) == 0 {
			m.compare()
			if len(m.model.work) > 0 {
				m.Fatalf("work that never came: %+v", m.model.work)
			}
			m.fine("settled", m.model.Unserved())
			return
		}
	}
	m.Fatalf("it never comes to rest; due now: %v", m.due())
}

// due asks what is due, and says that the model knows of nothing else that is.
func (m *machine) due() []queue.Deadline {
	m.Helper()
	due, _, err := m.pool.Due(m.ctx, 1000)
	m.fine("due", err)
	got := map[deadline]bool{}
	for _, d := range due {
		got[m.parse(d.Member)] = true
	}
	want := map[deadline]bool{}
	for _, d := range m.model.dueNow() {
		if want[d] = true; !got[d] {
			m.Fatalf("%s of %s is due, and the engine has %v", d.kind, d.id, due)
		}
	}
	for d := range got {
		if d.kind != "empty" && d.kind != "ttl" && !want[d] {
			m.Fatalf("%s of %s is due by the engine, and the model has %v", d.kind, d.id, m.model.deadline[d])
		}
	}
	return due
}

func (m *machine) parse(member string) deadline {
	part := strings.Split(member, "|")
	last := part[len(part)-1]
	switch kind := part[0]; {
	case kind == "both" || kind == "timeout" || kind == "announce":
		return deadline{"ttl", last}
	case kind == "near" && len(part) == 2:
		return deadline{"queue", last}
	default:
		return deadline{kind, last}
	}
}

func (m *machine) fire(due []queue.Deadline) int {
	m.Helper()
	for _, d := range due {
		m.fine("fire", m.pool.Fire(m.ctx, d))
		what := m.parse(d.Member)
		m.tell("fires %s", d.Member)
		if part := strings.Split(d.Member, "|"); len(part) == 3 && m.model.contacts[what.id] != nil && m.model.contacts[what.id].Queue != part[1] {
			m.model.tick() // they are in another queue by now
			continue
		}
		if what.kind != "empty" {
			m.model.Fire(what.kind, what.id)
			continue
		}
		need, err := strconv.ParseInt(what.id[2:7], 36, 64)
		m.fine("line "+what.id, err)
		if l := m.model.lines[need]; m.lineOf(need) != what.id {
			m.model.tick()
		} else if m.model.Empty(need); l == nil {
			m.Fatalf("no need %d", need)
		}
	}
	return len(due)
}
