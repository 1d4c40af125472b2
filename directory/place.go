package directory

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"holdline/queue"
)

const (
	// byMembers and bySkills are the values of queues.membership.
	byMembers = "members"
	bySkills  = "skills"

	defaultNeed     = "default"
	maxNeed         = 99_999_999 // Redis keeps 8 digits of a need's id
	maxTier         = 99
	defaultStrategy = "longest-available"
	maxCapacity     = 99

	// byBridge and byDialplan are the values of queues.connect.
	byBridge   = "bridge"
	byDialplan = "dialplan"

	// maxTime is what the queue takes for any time.
	maxTime = 24 * time.Hour
)

type needKey struct{ queue, need string }

// project turns rows into the projection. It trusts none of them: what the
// triggers let nobody write may still be there, written before a rule, with
// the triggers off, or by the next version of the schema.
func project(t tables) (queue.Projection, Problems) {
	var problems Problems
	p := queue.Projection{Version: t.version, Domain: t.domain}
	needs := projectNeeds(t, &problems)
	byQueue := make(map[string][]queue.NeedSpec)
	for _, n := range needs {
		byQueue[n.Queue] = append(byQueue[n.Queue], n)
	}
	membership := make(map[string]string)
	for _, row := range t.queues {
		spec, rule, ok := projectQueue(row, byQueue[row.spec.Name], &problems)
		if !ok {
			continue
		}
		p.Queues = append(p.Queues, spec)
		p.Needs = append(p.Needs, byQueue[spec.Name]...)
		membership[spec.Name] = rule
	}
	slices.SortFunc(p.Needs, func(a, b queue.NeedSpec) int { return cmp.Compare(a.ID, b.ID) })
	p.Agents = projectAgents(t, p.Needs, membership, &problems)
	return p, problems
}

func projectQueue(row queueRow, needs []queue.NeedSpec, problems *Problems) (spec queue.QueueSpec, rule string, ok bool) {
	spec = row.spec
	if err := queue.ValidName(spec.Name); err != nil {
		problems.add("queues", spec.Name, "left out: %v", err)
		return spec, "", false
	}
	for _, n := range needs {
		if n.Name == defaultNeed {
			spec.Need = n.ID
		}
	}
	if spec.Need == 0 {
		problems.add("queues", spec.Name, "left out: it has no usable need %q; INSERT it into needs", defaultNeed)
		return spec, "", false
	}
	if !slices.Contains(queue.Strategies(), spec.Strategy) {
		problems.add("queues", spec.Name, "strategy %q is unknown to this version: taken as %s", spec.Strategy, defaultStrategy)
		spec.Strategy = defaultStrategy
	}
	if spec.Connect != byBridge && spec.Connect != byDialplan {
		problems.add("queues", spec.Name, "connect %q is unknown to this version: taken as %s", spec.Connect, byBridge)
		spec.Connect = byBridge
	}
	for _, t := range []struct {
		column string
		value  *time.Duration
	}{
		{"timeout", &spec.Timeout}, {"announce", &spec.Announce}, {"announce_first", &spec.AnnounceFirst},
		{"announce_min", &spec.AnnounceMin}, {"ring_time", &spec.RingTimeout}, {"retry", &spec.Retry},
		{"wrap_up", &spec.WrapUp}, {"redial_s", &spec.Redial},
	} {
		bound("queues", spec.Name, t.column, t.value, problems)
	}
	switch row.membership {
	case byMembers, bySkills:
		rule = row.membership
	default:
		// The narrower of the two: nobody is rung who was not named.
		rule = byMembers
		problems.add("queues", spec.Name, "membership %q is unknown to this version: taken as %s", row.membership, rule)
	}
	return spec, rule, true
}

// bound puts a time that no trigger let through into 0..maxTime.
func bound(table, row, column string, d *time.Duration, problems *Problems) {
	if in := min(max(*d, 0), maxTime); in != *d {
		problems.add(table, row, "%s of %s taken as %s", column, *d, in)
		*d = in
	}
}

// projectNeeds puts the steps and their skills into the needs.
func projectNeeds(t tables, problems *Problems) []queue.NeedSpec {
	type stepKey struct {
		needKey
		step int
	}
	skills := make(map[stepKey]map[string]int)
	for _, r := range t.needSkills {
		k := stepKey{needKey{r.queue, r.need}, r.step}
		if skills[k] == nil {
			skills[k] = make(map[string]int)
		}
		skills[k][r.skill] = r.level
	}
	steps := make(map[needKey][]stepRow)
	for _, r := range t.steps {
		k := needKey{r.queue, r.need}
		steps[k] = append(steps[k], r)
	}
	var needs []queue.NeedSpec
	for _, r := range t.needs {
		name := r.queue + "/" + r.name
		if r.id < 1 || r.id > maxNeed {
			problems.add("needs", name, "left out: its id %d is not in 1..%d", r.id, maxNeed)
			continue
		}
		if err := queue.ValidName(r.name); err != nil {
			problems.add("needs", name, "left out: %v", err)
			continue
		}
		spec := queue.NeedSpec{ID: r.id, Queue: r.queue, Name: r.name}
		k := needKey{r.queue, r.name}
		for i, s := range steps[k] {
			next := queue.StepSpec{After: seconds(s.after), MaxTier: s.maxPenalty, Skills: skills[stepKey{k, s.step}]}
			if why := widens(spec.Steps, next); why != "" || s.step != i {
				// What comes after may rest on this step, so it goes too.
				problems.add("need_steps", name, "step %d and later left out: %s", s.step,
					cmp.Or(why, "the step before it is missing"))
				break
			}
			spec.Steps = append(spec.Steps, next)
		}
		if len(spec.Steps) == 0 {
			problems.add("needs", name, "left out: it has no step 0; INSERT it into need_steps")
			continue
		}
		needs = append(needs, spec)
	}
	return needs
}

// widens says why next does not admit everybody whom the last step admits;
// empty when it does.
func widens(steps []queue.StepSpec, next queue.StepSpec) string {
	switch {
	case next.MaxTier < 0 || next.MaxTier > maxTier:
		return "max_penalty is not in 0..99"
	case len(steps) == 0 && next.After != 0:
		return "step 0 must start after 0 seconds"
	case len(steps) == 0:
		return ""
	}
	last := steps[len(steps)-1]
	switch {
	case next.After <= last.After:
		return "it does not start later than the step before"
	case next.MaxTier < last.MaxTier:
		return "its max_penalty is lower than that of the step before"
	}
	for _, skill := range slices.Sorted(maps.Keys(next.Skills)) {
		if level, ok := last.Skills[skill]; !ok || next.Skills[skill] > level {
			return "it requires more of " + skill + " than the step before"
		}
	}
	return ""
}

func projectAgents(t tables, needs []queue.NeedSpec, membership map[string]string, problems *Problems) []queue.AgentSpec {
	skills := make(map[string]map[string]int)
	for _, r := range t.agentSkills {
		if skills[r.agent] == nil {
			skills[r.agent] = make(map[string]int)
		}
		skills[r.agent][r.skill] = r.level
	}
	type memberKey struct{ queue, agent string }
	penalties := make(map[memberKey]int)
	for _, r := range t.members {
		if r.penalty < 0 || r.penalty > maxTier {
			problems.add("queue_members", r.queue+"/"+r.agent, "left out: penalty %d is not in 0..%d", r.penalty, maxTier)
			continue
		}
		penalties[memberKey{r.queue, r.agent}] = r.penalty
	}
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
		if c := a.Capacity[queue.Voice]; min(max(c, 1), maxCapacity) != c {
			in := min(max(c, 1), maxCapacity)
			problems.add("agents", a.ID, "capacity %d taken as %d", c, in)
			a.Capacity = map[queue.Medium]int{queue.Voice: in}
		}
		if a.WrapUp != nil {
			bound("agents", a.ID, "wrap_up", a.WrapUp, problems)
		}
		a.Skills = skills[a.ID]
		if m, known := modes[a.ID]; known {
			a.Restore = &m
		}
		for _, n := range needs {
			penalty, member := penalties[memberKey{n.Queue, a.ID}]
			// An extension never serves by skills: nobody logs it in or out.
			if !member && (a.AlwaysIn || membership[n.Queue] != bySkills) {
				continue
			}
			if step, ok := firstStep(n.Steps, penalty, a.Skills); ok {
				a.Places = append(a.Places, queue.Place{Need: n.ID, Tier: penalty, Step: step})
			}
		}
		agents = append(agents, a)
	}
	return agents
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
