package directory

import (
	"database/sql"
	"slices"

	"pgregory.net/rapid"

	"holdline/queue"
)

// small is one queue `q` with need 1, served by the rule, and agent `a`.
func small(rule string) tables {
	return tables{
		version: 7, pool: demoPool(),
		queues: []queueRow{usual("q", rule)},
		needs:  []needRow{{id: 1, queue: "q", name: "default"}},
		steps:  []stepRow{{"q", "default", 0, 0, 99}},
		agents: []queue.AgentSpec{{ID: "a", Capacity: capacity(1, 3)}},
	}
}

// usual is a queue with the settings that its columns begin with, as far as a
// projection looks at them.
func usual(name, rule string) queueRow {
	return queueRow{spec: queue.QueueSpec{
		Name: name, ID: 1, Medium: queue.Voice, Strategy: defaultStrategy, RingMost: 50, Connect: byBridge,
	}, membership: rule}
}

func demoPool() poolRow {
	return poolRow{"demo", "demo.test", queue.PoolSpec{Priority: "credit", Order: "arrival"}}
}

func member(q, agent string, penalty int) memberRow {
	return memberRow{q, agent, queue.Place{Tier: penalty, Weight: 1}}
}

func reserveOf(skill string, keep, until int32) reserveRow {
	return reserveRow{sql.NullString{String: skill, Valid: true}, sql.NullInt32{Int32: keep, Valid: true}, sql.NullInt32{Int32: until, Valid: true}}
}

func capacity(calls, chats int) map[queue.Medium]int {
	return map[queue.Medium]int{queue.Voice: calls, queue.Chat: chats}
}

// drawTables draws rows whose keys are unique, as a primary key has it, and
// whose steps are sorted, as the query has it; all else may be wrong.
func drawTables(r *rapid.T) tables {
	t := tables{version: 1, pool: demoPool()}
	var id int64
	skill := rapid.SampledFrom([]string{"x", "y", "z"})
	for _, q := range []string{"q1", "q2", "q3"} {
		rule := rapid.SampledFrom([]string{byMembers, bySkills}).Draw(r, "rule")
		row := usual(q, rule)
		row.weight = rapid.IntRange(0, 2).Draw(r, "weight")
		t.queues = append(t.queues, row)
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"default", "vip", "any"}), 0, 3, rapid.ID).Draw(r, "needs") {
			id++
			t.needs = append(t.needs, needRow{id: id, queue: q, name: n})
			after, penalty := 0, rapid.IntRange(0, 3).Draw(r, "penalty")
			for k := range rapid.IntRange(0, 4).Draw(r, "steps") {
				t.steps = append(t.steps, stepRow{q, n, k, after, penalty})
				after += rapid.IntRange(0, 3).Draw(r, "later")
				penalty += rapid.IntRange(-1, 2).Draw(r, "wider")
				for _, s := range rapid.SliceOfNDistinct(skill, 0, 3, rapid.ID).Draw(r, "required") {
					t.needSkills = append(t.needSkills, needSkillRow{q, n, k, s, rapid.IntRange(1, 4).Draw(r, "level")})
				}
			}
		}
	}
	for _, a := range []string{"a1", "a2", "a3", "a4"} {
		t.agents = append(t.agents, queue.AgentSpec{ID: a, Capacity: capacity(1, 3), AlwaysIn: rapid.Bool().Draw(r, "always in")})
		for _, s := range rapid.SliceOfNDistinct(skill, 0, 3, rapid.ID).Draw(r, "skills") {
			t.agentSkills = append(t.agentSkills, agentSkillRow{a, s, rapid.IntRange(1, 4).Draw(r, "level")})
		}
		for _, q := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"q1", "q2", "q3"}), 0, 3, rapid.ID).Draw(r, "member of") {
			m := member(q, a, rapid.IntRange(0, 5).Draw(r, "penalty"))
			m.place.Priority = rapid.IntRange(0, 2).Draw(r, "priority")
			t.members = append(t.members, m)
		}
	}
	return t
}

func find[T any](all []T, is func(T) bool) (one T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return one, false
}

func voice(n int) map[queue.Medium]int { return map[queue.Medium]int{queue.Voice: n} }
