package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

var pools atomic.Int64

// start makes names of pools differ between runs on one Redis.
var start = time.Now().UnixMilli()

// shift is one contact center at work: a pool, one node, and everything that a
// callmanager would do, done by hand.
type shift struct {
	t    *testing.T
	ctx  context.Context
	rdb  redis.UniversalClient
	pool *queue.Pool
	from queue.Origin
	turn func(time.Duration)
	dir  queue.Projection
	seen []queue.Work // work that is no match, oldest first, not asked for yet
}

// newShift opens a pool with the queue support (need 1), and agents 201 to 204
// who serve it, logged out.
func newShift(t *testing.T, b Backend) *shift {
	t.Helper()
	name := fmt.Sprintf("p%d-%d", start, pools.Add(1))
	s := &shift{t: t, ctx: t.Context(), rdb: b.Client, pool: queue.Open(b.Client, name), turn: b.Advance}
	s.dir = queue.Projection{
		Version: 1, Domain: "demo.holdline.test",
		Queues: []queue.QueueSpec{{Name: "support", ID: 1, Need: 1, Open: true, RingTimeout: 10 * time.Second, Music: "waltz", Language: "en"}},
		Needs:  []queue.NeedSpec{{ID: 1, Queue: "support", Name: "any"}},
	}
	for _, id := range []string{"201", "202", "203", "204"} {
		s.dir.Agents = append(s.dir.Agents, queue.AgentSpec{ID: id, Name: "Agent " + id, Places: []queue.Place{{Need: 1}}})
	}
	s.project()
	from, err := s.pool.NodeUp(s.ctx, "ast-1", "boot-1")
	s.ok(err)
	s.from = from
	t.Cleanup(s.clean)
	return s
}

// clean removes the pool's keys: the Redis may be somebody's.
func (s *shift) clean() {
	ctx := context.Background()
	prefix := "{" + s.pool.Name() + "}:*"
	sweep := func(ctx context.Context, c redis.UniversalClient) error {
		keys, err := c.Keys(ctx, prefix).Result()
		for _, k := range keys {
			c.Unlink(ctx, k)
		}
		return err
	}
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		_ = cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return sweep(ctx, c) })
		return
	}
	_ = sweep(ctx, s.rdb)
}

func (s *shift) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shift) refused(err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Fatalf("got %v, want %v", err, want)
	}
}

func equal[T comparable](s *shift, what string, got, want T) {
	s.t.Helper()
	if got != want {
		s.t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// project applies s.dir, with the version that it has.
func (s *shift) project() {
	s.t.Helper()
	applied, err := s.pool.Project(s.ctx, s.dir)
	s.ok(err)
	if !applied {
		s.t.Fatalf("version %d was not applied", s.dir.Version)
	}
}

// voice is a capacity of calls alone.
func voice(n int) map[queue.Medium]int { return map[queue.Medium]int{queue.Voice: n} }

// line is that of a queue's need, as work entries name it.
func (s *shift) line(name, need string) string {
	s.t.Helper()
	line, err := s.rdb.HGet(s.ctx, "{"+s.pool.Name()+"}:dir", "named|"+queue.Escape(name)+"|"+queue.Escape(need)).Result()
	s.ok(err)
	return line
}

func (s *shift) done(work string) {
	s.t.Helper()
	_, err := s.pool.Done(s.ctx, work)
	s.ok(err)
}

// change edits the directory and applies it.
func (s *shift) change(edit func(*queue.Projection)) {
	s.t.Helper()
	edit(&s.dir)
	s.dir.Version++
	s.project()
}

// support edits the settings of the queue support.
func (s *shift) support(edit func(*queue.QueueSpec)) {
	s.t.Helper()
	s.change(func(d *queue.Projection) { edit(&d.Queues[0]) })
}

func (s *shift) mode(agent string, m queue.Mode) queue.Agent {
	s.t.Helper()
	a, err := s.pool.SetMode(s.ctx, agent, queue.ModeChange{Mode: m, By: "test"})
	s.ok(err)
	return a
}

func (s *shift) login(agents ...string) {
	s.t.Helper()
	for _, a := range agents {
		s.mode(a, queue.Ready)
	}
}

// calls lets a caller enter the queue support. The channel's name is the caller's.
func (s *shift) calls(channel string) queue.Contact {
	s.t.Helper()
	return s.enters(queue.Arrival{Channel: channel})
}

func (s *shift) enters(a queue.Arrival) queue.Contact {
	s.t.Helper()
	if a.Queue == "" {
		a.Queue = "support"
	}
	e, err := s.pool.Enqueue(s.ctx, s.from, a)
	s.ok(err)
	if !e.New {
		s.t.Fatalf("%s has a place already", a.Channel)
	}
	return e.Contact
}

// manage does all the work there is, as a callmanager would, and gives the
// offers made, oldest first. Work that is no match is kept for did.
func (s *shift) manage() []queue.Offer {
	s.t.Helper()
	var offers []queue.Offer
	for {
		work, err := s.pool.Take(s.ctx, "cm-1", 0, 100)
		s.ok(err)
		if len(work) == 0 {
			slices.SortStableFunc(offers, func(a, b queue.Offer) int { return int(a.Fence - b.Fence) })
			return offers
		}
		for _, w := range work {
			if w.Kind == queue.WorkMatch {
				made, err := s.pool.Match(s.ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				s.ok(err)
				offers = append(offers, made...)
			} else {
				s.seen = append(s.seen, w)
			}
			s.done(w.ID)
		}
	}
}

// did gives the oldest work of the kind that manage met, and forgets it.
func (s *shift) did(kind queue.WorkKind) queue.Work {
	s.t.Helper()
	s.manage()
	for i, w := range s.seen {
		if w.Kind == kind {
			s.seen = slices.Delete(s.seen, i, i+1)
			return w
		}
	}
	s.t.Fatalf("no work %s; there was %v", kind, s.seen)
	return queue.Work{}
}

// idle says that no work of the kind is left.
func (s *shift) idle(kind queue.WorkKind) {
	s.t.Helper()
	s.manage()
	for _, w := range s.seen {
		if w.Kind == kind {
			s.t.Fatalf("work nobody asked for: %+v", w)
		}
	}
}

// rings says that manage makes exactly these offers: channel and agent, in order.
func (s *shift) rings(want ...string) []queue.Offer {
	s.t.Helper()
	offers := s.manage()
	var got []string
	for _, o := range offers {
		got = append(got, o.Channel+" "+o.Agent)
	}
	if !slices.Equal(got, want) {
		s.t.Fatalf("rings %q, want %q", got, want)
	}
	return offers
}

// ring is rings for one offer.
func (s *shift) ring(want string) queue.Offer {
	s.t.Helper()
	return s.rings(want)[0]
}

func (s *shift) answers(o queue.Offer) {
	s.t.Helper()
	a, err := s.pool.Answered(s.ctx, s.from, o.Legs[0])
	s.ok(err)
	if !a.Won {
		s.t.Fatalf("%s did not win %s", o.Agent, o.Channel)
	}
	s.ok(s.pool.Bridged(s.ctx, s.from, o.ID))
}

// legEnds is the end of the agent's leg, for this Q.850 cause.
func (s *shift) legEnds(o queue.Offer, cause int) queue.LegEnd {
	s.t.Helper()
	e, err := s.pool.LegEnded(s.ctx, s.from, o.Legs[0], cause)
	s.ok(err)
	return e
}

// silent tells that the legs of an offer that is over have ended: their phones ring no more.
func (s *shift) silent(o queue.Offer) {
	s.t.Helper()
	for _, leg := range o.Legs {
		_, err := s.pool.LegEnded(s.ctx, s.from, leg, 16)
		s.refused(err, queue.ErrNoOffer)
	}
}

func (s *shift) gone(channel string) queue.Ended {
	s.t.Helper()
	e, err := s.pool.CallerGone(s.ctx, s.from, channel)
	s.ok(err)
	return e
}

func (s *shift) contact(id string) queue.Contact {
	s.t.Helper()
	c, err := s.pool.Contact(s.ctx, id)
	s.ok(err)
	return c
}

func (s *shift) agent(id string) queue.Agent {
	s.t.Helper()
	a, err := s.pool.Agent(s.ctx, id)
	s.ok(err)
	return a
}

// pass lets time go by, and nothing fire.
func (s *shift) pass(d time.Duration) {
	s.t.Helper()
	if s.turn != nil {
		s.turn(d)
		return
	}
	<-time.After(d)
}

// later lets time go by, and what is due then fire.
func (s *shift) later(d time.Duration) {
	s.t.Helper()
	s.pass(d + time.Millisecond)
	s.settleAll()
}

// fires lets time go by until a deadline of that kind is due, and fires it and
// every other one that is due on the way.
func (s *shift) fires(kind string) {
	s.t.Helper()
	for range 100 {
		due, next, err := s.pool.Due(s.ctx, 100)
		s.ok(err)
		hit := false
		for _, d := range due {
			hit = hit || strings.HasPrefix(d.Member, kind+"|")
			s.ok(s.pool.Fire(s.ctx, d))
		}
		switch {
		case hit:
			return
		case len(due) > 0:
		case next.IsZero():
			s.t.Fatalf("no deadline %s is set", kind)
		default:
			s.pass(time.Until(next) + time.Millisecond)
		}
	}
	s.t.Fatalf("deadline %s does not come", kind)
}

// settle fires what is due now.
func (s *shift) settle() {
	s.t.Helper()
	due, _, err := s.pool.Due(s.ctx, 100)
	s.ok(err)
	for _, d := range due {
		s.ok(s.pool.Fire(s.ctx, d))
	}
}

// settleAll fires what is due, and what becomes due by that.
func (s *shift) settleAll() {
	s.t.Helper()
	for {
		due, _, err := s.pool.Due(s.ctx, 100)
		s.ok(err)
		if len(due) == 0 {
			return
		}
		for _, d := range due {
			s.ok(s.pool.Fire(s.ctx, d))
		}
		s.pass(time.Microsecond)
	}
}

// outcome gives how the contact ended, by the journal.
func (s *shift) outcome(contact string) string {
	s.t.Helper()
	ends := ""
	for _, e := range s.journal() {
		if e.Event == "ended" && e.Contact == contact {
			if ends != "" {
				s.t.Fatalf("%s ended twice", contact)
			}
			ends = e.Outcome
		}
	}
	return ends
}

func (s *shift) journal() []queue.Entry {
	s.t.Helper()
	entries, err := s.pool.Journal(s.ctx, "", 10_000)
	s.ok(err)
	return entries
}

// promises checks what holds at every moment.
func (s *shift) promises() {
	s.t.Helper()
	s.ok(check(s.ctx, s.pool, s.rdb))
}

// virtual stops the pool's clock, if it is a real one: from now on it goes when pass lets it.
// Keys with a time to live are not part of it.
func (s *shift) virtual() {
	s.t.Helper()
	if s.turn != nil {
		return
	}
	now, err := s.rdb.Time(s.ctx).Result()
	s.ok(err)
	s.turn = func(d time.Duration) {
		now = now.Add(d)
		s.ok(s.rdb.HSet(s.ctx, "{"+s.pool.Name()+"}:meta", "frozen", now.UnixMicro()).Err())
	}
	s.turn(0)
}

// chats makes support a queue of chats, of which these agents take three at a time.
func (s *shift) chats(agents ...string) {
	s.t.Helper()
	s.change(func(d *queue.Projection) {
		d.Queues[0].Medium = queue.Chat
		for i, a := range d.Agents {
			if slices.Contains(agents, a.ID) {
				d.Agents[i].Capacity = map[queue.Medium]int{queue.Voice: 1, queue.Chat: 3}
			}
		}
	})
}
