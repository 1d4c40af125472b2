package queue_test

import (
	"flag"
	"math"
	"testing"
	"time"

	"holdline/queue/queuetest"
)

var (
	shifts      = flag.Uint64("shifts", 40, "random shifts on a virtual clock")
	firstShift  = flag.Uint64("first-shift", 1, "the seed of the first of them")
	scenarioFor = flag.Int("scenario-hours", 2, "hours of the scenario, at each load")
)

func TestShifts(t *testing.T) {
	t.Parallel()
	queuetest.RunShifts(t, queuetest.Backend{Client: queuetest.RealRedis(t)}, *firstShift, *shifts)
}

// idealWait is the mean wait in the scenario by Erlang's formula C, of its six groups:
// four of seven agents and two of six.
var idealWait = map[float64]float64{0.5: 5.340, 0.6: 13.947, 0.7: 34.180, 0.8: 93.702}

// TestScenario: the engine serves as if there were none between: the same agents, hence
// the same waits, as whoever sees all at once and gives the first to the one who is free
// longest. And these waits are those that queueing theory has for the scenario.
func TestScenario(t *testing.T) {
	t.Parallel()
	rdb := queuetest.RealRedis(t)
	for load, theory := range idealWait {
		var means []float64
		for seed := range uint64(20) {
			means = append(means, queuetest.NewScenario(load, 100, seed).Ideal().Mean().Seconds())
		}
		mean, within := confidence(means)
		if math.Abs(mean/theory-1) > 0.05 {
			t.Errorf("load %.1f: the rule itself gives %.1f ± %.1f s, and is to give %.1f s", load, mean, within, theory)
		}
		s := queuetest.NewScenario(load, *scenarioFor, 1)
		ideal, engine := s.Ideal(), s.Engine(t, queuetest.Backend{Client: rdb})
		others := 0
		for i, a := range ideal.Agents {
			if a != engine.Agents[i] {
				others++
			}
		}
		t.Logf("load %.1f, %d contacts in %d h: mean wait %.2f s, by the rule on the same contacts %.2f s, %d by another agent; the rule in 2,000 h %.1f ± %.1f s, Erlang C %.1f s",
			load, len(s.Ideal().Waits), *scenarioFor, engine.Mean().Seconds(), ideal.Mean().Seconds(), others, mean, within, theory)
		if off := engine.Mean() - ideal.Mean(); off.Abs() > ideal.Mean()/20 || off.Abs() > time.Second {
			t.Errorf("load %.1f: the engine waits %s, the rule %s", load, engine.Mean(), ideal.Mean())
		}
	}
}

// confidence is the mean and its 95 % interval, to either side.
func confidence(values []float64) (mean, within float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		within += (v - mean) * (v - mean)
	}
	return mean, 1.96 * math.Sqrt(within/(n-1)/n)
}
