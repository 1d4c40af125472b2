package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// projectBatch bounds the agents that one script re-indexes.
const projectBatch = 40

// strategies that a queue may have, each with the letter by which the scripts
// know its score (lua/lib/agent.lua).
// A ring-all asks all of a tier at once, in the order of the longest available.
var strategies = map[string]string{"": "a", "longest-available": "a", "ring-all": "a"}

// Strategies lists the names that QueueSpec.Strategy may have.
func Strategies() []string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(strategies)), func(s string) bool { return s == "" })
	slices.Sort(names)
	return names
}

// Project makes the directory's version the one that the pool works by. It
// gives false for a version that is not newer than the one applied, and for one
// that a newer one overtook on the way. It may be repeated after an error: only
// what differs is written, and only an agent that differs is touched. A pool
// without a projection whose agents have modes to restore makes no offers for
// HoldMS: by then all callers are back, and the first to be served is the first
// who came.
func (p *Pool) Project(ctx context.Context, d Projection) (bool, error) {
	dir, agents, err := d.render()
	if err != nil {
		return false, fmt.Errorf("project version %d: %w", d.Version, err)
	}
	what := "project version " + strconv.FormatInt(d.Version, 10)
	restored, err := d.restored()
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	r, err := p.do(ctx, "project_open", what, nil, d.Version, d.Domain, min(1, len(restored)))
	if err != nil || r.at(0) != "1" {
		return false, err
	}
	have, err := p.rdb.HGetAll(ctx, p.keys["dir"]).Result()
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	// What was read only says what need not be sent; the scripts compare again.
	settings, changed := differ(have, dir, false), differ(have, agents, true)
	for part := range slices.Chunk(settings, 2*200) {
		if ok, err := p.project(ctx, "project_dir", what, d.Version, part); !ok || err != nil {
			return false, err
		}
	}
	for pairs := range slices.Chunk(changed, 2*projectBatch) {
		part := make([]string, 0, len(pairs)/2*3)
		for i := 0; i < len(pairs); i += 2 {
			part = append(part, pairs[i], pairs[i+1], restored[pairs[i]])
		}
		if ok, err := p.project(ctx, "project_agents", what, d.Version, part); !ok || err != nil {
			return false, err
		}
	}
	return p.project(ctx, "project_close", what, d.Version, nil)
}

func (p *Pool) project(ctx context.Context, script, what string, version int64, pairs []string) (bool, error) {
	args := make([]any, 1, 1+len(pairs))
	args[0] = version
	for _, s := range pairs {
		args = append(args, s)
	}
	r, err := p.do(ctx, script, what, nil, args...)
	return err == nil && r.at(0) == "1", err
}

// differ lists field, value pairs that make have into want; an empty value removes.
func differ(have, want map[string]string, agents bool) []string {
	var pairs []string
	for _, field := range slices.Sorted(maps.Keys(want)) {
		if have[field] != want[field] {
			pairs = append(pairs, field, want[field])
		}
	}
	for _, field := range slices.Sorted(maps.Keys(have)) {
		if _, ok := want[field]; !ok && strings.HasPrefix(field, "agent|") == agents {
			pairs = append(pairs, field, "")
		}
	}
	return pairs
}

// restored gives the modes to restore, by the agent's field.
func (d Projection) restored() (map[string]string, error) {
	all := map[string]string{}
	for _, a := range d.Agents {
		if a.Restore == nil {
			continue
		}
		text, err := json.Marshal(restoredRecord{string(a.Restore.Mode), strings.ToValidUTF8(a.Restore.Reason, "?"),
			cmp.Or(toMicros(a.Restore.Since), "1"), toMicros(a.Restore.Until)})
		if err != nil {
			return nil, err
		}
		all["agent|"+Escape(a.ID)] = string(text)
	}
	return all, nil
}

type restoredRecord struct {
	Mode   string `json:"mode"`
	Reason string `json:"reason,omitempty"`
	Since  string `json:"since"`
	Until  string `json:"until_at,omitempty"`
}

// render checks the projection as a whole and gives the fields of the dir hash.
func (d Projection) render() (dir, agents map[string]string, err error) {
	dir, agents = map[string]string{}, map[string]string{}
	var bad []error
	put := func(into map[string]string, field string, v any) {
		if _, twice := into[field]; twice {
			bad = append(bad, fmt.Errorf("%w: %s twice", ErrSpec, field))
		}
		text, err := json.Marshal(v)
		if err != nil {
			bad = append(bad, err)
		}
		into[field] = string(text)
	}
	if d.Version < 1 {
		bad = append(bad, fmt.Errorf("%w: version %d", ErrSpec, d.Version))
	}
	needs, queues := map[int64]NeedSpec{}, map[string]QueueSpec{}
	for _, n := range d.Needs {
		needs[n.ID] = n
		bad = append(bad, n.check())
		put(dir, "need|"+needKey(n.ID), n.record())
		dir["named|"+Escape(n.Queue)+"|"+Escape(n.Name)] = needKey(n.ID)
	}
	for _, q := range d.Queues {
		queues[q.Name] = q
		bad = append(bad, q.check(needs))
		put(dir, "queue|"+Escape(q.Name), q.record())
	}
	for _, n := range d.Needs {
		if _, ok := queues[n.Queue]; !ok {
			bad = append(bad, fmt.Errorf("%w: need %d: no queue %q", ErrSpec, n.ID, n.Queue))
		}
	}
	for _, a := range d.Agents {
		bad = append(bad, a.check(needs))
		put(agents, "agent|"+Escape(a.ID), a.record(needs, queues))
	}
	return dir, agents, errors.Join(bad...)
}

func needKey(id int64) string { return fmt.Sprintf("%08d", id) }

func (n NeedSpec) check() error {
	switch {
	case n.ID < 1 || n.ID > 99_999_999:
		return fmt.Errorf("%w: need id %d", ErrSpec, n.ID)
	case n.Name != "" && ValidName(n.Name) != nil:
		return fmt.Errorf("%w: need %d: %w", ErrSpec, n.ID, ValidName(n.Name))
	case len(n.Steps) > 100:
		return fmt.Errorf("%w: need %d: %d steps", ErrSpec, n.ID, len(n.Steps))
	}
	for i := 1; i < len(n.Steps); i++ {
		if n.Steps[i].After <= n.Steps[i-1].After {
			return fmt.Errorf("%w: need %d: step %d is not after step %d", ErrSpec, n.ID, i, i-1)
		}
	}
	return nil
}

type needRecord struct {
	Queue string `json:"queue"`
	Name  string `json:"name"`
	After string `json:"after"` // ms, one per step
	Steps string `json:"steps"` // what each asks, for people
}

func (n NeedSpec) record() needRecord {
	var after, steps []string
	for _, s := range n.Steps {
		after = append(after, strconv.FormatInt(s.After.Milliseconds(), 10))
		steps = append(steps, fmt.Sprintf("tier<=%d %s", s.MaxTier, skills(s.Skills, ">=")))
	}
	if len(after) == 0 {
		after = []string{"0"}
	}
	return needRecord{Escape(n.Queue), n.Name, strings.Join(after, ","), strings.Join(steps, "; ")}
}

func skills(levels map[string]int, sign string) string {
	var b []string
	for _, s := range slices.Sorted(maps.Keys(levels)) {
		b = append(b, s+sign+strconv.Itoa(levels[s]))
	}
	return strings.Join(b, " ")
}

func (q QueueSpec) check(needs map[int64]NeedSpec) error {
	if err := ValidName(q.Name); err != nil {
		return fmt.Errorf("%w: queue: %w", ErrSpec, err)
	}
	if _, ok := needs[q.Need]; !ok {
		return fmt.Errorf("%w: queue %s: no need %d", ErrSpec, q.Name, q.Need)
	}
	if _, ok := strategies[q.Strategy]; !ok {
		return fmt.Errorf("%w: queue %s: strategy %q", ErrSpec, q.Name, q.Strategy)
	}
	if q.Connect != "" && q.Connect != "bridge" && q.Connect != "dialplan" {
		return fmt.Errorf("%w: queue %s: connect %q", ErrSpec, q.Name, q.Connect)
	}
	for _, t := range []time.Duration{q.Timeout, q.Announce, q.AnnounceFirst, q.AnnounceMin, q.RingTimeout, q.Retry, q.WrapUp, q.Redial} {
		if t < 0 || t > 7*24*time.Hour {
			return fmt.Errorf("%w: queue %s: duration %s", ErrSpec, q.Name, t)
		}
	}
	return nil
}

func (q QueueSpec) record() queueRecord {
	or := func(d time.Duration, ms int64) int64 {
		if d > 0 {
			return d.Milliseconds()
		}
		return ms
	}
	music := q.Music
	if music == "" {
		music = "default"
	}
	return queueRecord{
		ID: q.ID, Need: needKey(q.Need), TimeoutMS: q.Timeout.Milliseconds(), AnnounceMS: q.Announce.Milliseconds(),
		AnnounceFirstMS: or(q.AnnounceFirst, AnnounceFirstMS), AnnounceMinMS: or(q.AnnounceMin, AnnounceMinMS),
		RingMS: or(q.RingTimeout, RingMS), RetryMS: or(q.Retry, RetryMS), WrapUpMS: q.WrapUp.Milliseconds(),
		RedialMS:  q.Redial.Milliseconds(),
		MaxMisses: q.MaxMisses, Connect: q.Connect, Music: music, Strategy: q.Strategy, Language: q.Language,
		Open: q.Open, Weight: q.Weight,
	}
}

func (a AgentSpec) check(needs map[int64]NeedSpec) error {
	if err := ValidName(a.ID); err != nil {
		return fmt.Errorf("%w: agent: %w", ErrSpec, err)
	}
	if a.Capacity < 0 || a.Capacity > 99 {
		return fmt.Errorf("%w: agent %s: capacity %d", ErrSpec, a.ID, a.Capacity)
	}
	if r := a.Restore; r != nil && !slices.Contains([]Mode{Ready, Paused, NotResponding, LoggedOut}, r.Mode) {
		return fmt.Errorf("%w: agent %s: restored mode %q", ErrSpec, a.ID, r.Mode)
	}
	seen := map[int64]bool{}
	for _, place := range a.Places {
		n, ok := needs[place.Need]
		switch {
		case !ok:
			return fmt.Errorf("%w: agent %s: no need %d", ErrSpec, a.ID, place.Need)
		case seen[place.Need]:
			return fmt.Errorf("%w: agent %s: need %d twice", ErrSpec, a.ID, place.Need)
		case place.Tier < 0 || place.Tier > 99 || place.Step < 0 || place.Step >= max(1, len(n.Steps)):
			return fmt.Errorf("%w: agent %s: tier %d step %d of need %d", ErrSpec, a.ID, place.Tier, place.Step, place.Need)
		}
		seen[place.Need] = true
	}
	return nil
}

type agentSpecRecord struct {
	Name   string `json:"name"`
	Cap    int    `json:"cap"`
	Places string `json:"places"` // need|tier|step|last step, strategy; see lua/lib/agent.lua
	WrapUp int64  `json:"wrap_up_ms"`
	Always int    `json:"always"`
	Skills string `json:"skills"` // for people
}

func (a AgentSpec) record(needs map[int64]NeedSpec, queues map[string]QueueSpec) agentSpecRecord {
	places := make([]string, len(a.Places))
	for i, pl := range a.Places {
		n := needs[pl.Need]
		places[i] = fmt.Sprintf("%08d|%02d|%02d|%02d%s", pl.Need, pl.Tier, pl.Step, max(1, len(n.Steps))-1,
			strategies[queues[n.Queue].Strategy])
	}
	slices.Sort(places)
	r := agentSpecRecord{Name: a.Name, Cap: max(1, a.Capacity), Places: strings.Join(places, ","), WrapUp: -1,
		Skills: skills(a.Skills, "=")}
	if a.WrapUp != nil {
		r.WrapUp = max(0, a.WrapUp.Milliseconds())
	}
	if a.AlwaysIn {
		r.Always = 1
	}
	return r
}
