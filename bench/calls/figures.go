package main

import (
	"math"
	"slices"
	"time"
)

// quantiles of a run's latencies, in milliseconds.
type quantiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

func quantilesOf(all []time.Duration) quantiles {
	if len(all) == 0 {
		return quantiles{}
	}
	sorted := slices.Sorted(slices.Values(all))
	at := func(q float64) float64 {
		i := int(math.Ceil(q*float64(len(sorted)))) - 1
		return round(sorted[max(0, i)].Seconds()*1000, 2)
	}
	return quantiles{P50: at(.5), P95: at(.95), P99: at(.99), Max: at(1)}
}

func round(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

// result is one run.
type result struct {
	Row    string `json:"row"`
	System string `json:"system"`
	Load   string `json:"load"`

	Calls int `json:"calls"`
	Lost  int `json:"lost"`
	// Fates of those who were lost.
	Fates     map[string]int `json:"fates,omitempty"`
	Pickup    quantiles      `json:"pickup_ms"`
	Reoffer   quantiles      `json:"reoffer_ms"`
	WastedMS  float64        `json:"wasted_ms_per_call"`
	CallsPerS float64        `json:"calls_per_s"`
	Overtaken int            `json:"out_of_order"`
	Passed    int            `json:"laa_broken"`
	Doubles   int            `json:"double_offers"`
	Legs      float64        `json:"legs_per_call"`
	NextMS    float64        `json:"next_agent_ms,omitempty"` // after an agent who does not answer

	// Processor time for each call in milliseconds, gross and net of an idle one.
	Gross map[string]float64   `json:"cpu_gross_ms_per_call"`
	Net   map[string]float64   `json:"cpu_net_ms_per_call"`
	Cores map[string]float64   `json:"cores"`
	Own   float64              `json:"generator_cores"`
	Noise float64              `json:"noise_cores"`
	Stage map[string]quantiles `json:"stages_ms,omitempty"`

	direct  bool
	pickups []time.Duration
}

// void tells which promise the run broke, if any.
func (r *result) void() string {
	switch {
	case r.System != ours:
		return ""
	case r.Lost > 0:
		return "callers lost"
	case r.Doubles > 0:
		return "agents rung twice"
	}
	return ""
}

// measure fills in what the wire says.
func (r *result) measure(t *trace) {
	r.pickups = t.pickups()
	r.Calls, r.Lost, r.Doubles = len(t.callers), t.lost(), t.doubles
	r.Fates = t.fates()
	r.Pickup, r.Reoffer = quantilesOf(r.pickups), quantilesOf(t.reoffers())
	r.WastedMS = round(t.wasted().Seconds()*1000, 1)
	r.CallsPerS = round(t.rate(), 2)
	r.Overtaken, r.Passed = t.overtaken(), t.passedOver()
	r.Legs = round(t.legs(), 2)
}

// charge fills in what it cost. idle is the cores that each service uses when
// nobody calls.
func (r *result) charge(s spent, idle map[string]float64) {
	r.Gross, r.Net, r.Cores = map[string]float64{}, map[string]float64{}, map[string]float64{}
	for service, used := range s.Services {
		calls := float64(max(1, r.Calls))
		r.Gross[service] = round(used/calls*1000, 2)
		r.Net[service] = round((used-idle[service]*s.Seconds)/calls*1000, 2)
		r.Cores[service] = round(used/s.Seconds, 3)
	}
	r.Own, r.Noise = round(s.Own/s.Seconds, 3), round(s.Noise, 3)
}
