package directory

import (
	"cmp"
	"slices"

	"holdline/queue"
)

// project turns rows into the projection. It trusts none of them: what the
// triggers let nobody write may still be there, written before a rule, with
// the triggers off, or by the next version of the schema.
func project(t tables) (queue.Projection, Problems) {
	var problems Problems
	p := queue.Projection{Version: t.version, Domain: t.pool.domain, Pool: projectPool(t.pool, &problems)}
	byQueue := make(map[string][]queue.NeedSpec)
	for _, n := range projectNeeds(t, &problems) {
		byQueue[n.Queue] = append(byQueue[n.Queue], n)
	}
	rules := make(map[string]serving)
	for _, row := range t.queues {
		spec, rule, ok := projectQueue(row, byQueue[row.spec.Name], &problems)
		if !ok {
			continue
		}
		p.Queues = append(p.Queues, spec)
		p.Needs = append(p.Needs, byQueue[spec.Name]...)
		rules[spec.Name] = rule
	}
	projectOverflow(p.Queues, &problems)
	slices.SortFunc(p.Needs, func(a, b queue.NeedSpec) int { return cmp.Compare(a.ID, b.ID) })
	p.Agents = projectAgents(t, p.Needs, rules, &problems)
	if !slices.ContainsFunc(p.Queues, func(q queue.QueueSpec) bool { return q.Medium == queue.Chat }) {
		// Where nobody chats no agent has a capacity for it: the pool's agents stay as
		// they are, whatever the column says.
		for i := range p.Agents {
			delete(p.Agents[i].Capacity, queue.Chat)
		}
	}
	return p, problems
}

func projectPool(row poolRow, problems *Problems) queue.PoolSpec {
	spec, r := row.spec, correction{"pools", row.name, problems}
	r.word("priority", &spec.Priority, "credit", "strict")
	r.word("contact_order", &spec.Order, "arrival", "service-level")
	return spec
}
