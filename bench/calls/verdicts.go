package main

import "fmt"

// verdict is a line of the table: a goal of the benchmark and what came of it.
type verdict struct {
	what, ours, theirs, dial, goal string
	ok                             bool
	void                           string // the promise that the run broke
}

// verdicts compares what was run with the goals.
func (b *bench) verdicts() (all []verdict) {
	for _, of := range []func() []verdict{
		b.judgeIdle, b.judgeBurst, b.judgeRingAll, b.judgeSilent, b.judgeMusic, b.judgeRate,
	} {
		all = append(all, of()...)
	}
	return all
}

// voids gives the first promise that any of the runs broke.
func voids(runs []*result) string {
	for _, r := range runs {
		if why := r.void(); why != "" {
			return why
		}
	}
	return ""
}

func ms(x float64) string { return fmt.Sprintf("%.1f ms", x) }

func (b *bench) judgeIdle() []verdict {
	mine, theirs, plain := b.find("idle", ours), b.find("idle", appQueue), b.find("idle", dial)
	if len(mine) == 0 || len(theirs) == 0 {
		return nil
	}
	m, q, d := pickups(mine), pickups(theirs), pickups(plain)
	return []verdict{
		{"pickup p50, agents idle, 2–40 calls/s", ms(m.P50), ms(q.P50), ms(d.P50), "app_queue + 6", m.P50 <= q.P50+6, voids(mine)},
		{"pickup p95", ms(m.P95), ms(q.P95), ms(d.P95), "app_queue + 15", m.P95 <= q.P95+15, voids(mine)},
	}
}

func (b *bench) judgeBurst() []verdict {
	mine, theirs := b.find("burst", ours), b.find("burst", appQueue)
	if len(mine) == 0 {
		return nil
	}
	m, q, void := worst(mine), worst(theirs), voids(mine)
	s := b.summary()
	count := func(r *result) string { return fmt.Sprintf("%d, %d, %d", r.Overtaken, r.Passed, r.Doubles) }
	asterisk, ourCost := m.net("asterisk"), m.net(ourParts...)
	all := []verdict{
		{"re-offer p50, 300 callers, 50 agents", ms(m.Reoffer.P50), ms(q.Reoffer.P50), "", "10 ms", m.Reoffer.P50 <= 10, void},
		{"re-offer p99", ms(m.Reoffer.P99), ms(q.Reoffer.P99), "", "50 ms", m.Reoffer.P99 <= 50, void},
		{"agent time lost, a call", ms(m.WastedMS), ms(q.WastedMS), "", "40 ms", m.WastedMS <= 40, void},
		{"calls/s (ideal 23.8)", fmt.Sprint(m.CallsPerS), fmt.Sprint(q.CallsPerS), "", "23", m.CallsPerS >= 23, void},
		{
			"out of order, longest available, rung twice", count(m), count(q), "", "0, 0, 0",
			s.OutOfOrder+s.LAABroken+s.DoubleOffers == 0, void,
		},
		{"processor a call, ours with Redis", ms(ourCost), "", "", "12 ms", ourCost <= 12, void},
	}
	if len(theirs) > 0 {
		all = append(all, verdict{
			"processor a call, Asterisk", ms(asterisk), ms(q.net("appqueue")), "", "app_queue + 5", asterisk <= q.net("appqueue")+5, void,
		})
	}
	return all
}

func (b *bench) judgeRingAll() (all []verdict) {
	mine, theirs := b.find("ringall", ours), b.find("ringall", appQueue)
	for i, r := range mine {
		q := &result{}
		if i < len(theirs) {
			q = theirs[i]
		}
		say := func(r *result) string {
			return fmt.Sprintf("%.1f calls/s, lost %d, %.1f legs", r.CallsPerS, r.Lost, r.Legs)
		}
		// The last is the burst; with everybody idle nobody may be lost.
		v := verdict{what: "ring-all, " + r.Load, ours: say(r), theirs: say(q), goal: "none lost", ok: r.Lost == 0, void: r.void()}
		if i == len(mine)-1 && i > 0 {
			v.goal, v.ok = "none lost, 10 calls/s", r.Lost == 0 && r.CallsPerS >= 10
		}
		all = append(all, v)
	}
	return all
}

func (b *bench) judgeSilent() (all []verdict) {
	theirs := b.find("silent", appQueue)
	say := func(r *result) string {
		switch {
		case r.NextMS < 0:
			return fmt.Sprintf("never (%d of %d served)", r.Calls-r.Lost, r.Calls)
		case r.NextMS == 0:
			return "–"
		}
		return ms(r.NextMS)
	}
	for _, r := range b.find("silent", ours) {
		v := verdict{
			what: "one never answers: the other rings after", ours: say(r), goal: "one ring time (5 s)",
			ok: r.NextMS > 0 && r.NextMS <= 5100, void: r.void(),
		}
		if len(theirs) > 0 {
			v.theirs = say(theirs[0])
		}
		all = append(all, v)
	}
	return all
}

func (b *bench) judgeMusic() []verdict {
	mine, theirs := b.find("music", ours), b.find("music", appQueue)
	if len(mine) == 0 || len(theirs) == 0 {
		return nil
	}
	m, q := mine[0].Cores["asterisk"], theirs[0].Cores["appqueue"]
	return []verdict{{
		mine[0].Load + ", Asterisk", fmt.Sprintf("%.2f cores", m), fmt.Sprintf("%.2f cores", q), "", "0.9 of app_queue's", m <= .9*q, "",
	}}
}

// judgeRate takes the fastest rate that was carried.
func (b *bench) judgeRate() []verdict {
	carried := func(system string) (best int) {
		for _, r := range b.find("rate", system) {
			var rate int
			if _, err := fmt.Sscanf(r.Load, "%d", &rate); err == nil && r.Lost == 0 && r.Pickup.P95 <= 100 {
				best = max(best, rate)
			}
		}
		return best
	}
	if len(b.find("rate", ours)) == 0 {
		return nil
	}
	m, q := carried(ours), carried(appQueue)
	return []verdict{{
		"calls/s with pickup p95 up to 100 ms", fmt.Sprint(m), fmt.Sprint(q), "", "60", m >= 60, "",
	}}
}
