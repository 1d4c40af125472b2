package directory

import (
	"cmp"
	"maps"
	"slices"

	"holdline/queue"
)

const (
	defaultNeed = "default"
	maxNeed     = 60_466_175 // Redis writes a need's id in five digits of base 36
	maxTier     = 99
	// maxSteps and maxDelays are bounds of the tables. Together they keep a need below
	// the hundred steps that the queue allows: each delay is a step more, and a reserve
	// doubles them.
	maxSteps   = 20
	maxDelays  = 30
	maxReserve = 99
)

type needKey struct{ queue, need string }

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
		spec := queue.NeedSpec{ID: r.id, Queue: r.queue, Name: r.name, Reserve: projectReserve(r.reserve, name, problems)}
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

// projectReserve gives nil also for a reserve of which something is missing or out
// of its bounds: then nobody is held back.
func projectReserve(row reserveRow, need string, problems *Problems) *queue.Reserve {
	keep, until := int(row.keep.Int32), seconds(int(row.until.Int32))
	switch {
	case !row.skill.Valid && !row.keep.Valid && !row.until.Valid:
		return nil
	case row.skill.String == "" || !row.keep.Valid || !row.until.Valid:
		problems.add("needs", need, "reserve left out: it needs reserve_skill, reserve_keep and reserve_until; UPDATE all three or SET them to NULL")
	case keep < 1 || keep > maxReserve:
		problems.add("needs", need, "reserve left out: reserve_keep %d is not in 1..%d", keep, maxReserve)
	case until <= 0 || until > maxTime:
		problems.add("needs", need, "reserve left out: reserve_until of %s is not in 1s..%s", until, maxTime)
	default:
		return &queue.Reserve{Skill: row.skill.String, Keep: keep, Until: until}
	}
	return nil
}

// widens says why next does not admit everybody whom the last step admits;
// empty when it does.
func widens(steps []queue.StepSpec, next queue.StepSpec) string {
	switch {
	case next.MaxTier < 0 || next.MaxTier > maxTier:
		return "max_penalty is not in 0..99"
	case next.After > maxTime:
		return "starts_after is not in 0..86400"
	case len(steps) == maxSteps:
		return "a need has 20 steps at most"
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
