package queuetest

import (
	"context"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// overtaken is a client that something happens to just before it runs the script.
type overtaken struct {
	redis.UniversalClient
	script string
	once   func()
}

func (o *overtaken) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	if once := o.once; once != nil && queue.ScriptNames()[sha] == o.script {
		o.once = nil
		once()
	}
	return o.UniversalClient.EvalSha(ctx, sha, keys, args...)
}

var projectionTests = []shiftTest{
	{"an older or repeated version does nothing", func(s *shift) {
		for _, v := range []int64{1, 0} {
			d := s.dir
			d.Version = v
			applied, err := s.pool.Project(s.ctx, d)
			if v == 0 {
				s.refused(err, queue.ErrSpec)
			} else {
				s.ok(err)
			}
			equal(s, "applied", applied, false)
		}
	}},
	{"a version that a newer one overtakes on the way changes nothing more", func(s *shift) {
		older, newer := s.dir, s.dir
		older.Version, newer.Version = 2, 3
		older.Agents = []queue.AgentSpec{{ID: "201", Name: "Older", Places: s.dir.Agents[0].Places}}
		newer.Agents = []queue.AgentSpec{{ID: "201", Name: "Newer", Places: s.dir.Agents[0].Places}}
		slow := queue.Open(&overtaken{UniversalClient: s.rdb, script: "project_agents", once: func() {
			applied, err := s.pool.Project(s.ctx, newer)
			s.ok(err)
			equal(s, "the newer version was applied", applied, true)
		}}, s.pool.Name())
		applied, err := slow.Project(s.ctx, older)
		s.ok(err)
		equal(s, "the older version was applied", applied, false)
		equal(s, "name", s.agent("201").Name, "Newer")
	}},
	{"nonsense is refused whole", func(s *shift) {
		for name, edit := range map[string]func(*queue.Projection){
			"place in no need":    func(d *queue.Projection) { d.Agents[0].Places = []queue.Place{{Need: 9}} },
			"two places":          func(d *queue.Projection) { d.Agents[0].Places = []queue.Place{{Need: 1}, {Need: 1, Tier: 1}} },
			"step beyond":         func(d *queue.Projection) { d.Agents[0].Places = []queue.Place{{Need: 1, Step: 1}} },
			"queue without need":  func(d *queue.Projection) { d.Queues[0].Need = 9 },
			"unknown strategy":    func(d *queue.Projection) { d.Queues[0].Strategy = "cleverest" },
			"twice":               func(d *queue.Projection) { d.Agents = append(d.Agents, d.Agents[0]) },
			"need without queue":  func(d *queue.Projection) { d.Needs = append(d.Needs, queue.NeedSpec{ID: 5, Queue: "x"}) },
			"need id too high":    func(d *queue.Projection) { d.Needs[0].ID = 100_000_000 },
			"steps out of order":  func(d *queue.Projection) { d.Needs[0].Steps = []queue.StepSpec{{After: 2}, {After: 1}} },
			"unprintable agent":   func(d *queue.Projection) { d.Agents[0].ID = "2\x00" },
			"unknown connect":     func(d *queue.Projection) { d.Queues[0].Connect = "carrier pigeon" },
			"negative ring":       func(d *queue.Projection) { d.Queues[0].RingTimeout = -1 },
			"capacity of hundred": func(d *queue.Projection) { d.Agents[0].Capacity = voice(100) },
		} {
			d := queue.Projection{Version: 99, Queues: append([]queue.QueueSpec(nil), s.dir.Queues...),
				Needs: append([]queue.NeedSpec(nil), s.dir.Needs...), Agents: append([]queue.AgentSpec(nil), s.dir.Agents...)}
			edit(&d)
			if _, err := s.pool.Project(s.ctx, d); err == nil {
				s.t.Fatalf("%s was applied", name)
			}
		}
		s.change(func(d *queue.Projection) { d.Domain = "x.test" })
	}},
	{"a new skill makes a waiting caller ring there", func(s *shift) {
		s.addSales()
		s.login("201")
		s.enters(queue.Arrival{Channel: "a", Queue: "sales"})
		s.rings()
		s.change(func(d *queue.Projection) {
			d.Agents[0].Places = append(d.Agents[0].Places, queue.Place{Need: 2})
		})
		s.ring("a 201")
	}},
	{"a change of one agent touches that agent alone", func(s *shift) {
		s.login("201", "202")
		since := s.agent("202").Available
		writes := func() int64 {
			agents, err := s.pool.Agents(s.ctx)
			s.ok(err)
			return agents[1].Since.UnixMicro()
		}
		before := writes()
		s.change(func(d *queue.Projection) { d.Agents[0].Name = "Other" })
		equal(s, "name", s.agent("201").Name, "Other")
		equal(s, "202", s.agent("202").Available, since)
		equal(s, "202", writes(), before)
		s.calls("a")
		s.ring("a 201") // and 201 keeps the start too
	}},
	{"an agent removed in a call finishes it first", func(s *shift) {
		s.login("201")
		s.calls("a")
		o := s.ring("a 201")
		s.answers(o)
		s.change(func(d *queue.Projection) { d.Agents = d.Agents[1:] })
		equal(s, "leaving", s.agent("201").Leaving, true)
		_, err := s.pool.SetMode(s.ctx, "201", queue.ModeChange{Mode: queue.Ready})
		s.refused(err, queue.ErrNoAgent)
		s.calls("b")
		s.rings()
		s.legEnds(o, 16)
		_, err = s.pool.Agent(s.ctx, "201")
		s.refused(err, queue.ErrNoAgent)
	}},
	{"an agent removed while idle is gone at once, and may come back", func(s *shift) {
		s.login("201")
		gone := s.dir.Agents[0]
		s.change(func(d *queue.Projection) { d.Agents = d.Agents[1:] })
		_, err := s.pool.Agent(s.ctx, "201")
		s.refused(err, queue.ErrNoAgent)
		s.change(func(d *queue.Projection) { d.Agents = append(d.Agents, gone) })
		equal(s, "mode", s.agent("201").Mode, queue.LoggedOut)
	}},
	{"settings apply to those who wait", func(s *shift) {
		s.calls("a")
		s.support(func(q *queue.QueueSpec) { q.RingTimeout = 33 * time.Second })
		s.login("201")
		equal(s, "ring timeout", s.ring("a 201").RingTimeout, 33*time.Second)
	}},
	{"steps edited apply to those who wait: wider at once, narrower never", func(s *shift) {
		steps := func(after ...time.Duration) {
			s.change(func(d *queue.Projection) {
				d.Needs[0].Steps = nil
				for _, a := range after {
					d.Needs[0].Steps = append(d.Needs[0].Steps, queue.StepSpec{After: a})
				}
				d.Agents[1].Places = []queue.Place{{Need: 1, Step: len(after) - 1}}
			})
		}
		steps(0, time.Hour)
		c := s.enters(queue.Arrival{Channel: "a"})
		for i := range 120 { // more than one script looks at
			s.calls("b" + strconv.Itoa(i))
		}
		s.login("202")
		s.rings()
		s.pass(2 * time.Millisecond) // every command is a tick: they came some µs after the clock
		steps(0, time.Millisecond)
		s.settleAll()
		o := s.ring("a 202")
		equal(s, "step", s.contact(c.ID).Step, 1)
		s.legEnds(o, 21)
		steps(0, time.Hour, 2*time.Hour)
		s.settleAll()
		equal(s, "step", s.contact(c.ID).Step, 1)
		steps(0)
		s.settleAll()
		equal(s, "the last step there is", s.contact(c.ID).Step, 0)
		s.login("201")
		s.rings("a 201", "b0 202")
	}},
	{"a caller in a queue that is removed still ends well", func(s *shift) {
		s.addSales("201")
		s.login("201")
		c := s.enters(queue.Arrival{Channel: "a", Queue: "sales", Announce: duration(time.Hour)})
		o := s.ring("a 201")
		s.change(func(d *queue.Projection) {
			d.Queues, d.Needs, d.Agents[0].Places = d.Queues[:1], d.Needs[:1], d.Agents[0].Places[:1]
		})
		s.legEnds(o, 21)
		s.rings()
		s.gone("a")
		equal(s, "outcome", s.outcome(c.ID), queue.OutcomeAbandoned)
	}},
	{"a queue that was removed and comes back, changed, goes on with those who waited", func(s *shift) {
		s.virtual()
		s.addSales("201")
		c := s.enters(queue.Arrival{Channel: "a", Queue: "sales"})
		queues, needs, places := s.dir.Queues, s.dir.Needs, s.dir.Agents[0].Places
		s.change(func(d *queue.Projection) {
			d.Queues, d.Needs, d.Agents[0].Places = queues[:1], needs[:1], places[:1]
		})
		s.login("201")
		s.pass(2 * time.Second)
		s.rings()
		s.change(func(d *queue.Projection) {
			d.Queues, d.Needs, d.Agents[0].Places = queues, needs, []queue.Place{places[0], {Need: 2, Step: 1}}
			d.Queues[1].Strategy, d.Needs[1].Steps = "fair", []queue.StepSpec{{}, {After: time.Second}}
		})
		equal(s, "step", s.contact(c.ID).Step, 1)
		s.ring("a 201")
	}},
	{"many agents come in batches", func(s *shift) {
		s.change(func(d *queue.Projection) {
			for i := range 205 {
				d.Agents = append(d.Agents, queue.AgentSpec{ID: "m" + strconv.Itoa(i), Places: []queue.Place{{Need: 1}}, AlwaysIn: true})
			}
		})
		agents, err := s.pool.Agents(s.ctx)
		s.ok(err)
		equal(s, "agents", len(agents), 209)
		s.change(func(d *queue.Projection) { d.Agents = d.Agents[:4] })
		agents, err = s.pool.Agents(s.ctx)
		s.ok(err)
		equal(s, "agents", len(agents), 4)
	}},
	{"the registry knows pools and nodes", func(s *shift) {
		r := queue.NewRegistry(s.rdb)
		name := s.pool.Name()
		s.ok(r.AddPool(s.ctx, name))
		s.ok(r.AddPool(s.ctx, name))
		s.refused(r.AddPool(s.ctx, "Bad"), queue.ErrName)
		pools, err := r.Pools(s.ctx)
		s.ok(err)
		found := 0
		for _, p := range pools {
			if p == name {
				found++
			}
		}
		equal(s, "pools of that name", found, 1)
		s.ok(s.rdb.SRem(s.ctx, "holdline:pools", name).Err())
		n := queue.Node{ID: "ast-" + name, Boot: "b", REST: "http://10.0.0.1:8088/ari", SIP: "sip:10.0.0.1:5060", Full: true}
		s.ok(r.PutNode(s.ctx, n))
		got, err := r.Node(s.ctx, n.ID)
		s.ok(err)
		n.SeenAt = got.SeenAt
		equal(s, "node", got, n)
		nodes, err := r.Nodes(s.ctx)
		s.ok(err)
		if len(nodes) == 0 || got.SeenAt.IsZero() {
			s.t.Fatalf("nodes %v", nodes)
		}
		s.ok(r.RemoveNode(s.ctx, n.ID))
		_, err = r.Node(s.ctx, n.ID)
		s.refused(err, queue.ErrNoNode)
	}},
}
