package directory

import (
	"cmp"
	"slices"
	"time"

	"holdline/queue"
)

const (
	maxCapacity = 99
	maxPriority = 99
	maxPosition = 9999
)

type memberKey struct{ queue, agent string }

func projectAgents(t tables, needs []queue.NeedSpec, rules map[string]serving, problems *Problems) []queue.AgentSpec {
	skills := make(map[string]map[string]int)
	for _, r := range t.agentSkills {
		if skills[r.agent] == nil {
			skills[r.agent] = make(map[string]int)
		}
		skills[r.agent][r.skill] = r.level
	}
	members := projectMembers(t.members, problems)
	modes := make(map[string]queue.RestoredMode, len(t.modes))
	for _, r := range t.modes {
		modes[r.agent] = r.mode
	}
	agents := make([]queue.AgentSpec, 0, len(t.agents))
	for _, a := range t.agents {
		if err := queue.ValidName(a.ID); err != nil {
			problems.add("agents", a.ID, "left out: %v", err)
			continue
		}
		correctAgent(&a, problems)
		a.Skills = skills[a.ID]
		if m, known := modes[a.ID]; known {
			a.Restore = &m
		}
		var orders []order
		for _, n := range needs {
			place, member := members[memberKey{n.Queue, a.ID}]
			// An extension never serves by skills: nobody logs it in or out.
			if !member && (a.AlwaysIn || rules[n.Queue].membership != bySkills) {
				continue
			}
			if step, ok := firstStep(n.Steps, place.Tier, a.Skills); ok {
				place.Need, place.Step, place.Weight = n.ID, step, max(1, place.Weight)
				a.Places = append(a.Places, place)
				orders = append(orders, order{place.Priority, rules[n.Queue].weight})
			}
		}
		if n := rank(a.Places, orders); n > maxPriority+1 {
			problems.add("agents", a.ID, "serves queues of %d different priorities and weights: all from the %dth on taken as one", n, maxPriority+1)
		}
		agents = append(agents, a)
	}
	return agents
}

func correctAgent(a *queue.AgentSpec, problems *Problems) {
	c := correction{"agents", a.ID, problems}
	calls, chats := a.Capacity[queue.Voice], a.Capacity[queue.Chat]
	c.number("capacity", &calls, 1, maxCapacity)
	c.number("chat_capacity", &chats, 0, maxCapacity)
	a.Capacity = map[queue.Medium]int{queue.Voice: calls, queue.Chat: chats}
	a.Beside = only(c, "beside", a.Beside, queue.Media)
	if a.WrapUp != nil {
		c.time("wrap_up", a.WrapUp)
	}
}

// projectMembers gives what the rows of queue_members say about places, those left out
// that nobody could ask in their turn.
func projectMembers(rows []memberRow, problems *Problems) map[memberKey]queue.Place {
	members := make(map[memberKey]queue.Place, len(rows))
	delays := make(map[string][]time.Duration) // by queue
	for _, r := range rows {
		p, c := r.place, correction{"queue_members", r.queue + "/" + r.agent, problems}
		if p.Tier < 0 || p.Tier > maxTier {
			problems.add(c.table, c.row, "left out: penalty %d is not in 0..%d", p.Tier, maxTier)
			continue
		}
		c.number("priority", &p.Priority, 0, maxPriority)
		c.time("delay", &p.Delay)
		c.number("weight", &p.Weight, 1, queue.WeightMax)
		c.number("position", &p.Position, 0, maxPosition)
		members[memberKey{r.queue, r.agent}] = p
		if p.Delay > 0 {
			delays[r.queue] = append(delays[r.queue], p.Delay)
		}
	}
	least := make(map[string]time.Duration)
	for name, all := range delays {
		slices.Sort(all)
		all = slices.Compact(all)
		least[name] = all[max(0, len(all)-maxDelays)]
	}
	for _, r := range rows {
		k := memberKey{r.queue, r.agent}
		// Longer, not shorter: nobody is called before their time.
		if p, in := members[k]; in && p.Delay > 0 && p.Delay < least[r.queue] {
			problems.add("queue_members", r.queue+"/"+r.agent, "delay of %s taken as %s: the queue has more than %d different ones",
				p.Delay, least[r.queue], maxDelays)
			p.Delay = least[r.queue]
			members[k] = p
		}
	}
	return members
}

// order is where a queue stands among those that an agent serves: first by the agent's
// own queue_members.priority, the lower first, then by queues.weight, the greater first.
type order struct{ priority, weight int }

func (o order) compare(other order) int {
	return cmp.Or(cmp.Compare(o.priority, other.priority), cmp.Compare(other.weight, o.weight))
}

// rank makes one number of both: the rank of the place's order among the different ones
// of this agent. So an agent whose queues are all alike has 0 everywhere, and the queue
// looks at no ranks for them. It gives the number of different orders; the last rank
// holds all that are more than the queue can tell apart.
func rank(places []queue.Place, orders []order) int {
	different := slices.Clone(orders)
	slices.SortFunc(different, order.compare)
	different = slices.Compact(different)
	for i := range places {
		n, _ := slices.BinarySearchFunc(different, orders[i], order.compare)
		places[i].Priority = min(n, maxPriority)
	}
	return len(different)
}

// firstStep is the first step that admits an agent of this tier and these
// skills. Steps widen, so every later one does too.
func firstStep(steps []queue.StepSpec, tier int, skills map[string]int) (int, bool) {
	for i, s := range steps {
		if admits(s, tier, skills) {
			return i, true
		}
	}
	return 0, false
}

func admits(s queue.StepSpec, tier int, skills map[string]int) bool {
	if tier > s.MaxTier {
		return false
	}
	for skill, level := range s.Skills {
		if have, ok := skills[skill]; !ok || have < level {
			return false
		}
	}
	return true
}
