package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// figures are what a run gives; the JSON names are fixed.
type figures struct {
	Machine  string             `json:"machine"`
	ClaimUS  map[string]float64 `json:"claim_us"` // "<agents> agents, <waiting> waiting": the dearer of the two sides
	EmptyUS  float64            `json:"empty_us"`
	ChangeUS map[string]float64 `json:"state_change_us"`

	GrowthAgents    float64            `json:"growth_agents"`  // most agents over fewest, at the fewest waiting
	GrowthWaiting   float64            `json:"growth_waiting"` // most waiting over fewest, at the fewest agents
	OverEmptyScript float64            `json:"over_empty_script"`
	SlowestScriptMS float64            `json:"slowest_script_ms"`
	SlowestScript   string             `json:"slowest_script"`
	IntrinsicMS     float64            `json:"intrinsic_latency_ms"`
	BytesPerWaiting float64            `json:"bytes_per_waiting"`
	BasicACDUS      map[string]float64 `json:"basic_acd_us"`
	ZinterUS        map[string]float64 `json:"zinter_us"`
	Logins          logins             `json:"logins"`
	Upheavals       upheavals          `json:"upheavals"`

	most int // the largest crowd that bytes were counted of
	rows [][]string
	idle []float64
}

type logins struct {
	Agents     int     `json:"agents"`
	Waiting    int     `json:"waiting"`
	LoginS     float64 `json:"login_s"`
	LastMatchS float64 `json:"last_match_s"`
	Matched    int     `json:"matched"`
}

type upheavals struct {
	Waiting int     `json:"waiting"`
	EditS   float64 `json:"need_edited_s"`
	LossS   float64 `json:"node_lost_s"`
}

func newFigures() *figures {
	f := &figures{
		ClaimUS: map[string]float64{}, ChangeUS: map[string]float64{}, BasicACDUS: map[string]float64{}, ZinterUS: map[string]float64{},
		Machine: fmt.Sprintf("%s, %d cores, %s", model(), runtime.NumCPU(), runtime.Version()),
	}
	f.IntrinsicMS = intrinsic(time.Second)
	return f
}

func key(agents, waiting int) string { return fmt.Sprintf("%d agents, %d waiting", agents, waiting) }

func (f *figures) claim(agents, waiting int, side string, spent, idle []float64) {
	us, nothing := middle(spent), middle(idle)
	k := key(agents, waiting)
	f.ClaimUS[k] = max(f.ClaimUS[k], us)
	f.idle = append(f.idle, nothing)
	f.row("claim, "+side, agents, waiting, us, fmt.Sprintf("%.1f × an empty script (%.1f µs)", us/nothing, nothing))
}

func (f *figures) change(agents int, spent []float64) {
	us := middle(spent)
	f.ChangeUS[strconv.Itoa(agents)] = us
	f.row("an agent's change of mode", agents, -1, us, "")
}

func (f *figures) others(agents int, loop, one float64) {
	f.BasicACDUS[strconv.Itoa(agents)], f.ZinterUS[strconv.Itoa(agents)] = loop, one
	f.row("basic-acd's way, agent chosen and taken", agents, -1, loop, "neither atomic, nor fenced, nor journalled")
	f.row("ZINTER in one script", agents, -1, one, "no fence, no deadline, no journal")
}

func (f *figures) row(what string, agents, waiting int, us float64, note string) {
	w := "–"
	if waiting >= 0 {
		w = strconv.Itoa(waiting)
	}
	f.rows = append(f.rows, []string{what, strconv.Itoa(agents), w, fmt.Sprintf("%.1f", us), note})
}

func (f *figures) bytes(waiting int, each float64) {
	// Hash tables grow in steps: only the largest crowd gives an honest mean.
	if waiting > f.most {
		f.most, f.BytesPerWaiting = waiting, each
	} else if waiting == f.most {
		f.BytesPerWaiting = max(f.BytesPerWaiting, each)
	}
}

func (f *figures) slow(ctx context.Context, s *server, where string) error {
	ms, what, err := s.slowest(ctx)
	if err != nil {
		return err
	}
	if ms > f.SlowestScriptMS {
		f.SlowestScriptMS, f.SlowestScript = ms, what+" ("+where+")"
	}
	return nil
}

func (f *figures) conclude(floors, waiting []int) {
	few, least := floors[0], waiting[0]
	f.EmptyUS = middle(f.idle)
	f.GrowthAgents = f.ClaimUS[key(floors[len(floors)-1], least)] / f.ClaimUS[key(few, least)]
	f.GrowthWaiting = f.ClaimUS[key(few, waiting[len(waiting)-1])] / f.ClaimUS[key(few, least)]
	f.OverEmptyScript = f.ClaimUS[key(few, least)] / f.EmptyUS
}

func (f *figures) print(to io.Writer) {
	fmt.Fprintf(to, "\n%s; intrinsic latency of this machine in one second: %.2f ms\n", f.Machine, f.IntrinsicMS)
	fmt.Fprintf(to, "Redis's own time, median of %d batches of %d\n\n", batches, batch)
	t := tabwriter.NewWriter(to, 0, 4, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	fmt.Fprintln(t, "what\tagents\twaiting\tµs\tbeside it\t")
	for _, r := range f.rows {
		fmt.Fprintln(t, strings.Join(r, "\t")+"\t")
	}
	_ = t.Flush()
	fmt.Fprintf(to, "\ngrowth with agents ×%.2f (goal 2), with waiting contacts ×%.2f (goal 1.2)\n", f.GrowthAgents, f.GrowthWaiting)
	fmt.Fprintf(to, "bytes of Redis per waiting contact %.0f (goal 1400)\n", f.BytesPerWaiting)
	fmt.Fprintf(to, "slowest script %.2f ms (goal 2): %s\n", f.SlowestScriptMS, f.SlowestScript)
	fmt.Fprintf(to, "%d agents log in (%.2f s) while %d wait: last of %d matches after %.2f s\n",
		f.Logins.Agents, f.Logins.LoginS, f.Logins.Waiting, f.Logins.Matched, f.Logins.LastMatchS)
	fmt.Fprintf(to, "a need edited under %d who wait for it: %.2f s; their node lost: %.2f s\n",
		f.Upheavals.Waiting, f.Upheavals.EditS, f.Upheavals.LossS)
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench-match: "+format+"\n", args...)
}

// intrinsic is the longest time for which this machine let a spinning thread wait, in ms.
func intrinsic(during time.Duration) float64 {
	var worst time.Duration
	start := time.Now()
	for last := start; last.Sub(start) < during; {
		now := time.Now()
		worst = max(worst, now.Sub(last))
		last = now
	}
	return float64(worst) / 1e6
}

func model() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
