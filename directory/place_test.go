package directory

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdline/queue"
)

// small is one queue `q` with need 1, served by the rule, and agent `a`.
func small(rule string) tables {
	return tables{
		version: 7, domain: "demo.test",
		queues: []queueRow{{queue.QueueSpec{Name: "q", ID: 1, Strategy: defaultStrategy, Connect: byBridge}, rule, 0}},
		needs:  []needRow{{1, "q", "default"}},
		steps:  []stepRow{{"q", "default", 0, 0, 99}},
		agents: []queue.AgentSpec{{ID: "a", Capacity: voice(1)}},
	}
}

func TestPlaces(t *testing.T) {
	in := []queue.Place{{Need: 1}}
	tests := []struct {
		name string
		rule string
		edit func(*tables)
		want []queue.Place
	}{
		{"by skills, none required: everybody", bySkills, func(*tables) {}, in},
		{"by members, no member: nobody", byMembers, func(*tables) {}, nil},
		{"by members: the member", byMembers, func(t *tables) {
			t.members = []memberRow{{"q", "a", 0}}
		}, in},
		{"member of another queue only", byMembers, func(t *tables) {
			t.members = []memberRow{{"other", "a", 0}}
		}, nil},
		{"the penalty is the tier", byMembers, func(t *tables) {
			t.members = []memberRow{{"q", "a", 7}}
		}, []queue.Place{{Need: 1, Tier: 7}}},
		{"by skills, a penalty still counts", bySkills, func(t *tables) {
			t.members = []memberRow{{"q", "a", 7}}
		}, []queue.Place{{Need: 1, Tier: 7}}},
		{"an extension does not serve by skills", bySkills, func(t *tables) {
			t.agents[0].AlwaysIn = true
		}, nil},
		{"an extension serves where it is listed", bySkills, func(t *tables) {
			t.agents[0].AlwaysIn = true
			t.members = []memberRow{{"q", "a", 0}}
		}, in},
		{"a member without the skill", byMembers, func(t *tables) {
			t.members = []memberRow{{"q", "a", 0}}
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 1}}
		}, nil},
		{"the level is enough", bySkills, func(t *tables) {
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 5}}
			t.agentSkills = []agentSkillRow{{"a", "x", 5}}
		}, in},
		{"the level is one short", bySkills, func(t *tables) {
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 5}}
			t.agentSkills = []agentSkillRow{{"a", "x", 4}}
		}, nil},
		{"of two skills one is missing", bySkills, func(t *tables) {
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 1}, {"q", "default", 0, "y", 1}}
			t.agentSkills = []agentSkillRow{{"a", "x", 10}}
		}, nil},
		{"admitted when the level is lowered", bySkills, func(t *tables) {
			t.steps = append(t.steps, stepRow{"q", "default", 1, 30, 99})
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 5}, {"q", "default", 1, "x", 4}}
			t.agentSkills = []agentSkillRow{{"a", "x", 4}}
		}, []queue.Place{{Need: 1, Step: 1}}},
		{"admitted when the skill is dropped", bySkills, func(t *tables) {
			t.steps = append(t.steps, stepRow{"q", "default", 1, 30, 99})
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 5}}
		}, []queue.Place{{Need: 1, Step: 1}}},
		{"admitted when the penalty limit is raised", byMembers, func(t *tables) {
			t.steps = []stepRow{{"q", "default", 0, 0, 2}, {"q", "default", 1, 10, 3}}
			t.members = []memberRow{{"q", "a", 3}}
		}, []queue.Place{{Need: 1, Tier: 3, Step: 1}}},
		{"a penalty above every limit", byMembers, func(t *tables) {
			t.steps = []stepRow{{"q", "default", 0, 0, 2}}
			t.members = []memberRow{{"q", "a", 3}}
		}, nil},
		{"a place for each need that admits", bySkills, func(t *tables) {
			t.needs = append(t.needs, needRow{2, "q", "vip"}, needRow{3, "q", "any"})
			t.steps = append(t.steps, stepRow{"q", "vip", 0, 0, 99}, stepRow{"q", "any", 0, 0, 99})
			t.needSkills = []needSkillRow{{"q", "vip", 0, "x", 1}}
		}, []queue.Place{{Need: 1}, {Need: 3}}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			rows := small(c.rule)
			c.edit(&rows)
			p, problems := project(rows)
			if problems != nil {
				t.Fatalf("problems: %v", problems)
			}
			if diff := cmp.Diff(c.want, p.Agents[0].Places); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestProblems: each bad row is named, costs no other row, and leaves a
// projection that the queue takes.
func TestProblems(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*tables)
		want   string
		queues int
		needs  int
		agents int
	}{
		{"strategy of a newer schema", func(t *tables) { t.queues[0].spec.Strategy = "psychic" },
			`queues q: strategy "psychic" is unknown to this version: taken as longest-available`, 1, 1, 1},
		{"connect mode of a newer schema", func(t *tables) { t.queues[0].spec.Connect = "beam" },
			`queues q: connect "beam" is unknown to this version: taken as bridge`, 1, 1, 1},
		{"membership of a newer schema", func(t *tables) { t.queues[0].membership = "vote" },
			`queues q: membership "vote" is unknown to this version: taken as members`, 1, 1, 1},
		{"negative time", func(t *tables) { t.queues[0].spec.Retry = -time.Second },
			`queues q: retry of -1s taken as 0s`, 1, 1, 1},
		{"endless time", func(t *tables) { t.queues[0].spec.Timeout = 1e6 * time.Hour },
			`queues q: timeout of 1000000h0m0s taken as 24h0m0s`, 1, 1, 1},
		{"queue without a name", func(t *tables) { t.queues[0].spec.Name = " x" },
			`queues  x: left out: bad name: " x" begins or ends with a space`, 0, 0, 1},
		{"queue without the need default", func(t *tables) { t.needs[0].name = "vip"; t.steps[0].need = "vip" },
			`queues q: left out: it has no usable need "default"; INSERT it into needs`, 0, 0, 1},
		{"need without step 0", func(t *tables) {
			t.needs = append(t.needs, needRow{2, "q", "vip"})
			t.steps = append(t.steps, stepRow{"q", "vip", 1, 5, 99})
		}, `need_steps q/vip: step 1 and later left out: step 0 must start after 0 seconds; ` +
			`needs q/vip: left out: it has no step 0; INSERT it into need_steps`, 1, 1, 1},
		{"need's number too long", func(t *tables) { t.needs = append(t.needs, needRow{1e8, "q", "vip"}) },
			`needs q/vip: left out: its id 100000000 is not in 1..99999999`, 1, 1, 1},
		{"need without a name", func(t *tables) { t.needs = append(t.needs, needRow{2, "q", ""}) },
			`needs q/: left out: bad name: empty`, 1, 1, 1},
		{"gap in the steps", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 2, 5, 99}) },
			`need_steps q/default: step 2 and later left out: the step before it is missing`, 1, 1, 1},
		{"step that does not come later", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 1, 0, 99}) },
			`need_steps q/default: step 1 and later left out: it does not start later than the step before`, 1, 1, 1},
		{"step with a lower penalty limit", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 1, 5, 9}) },
			`need_steps q/default: step 1 and later left out: its max_penalty is lower than that of the step before`, 1, 1, 1},
		{"step that requires more", func(t *tables) {
			t.steps = append(t.steps, stepRow{"q", "default", 1, 5, 99})
			t.needSkills = []needSkillRow{{"q", "default", 1, "x", 1}}
		}, `need_steps q/default: step 1 and later left out: it requires more of x than the step before`, 1, 1, 1},
		{"penalty limit of three digits", func(t *tables) { t.steps[0].maxPenalty = 100 },
			`need_steps q/default: step 0 and later left out: max_penalty is not in 0..99; ` +
				`needs q/default: left out: it has no step 0; INSERT it into need_steps; ` +
				`queues q: left out: it has no usable need "default"; INSERT it into needs`, 0, 0, 1},
		{"penalty of three digits", func(t *tables) { t.members = []memberRow{{"q", "a", 100}} },
			`queue_members q/a: left out: penalty 100 is not in 0..99`, 1, 1, 1},
		{"agent without a name", func(t *tables) { t.agents = append(t.agents, queue.AgentSpec{ID: "a\n"}) },
			"agents a\n: left out: bad name: \"a\\n\" begins or ends with a space", 1, 1, 1},
		{"agent with no capacity", func(t *tables) { t.agents[0].Capacity = voice(0) },
			`agents a: capacity 0 taken as 1`, 1, 1, 1},
		{"agent with a negative wrap-up", func(t *tables) { w := -time.Minute; t.agents[0].WrapUp = &w },
			`agents a: wrap_up of -1m0s taken as 0s`, 1, 1, 1},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			rows := small(bySkills)
			c.edit(&rows)
			p, problems := project(rows)
			if got := problems.String(); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if len(p.Queues) != c.queues || len(p.Needs) != c.needs || len(p.Agents) != c.agents {
				t.Errorf("kept %d queues, %d needs, %d agents; want %d, %d, %d",
					len(p.Queues), len(p.Needs), len(p.Agents), c.queues, c.needs, c.agents)
			}
			consistent(t, p)
		})
	}
}

// TestPlacesAgainstBruteForce draws whole pools, also such as the triggers
// would refuse, and asks of every agent, need and step: is the agent in?
func TestPlacesAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rows := drawTables(r)
		p, _ := project(rows)
		consistent(r, p)
		for _, n := range p.Needs {
			rule, _ := find(rows.queues, func(q queueRow) bool { return q.spec.Name == n.Queue })
			for k, step := range n.Steps {
				for _, a := range p.Agents {
					want := serves(rows, rule.membership, n.Queue, step, a)
					place, placed := find(a.Places, func(pl queue.Place) bool { return pl.Need == n.ID })
					if got := placed && place.Step <= k; got != want {
						r.Fatalf("agent %s, need %d, step %d: in = %t, want %t", a.ID, n.ID, k, got, want)
					}
					// Widening never shrinks: who is in at k-1 is in at k.
					if k > 0 && serves(rows, rule.membership, n.Queue, n.Steps[k-1], a) && !want {
						r.Fatalf("agent %s is in need %d at step %d but not at %d", a.ID, n.ID, k-1, k)
					}
				}
			}
		}
	})
}

// serves is the rule as the column comments put it, row by row, with no index.
func serves(t tables, rule, q string, step queue.StepSpec, a queue.AgentSpec) bool {
	m, member := find(t.members, func(m memberRow) bool { return m.queue == q && m.agent == a.ID })
	if !member && (rule == byMembers || a.AlwaysIn) {
		return false
	}
	if m.penalty > step.MaxTier {
		return false
	}
	for skill, level := range step.Skills {
		if _, ok := find(t.agentSkills, func(s agentSkillRow) bool {
			return s.agent == a.ID && s.skill == skill && s.level >= level
		}); !ok {
			return false
		}
	}
	return true
}

// consistent checks what queue.Pool.Project demands of a projection.
func consistent(t interface{ Errorf(string, ...any) }, p queue.Projection) {
	needs := make(map[int64]queue.NeedSpec)
	for _, n := range p.Needs {
		needs[n.ID] = n
		if _, ok := find(p.Queues, func(q queue.QueueSpec) bool { return q.Name == n.Queue }); !ok {
			t.Errorf("need %d is of queue %q, which is not there", n.ID, n.Queue)
		}
		for k := range n.Steps[1:] {
			if n.Steps[k+1].After <= n.Steps[k].After {
				t.Errorf("need %d: step %d is not after step %d", n.ID, k+1, k)
			}
		}
	}
	for _, q := range p.Queues {
		if needs[q.Need].Queue != q.Name || !slices.Contains(queue.Strategies(), q.Strategy) {
			t.Errorf("queue %s: need %d, strategy %s", q.Name, q.Need, q.Strategy)
		}
	}
	for _, a := range p.Agents {
		for _, pl := range a.Places {
			if pl.Step >= len(needs[pl.Need].Steps) || pl.Tier < 0 || pl.Tier > maxTier {
				t.Errorf("agent %s: place %+v in need %+v", a.ID, pl, needs[pl.Need])
			}
		}
	}
}

func find[T any](all []T, is func(T) bool) (one T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return one, false
}

// drawTables draws rows whose keys are unique, as a primary key has it, and
// whose steps are sorted, as the query has it; all else may be wrong.
func drawTables(r *rapid.T) tables {
	t := tables{version: 1, domain: "demo.test"}
	var id int64
	skill := rapid.SampledFrom([]string{"x", "y", "z"})
	for _, q := range []string{"q1", "q2", "q3"} {
		rule := rapid.SampledFrom([]string{byMembers, bySkills}).Draw(r, "rule")
		t.queues = append(t.queues, queueRow{queue.QueueSpec{Name: q, Strategy: defaultStrategy, Connect: byBridge}, rule, 0})
		for _, n := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"default", "vip", "any"}), 0, 3, rapid.ID).Draw(r, "needs") {
			id++
			t.needs = append(t.needs, needRow{id, q, n})
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
		t.agents = append(t.agents, queue.AgentSpec{ID: a, Capacity: voice(1), AlwaysIn: rapid.Bool().Draw(r, "always in")})
		for _, s := range rapid.SliceOfNDistinct(skill, 0, 3, rapid.ID).Draw(r, "skills") {
			t.agentSkills = append(t.agentSkills, agentSkillRow{a, s, rapid.IntRange(1, 4).Draw(r, "level")})
		}
		for _, q := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"q1", "q2", "q3"}), 0, 3, rapid.ID).Draw(r, "member of") {
			t.members = append(t.members, memberRow{q, a, rapid.IntRange(0, 5).Draw(r, "penalty")})
		}
	}
	return t
}

func voice(n int) map[queue.Medium]int { return map[queue.Medium]int{queue.Voice: n} }
