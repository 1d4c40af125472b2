package directory

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"holdline/queue"
)

// takes says whether the queue takes projections: one of a pool of their own on
// miniredis.
func takes(t *testing.T) func(queue.Projection) error {
	rdb := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	pool := queue.Open(rdb, "demo")
	var version int64
	return func(p queue.Projection) error {
		version++
		p.Version = version
		applied, err := pool.Project(t.Context(), p)
		if err == nil && !applied {
			err = fmt.Errorf("version %d was not applied", version)
		}
		return err
	}
}

// TestTheQueueTakesEveryProjection: whatever the rows are, what comes out of
// project is not refused, for a refusal would keep the whole pool as it was.
func TestTheQueueTakesEveryProjection(t *testing.T) {
	accept := takes(t)
	rapid.Check(t, func(r *rapid.T) {
		rows := drawTables(r)
		spoil(r, &rows)
		p, _ := project(rows)
		if err := accept(p); err != nil {
			r.Fatalf("%v: %+v", err, p)
		}
	})
}

// TestTheQueueTakesTheMostSteps: of all rows that the tables allow, these make most of
// the hundred steps of a need. Each of twenty steps and each of thirty delays admits a
// specialist, and a reserve holds every one of them back.
func TestTheQueueTakesTheMostSteps(t *testing.T) {
	rows := small(byMembers)
	rows.agents, rows.steps = nil, nil
	rows.needs[0].reserve = reserveOf("x", 1, 86400)
	add := func(m memberRow) {
		m.agent = fmt.Sprint("a", len(rows.members))
		rows.members = append(rows.members, m)
		rows.agents = append(rows.agents, queue.AgentSpec{ID: m.agent, Capacity: capacity(1, 3)})
		rows.agentSkills = append(rows.agentSkills, agentSkillRow{m.agent, "x", 5})
	}
	for i := range maxSteps {
		rows.steps = append(rows.steps, stepRow{"q", "default", i, i, i})
		add(member("q", "", i))
	}
	for i := range maxDelays {
		late := member("q", "", 0)
		late.place.Delay = seconds(1000 + i)
		add(late)
	}
	p, problems := project(rows)
	if err := takes(t)(p); err != nil || problems != nil || len(p.Agents) != maxSteps+maxDelays {
		t.Errorf("%d agents, %v, %v", len(p.Agents), err, problems)
	}
}

// TestNeedsAreNumberedAsFarAsTheQueueCanCount: one more is refused there.
func TestNeedsAreNumberedAsFarAsTheQueueCanCount(t *testing.T) {
	accept := takes(t)
	rows := small(bySkills)
	rows.needs[0].id = maxNeed
	p, problems := project(rows)
	if err := accept(p); err != nil || problems != nil {
		t.Errorf("need %d: %v, %v", maxNeed, err, problems)
	}
	p.Needs[0].ID, p.Queues[0].Need, p.Agents = maxNeed+1, maxNeed+1, nil
	if err := accept(p); err == nil {
		t.Errorf("the queue takes need %d, the directory does not", maxNeed+1)
	}
}

// spoil puts into all settings what no trigger would let through.
func spoil(r *rapid.T, t *tables) {
	number := rapid.OneOf(rapid.IntRange(-2, 102), rapid.SampledFrom([]int{math.MinInt32, math.MaxInt32, 1001, 10_000}))
	word := rapid.SampledFrom([]string{"", "credit", "strict", "service-level", "chat", "voice", "ring-all", "linear", "weighted-random", "psychic", "paused", "later", "q1", "q2", "0", "*E"})
	times := rapid.Map(number, func(n int) time.Duration { return seconds(n) })
	wordList := rapid.SliceOfN(word, 0, 3)
	t.pool.spec = queue.PoolSpec{Priority: word.Draw(r, "pools.priority"), Order: word.Draw(r, "contact_order"), PauseKeeps: rapid.Bool().Draw(r, "pause_keeps")}
	for i := range t.queues {
		q := &t.queues[i]
		q.weight, q.membership = number.Draw(r, "weight"), rapid.SampledFrom([]string{byMembers, bySkills, "vote"}).Draw(r, "membership")
		s := &q.spec
		s.Medium, s.Strategy, s.Connect = queue.Medium(word.Draw(r, "medium")), word.Draw(r, "strategy"), word.Draw(r, "connect")
		s.OverflowTo, s.ExitKeys = word.Draw(r, "overflow_to"), word.Draw(r, "exit_keys")
		s.JoinEmpty, s.LeaveEmpty = wordList.Draw(r, "join_empty"), wordList.Draw(r, "leave_empty")
		for _, n := range []*int{&s.RingMost, &s.MaxMisses, &s.MaxWaiting} {
			*n = number.Draw(r, "number")
		}
		for _, d := range []*time.Duration{&s.Timeout, &s.Announce, &s.AnnounceFirst, &s.AnnounceMin, &s.RingTimeout, &s.Retry, &s.WrapUp,
			&s.Redial, &s.Target, &s.OverflowAfter, &s.CreditReturned, &s.CreditMoved, &s.CreditRedialled} {
			*d = times.Draw(r, "time")
		}
	}
	for i := range t.needs {
		if rapid.Bool().Draw(r, "reserve") {
			n := &t.needs[i]
			n.reserve = reserveOf(rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "reserve_skill"),
				int32(number.Draw(r, "reserve_keep")), int32(number.Draw(r, "reserve_until"))) //nolint:gosec // of that width
			n.reserve.skill.Valid, n.reserve.keep.Valid = rapid.Bool().Draw(r, "skill given"), rapid.Bool().Draw(r, "keep given")
		}
	}
	for i := range t.agents {
		a := &t.agents[i]
		a.Capacity = capacity(number.Draw(r, "capacity"), number.Draw(r, "chat_capacity"))
		for _, m := range wordList.Draw(r, "beside") {
			a.Beside = append(a.Beside, queue.Medium(m))
		}
	}
	for i := range t.members {
		t.members[i].place = queue.Place{Tier: number.Draw(r, "penalty"), Priority: number.Draw(r, "priority"),
			Delay: times.Draw(r, "delay"), Weight: number.Draw(r, "weight"), Position: number.Draw(r, "position")}
	}
}
