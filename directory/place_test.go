package directory

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"holdline/queue"
)

func TestPlaces(t *testing.T) {
	in := []queue.Place{{Need: 1, Weight: 1}}
	tests := []struct {
		name string
		rule string
		edit func(*tables)
		want []queue.Place
	}{
		{"by skills, none required: everybody", bySkills, func(*tables) {}, in},
		{"by members, no member: nobody", byMembers, func(*tables) {}, nil},
		{"by members: the member", byMembers, func(t *tables) {
			t.members = []memberRow{member("q", "a", 0)}
		}, in},
		{"member of another queue only", byMembers, func(t *tables) {
			t.members = []memberRow{member("other", "a", 0)}
		}, nil},
		{"what a member's row says", byMembers, func(t *tables) {
			t.members = []memberRow{{"q", "a", queue.Place{Tier: 7, Delay: time.Minute, Weight: 10, Position: 40}}}
		}, []queue.Place{{Need: 1, Tier: 7, Delay: time.Minute, Weight: 10, Position: 40}}},
		{"the penalty is the tier", byMembers, func(t *tables) {
			t.members = []memberRow{member("q", "a", 7)}
		}, []queue.Place{{Need: 1, Weight: 1, Tier: 7}}},
		{"by skills, a penalty still counts", bySkills, func(t *tables) {
			t.members = []memberRow{member("q", "a", 7)}
		}, []queue.Place{{Need: 1, Weight: 1, Tier: 7}}},
		{"an extension does not serve by skills", bySkills, func(t *tables) {
			t.agents[0].AlwaysIn = true
		}, nil},
		{"an extension serves where it is listed", bySkills, func(t *tables) {
			t.agents[0].AlwaysIn = true
			t.members = []memberRow{member("q", "a", 0)}
		}, in},
		{"a member without the skill", byMembers, func(t *tables) {
			t.members = []memberRow{member("q", "a", 0)}
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
		}, []queue.Place{{Need: 1, Weight: 1, Step: 1}}},
		{"admitted when the skill is dropped", bySkills, func(t *tables) {
			t.steps = append(t.steps, stepRow{"q", "default", 1, 30, 99})
			t.needSkills = []needSkillRow{{"q", "default", 0, "x", 5}}
		}, []queue.Place{{Need: 1, Weight: 1, Step: 1}}},
		{"admitted when the penalty limit is raised", byMembers, func(t *tables) {
			t.steps = []stepRow{{"q", "default", 0, 0, 2}, {"q", "default", 1, 10, 3}}
			t.members = []memberRow{member("q", "a", 3)}
		}, []queue.Place{{Need: 1, Weight: 1, Tier: 3, Step: 1}}},
		{"a penalty above every limit", byMembers, func(t *tables) {
			t.steps = []stepRow{{"q", "default", 0, 0, 2}}
			t.members = []memberRow{member("q", "a", 3)}
		}, nil},
		{"a place for each need that admits", bySkills, func(t *tables) {
			t.needs = append(t.needs, needRow{id: 2, queue: "q", name: "vip"}, needRow{id: 3, queue: "q", name: "any"})
			t.steps = append(t.steps, stepRow{"q", "vip", 0, 0, 99}, stepRow{"q", "any", 0, 0, 99})
			t.needSkills = []needSkillRow{{"q", "vip", 0, "x", 1}}
		}, []queue.Place{{Need: 1, Weight: 1}, {Need: 3, Weight: 1}}},
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

// TestRanks: an agent's own order of queues comes before the queues' weights, and only
// what differs among their own places counts.
func TestRanks(t *testing.T) {
	tests := []struct {
		name             string
		priority, weight [3]int // of three queues
		want             [3]int
	}{
		{"all alike", [3]int{}, [3]int{}, [3]int{}},
		{"all alike, whatever they are", [3]int{7, 7, 7}, [3]int{50, 50, 50}, [3]int{}},
		{"the heavier queue first", [3]int{}, [3]int{0, 1000, 10}, [3]int{2, 0, 1}},
		{"the lower priority first", [3]int{5, 0, 99}, [3]int{}, [3]int{1, 0, 2}},
		{"the agent's own goes before the weight", [3]int{1, 0, 1}, [3]int{10, 0, 1000}, [3]int{2, 0, 1}},
		{"two alike share a rank", [3]int{3, 0, 3}, [3]int{4, 4, 4}, [3]int{1, 0, 1}},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			rows := tables{version: 1, pool: demoPool(), agents: small(byMembers).agents}
			for i, name := range []string{"q0", "q1", "q2"} {
				q, m := usual(name, byMembers), member(name, "a", 0)
				q.weight, m.place.Priority = c.weight[i], c.priority[i]
				rows.queues, rows.members = append(rows.queues, q), append(rows.members, m)
				rows.needs = append(rows.needs, needRow{id: int64(i + 1), queue: name, name: "default"})
				rows.steps = append(rows.steps, stepRow{name, "default", 0, 0, 99})
			}
			p, problems := project(rows)
			var got [3]int
			for i, place := range p.Agents[0].Places {
				got[i] = place.Priority
			}
			if got != c.want || problems != nil {
				t.Errorf("ranks %v, want %v; %v", got, c.want, problems)
			}
		})
	}
}

// TestChatCapacity: only a pool that has chats says how many an agent takes.
func TestChatCapacity(t *testing.T) {
	for medium, want := range map[queue.Medium]map[queue.Medium]int{queue.Voice: voice(1), queue.Chat: capacity(1, 3)} {
		rows := small(byMembers)
		rows.queues[0].spec.Medium = medium
		p, problems := project(rows)
		if diff := cmp.Diff(want, p.Agents[0].Capacity); diff != "" || problems != nil {
			t.Errorf("%s queue: %s%v", medium, diff, problems)
		}
	}
}

// TestPlacesAgainstBruteForce draws whole pools, also such as the triggers
// would refuse, and asks of every agent, need and step: is the agent in?
func TestPlacesAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rows := drawTables(r)
		p, _ := project(rows)
		for _, a := range p.Agents {
			inOrder(r, rows, p, a.ID, a.Places)
		}
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

// inOrder asks of every two places of an agent: is the order of their ranks that of
// the columns, queue_members.priority before queues.weight?
func inOrder(r *rapid.T, t tables, p queue.Projection, agent string, places []queue.Place) {
	columns := func(pl queue.Place) (priority, weight int) {
		n, _ := find(p.Needs, func(n queue.NeedSpec) bool { return n.ID == pl.Need })
		m, _ := find(t.members, func(m memberRow) bool { return m.queue == n.Queue && m.agent == agent })
		q, _ := find(t.queues, func(q queueRow) bool { return q.spec.Name == n.Queue })
		return m.place.Priority, q.weight
	}
	for _, a := range places {
		for _, b := range places {
			pa, wa := columns(a)
			pb, wb := columns(b)
			if first := pa < pb || pa == pb && wa > wb; first != (a.Priority < b.Priority) {
				r.Fatalf("agent %s: priority %d, weight %d has rank %d; %d, %d has %d", agent, pa, wa, a.Priority, pb, wb, b.Priority)
			}
		}
	}
}

// serves is the rule as the column comments put it, row by row, with no index.
func serves(t tables, rule, q string, step queue.StepSpec, a queue.AgentSpec) bool {
	m, member := find(t.members, func(m memberRow) bool { return m.queue == q && m.agent == a.ID })
	if !member && (rule == byMembers || a.AlwaysIn) {
		return false
	}
	if m.place.Tier > step.MaxTier {
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
