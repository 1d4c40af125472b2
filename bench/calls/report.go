package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// summary is build/bench/calls.json; its keys are fixed.
type summary struct {
	Pickup          quantiles `json:"pickup_ms"`
	Reoffer         quantiles `json:"reoffer_ms"`
	Dial            quantiles `json:"dial_ms"`
	AppQueuePickup  quantiles `json:"appqueue_pickup_ms"`
	AppQueueReoffer quantiles `json:"appqueue_reoffer_ms"`
	CallsPerS       float64   `json:"calls_per_s"`
	AppQueueCalls   float64   `json:"appqueue_calls_per_s"`
	OutOfOrder      int       `json:"out_of_order"`
	DoubleOffers    int       `json:"double_offers"`
	LAABroken       int       `json:"laa_broken"`
	Lost            int       `json:"lost"`
	CPUAsterisk     float64   `json:"cpu_asterisk_ms_per_call"`
	CPUOurs         float64   `json:"cpu_ours_ms_per_call"`
}

// find gives the runs of a row and system behind Kamailio.
func (b *bench) find(row, system string) (all []*result) {
	for _, r := range b.results {
		if r.Row == row && r.System == system && !r.direct {
			all = append(all, r)
		}
	}
	return all
}

// pickups puts the runs of all rates together.
func pickups(runs []*result) quantiles {
	var all []time.Duration
	for _, r := range runs {
		all = append(all, r.pickups...)
	}
	return quantilesOf(all)
}

// worst of the runs counts, so that a good one hides nothing.
func worst(runs []*result) *result {
	w := &result{}
	for i, r := range runs {
		if i == 0 || r.Reoffer.P99 > w.Reoffer.P99 {
			w = r
		}
	}
	return w
}

func sum(runs []*result, of func(*result) int) (n int) {
	for _, r := range runs {
		n += of(r)
	}
	return n
}

// ourParts are what is ours in the cost of a call, with Redis.
var ourParts = []string{"stasis", "channelapi", "callmanager", "redis"}

func (r *result) net(services ...string) (n float64) {
	for _, s := range services {
		n += r.Net[s]
	}
	return round(n, 1)
}

func (b *bench) summary() summary {
	burst, theirs := b.find("burst", ours), b.find("burst", appQueue)
	w, q := worst(burst), worst(theirs)
	return summary{
		Pickup: pickups(b.find("idle", ours)), AppQueuePickup: pickups(b.find("idle", appQueue)), Dial: pickups(b.find("idle", dial)),
		Reoffer: w.Reoffer, AppQueueReoffer: q.Reoffer, CallsPerS: w.CallsPerS, AppQueueCalls: q.CallsPerS,
		OutOfOrder:   sum(burst, func(r *result) int { return r.Overtaken }),
		DoubleOffers: sum(burst, func(r *result) int { return r.Doubles }),
		LAABroken:    sum(burst, func(r *result) int { return r.Passed }),
		Lost:         sum(burst, func(r *result) int { return r.Lost }),
		CPUAsterisk:  w.net("asterisk"), CPUOurs: w.net(ourParts...),
	}
}

// report prints the table and keeps the figures.
func (b *bench) report(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", machine())
	fmt.Fprintf(w, "One Kamailio, one Asterisk, %s; phones on the same machine. Figures from the phones' SIP sockets, processor time from Docker, net of idle.\n\n", b.scaleOfRoles())
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "what\tours\tapp_queue\tDial()\tgoal\t")
	missed := 0
	for _, line := range b.verdicts() {
		verdict := "ok"
		switch {
		case line.void != "":
			verdict = "VOID: " + line.void
		case !line.ok:
			verdict = "MISSED"
		}
		if verdict != "ok" {
			missed++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", line.what, line.ours, line.theirs, line.dial, line.goal, verdict)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	b.printRuns(w)
	fmt.Fprintf(w, "\n%d goals missed\n", missed)
	if err := os.MkdirAll(b.dir, 0o750); err != nil {
		return err
	}
	if err := keep(filepath.Join(b.dir, "calls-runs.json"), b.results); err != nil {
		return err
	}
	return keep(filepath.Join(b.dir, "calls.json"), b.summary())
}

func keep(path string, what any) error {
	text, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // figures are no secret
}

// printRuns tells of each run what was counted and how noisy it was.
func (b *bench) printRuns(w io.Writer) {
	fmt.Fprintln(w, "\nEach run: calls and what became of them, pickup and re-offer p50/p95/p99 in ms, processor ms per call (net), noise in cores.")
	table := tabwriter.NewWriter(w, 0, 8, 1, ' ', 0)
	fmt.Fprintln(table, "row\tsystem\tload\tcalls\tlost\tpickup\tre-offer\tcalls/s\torder\tlaa\tdouble\tlegs\tasterisk\tours\tkamailio\tphones\tnoise")
	for _, r := range b.results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%.1f\t%d\t%d\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%.2f\n",
			r.Row, r.System, r.Load, r.Calls, r.Lost, r.Pickup, r.Reoffer, r.CallsPerS, r.Overtaken, r.Passed, r.Doubles, r.Legs,
			r.net("asterisk", "appqueue"), r.net(ourParts...), r.net("kamailio-1"), r.Own, r.Noise)
	}
	_ = table.Flush()
}

func (q quantiles) String() string {
	if q.Max == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f/%.1f/%.1f", q.P50, q.P95, q.P99)
}

func (b *bench) scaleOfRoles() string {
	var parts []string
	for _, role := range roles {
		parts = append(parts, fmt.Sprintf("%d %s", b.replicas[role], role))
	}
	return strings.Join(parts, ", ")
}

// machine says what it ran on.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	memory := "?"
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kb int
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kb); err == nil {
			memory = fmt.Sprintf("%d GB", (kb+1<<19)>>20)
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	engine, _ := exec.Command("docker", "version", "--format", "{{.Server.Version}}").Output() //nolint:noctx // a moment
	return fmt.Sprintf("%s: %s, %d cores, %s, Linux %s, Docker %s", time.Now().UTC().Format("2006-01-02 15:04 MST"), model,
		runtime.NumCPU(), memory, strings.TrimSpace(string(kernel)), strings.TrimSpace(string(engine)))
}
