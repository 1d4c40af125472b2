package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const (
	// projectBatch bounds the agents that one script re-indexes, moveBatch the contacts
	// that one script moves to the next version of their line: neither takes 2 ms.
	projectBatch = 16
	moveBatch    = 16
	linesSteps   = 100 // a step has two digits
)

// Strategies lists the names that QueueSpec.Strategy may have.
func Strategies() []string {
	names := slices.DeleteFunc(slices.Collect(maps.Keys(strategies)), func(s string) bool { return s == "" })
	slices.Sort(names)
	return names
}

// Project makes the directory's version the one that the pool works by. It
// gives false for a version that is not newer than the one applied, and for one
// that a newer one overtook on the way. It may be repeated after an error, by
// anybody: it begins with what is there. Only what differs is written, and only an
// agent who differs is touched.
//
// A need whose steps change goes on as a new version of its line: its agents
// stand in both, then the contacts move over, then the agents leave the old one.
// So nobody is offered by a mixture of the two, and nobody is overlooked meanwhile.
//
// A pool without a projection whose agents have modes to restore makes no offers
// for HoldMS: by then all callers are back, and the first to be served is the first
// who came.
func (p *Pool) Project(ctx context.Context, d Projection) (bool, error) {
	if err := d.check(); err != nil {
		return false, fmt.Errorf("project version %d: %w", d.Version, err)
	}
	what := "project version " + strconv.FormatInt(d.Version, 10)
	restored := d.restored()
	r, err := p.do(ctx, "project_open", what, nil, d.Version, d.Domain, d.Pool.options(), min(1, len(restored)))
	if err != nil || r.at(0) != "1" {
		return false, err
	}
	have, err := p.rdb.HGetAll(ctx, p.keys["dir"]).Result()
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	// What was read only says what need not be sent; the scripts compare again.
	next, err := d.compile(have)
	if err != nil {
		return false, fmt.Errorf("%s: %w", what, err)
	}
	for _, step := range []func() (bool, error){
		func() (bool, error) { return p.settle(ctx, what, d.Version, next.lines, have) },
		func() (bool, error) { return p.place(ctx, what, d.Version, next.both, have, restored) },
		func() (bool, error) { return p.settle(ctx, what, d.Version, next.settings, have) },
		func() (bool, error) { return p.moveOver(ctx, what, d.Version, next.retired) },
		func() (bool, error) { return p.place(ctx, what, d.Version, next.agents, have, restored) },
		func() (bool, error) { return p.settle(ctx, what, d.Version, next.gone, have) },
	} {
		if ok, err := step(); !ok || err != nil {
			return false, err
		}
	}
	return p.project(ctx, "project_close", what, d.Version, next.empty)
}

// settle writes fields of dir that differ, and remembers that it did; "" removes one.
func (p *Pool) settle(ctx context.Context, what string, version int64, fields, have map[string]string) (bool, error) {
	for part := range slices.Chunk(differ(have, fields), 2*200) {
		if ok, err := p.project(ctx, "project_dir", what, version, part); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// place does the same with agents, who are re-indexed by it.
func (p *Pool) place(ctx context.Context, what string, version int64, agents, have, restored map[string]string) (bool, error) {
	for pairs := range slices.Chunk(differ(have, agents), 2*projectBatch) {
		part := make([]string, 0, len(pairs)/2*3)
		for i := 0; i < len(pairs); i += 2 {
			part = append(part, pairs[i], pairs[i+1], restored[pairs[i]])
		}
		if ok, err := p.project(ctx, "project_agents", what, version, part); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

// moveOver empties lines that are no more, or another version.
func (p *Pool) moveOver(ctx context.Context, what string, version int64, lines []string) (bool, error) {
	for _, line := range lines {
		for {
			r, err := p.do(ctx, "project_move", what, nil, version, line, moveBatch)
			if err != nil || r.at(0) != "1" {
				return false, err
			}
			if r.int(1) < moveBatch {
				break
			}
		}
	}
	return true, nil
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

// differ lists field, value pairs in which want differs from have, and notes them in
// have; an empty value removes.
func differ(have, want map[string]string) []string {
	var pairs []string
	for _, field := range slices.Sorted(maps.Keys(want)) {
		if have[field] != want[field] {
			pairs = append(pairs, field, want[field])
			have[field] = want[field]
		}
	}
	return pairs
}

// compiled is what Project writes, in this order.
type compiled struct {
	lines    map[string]string // of the needs, new versions beside old ones
	both     map[string]string // agents, in the old versions of their lines and in the new ones
	settings map[string]string // queues by the new versions, and what became of the old ones
	retired  []string          // lines whose contacts move over
	agents   map[string]string // agents as they are to be
	gone     map[string]string // what is no more
	empty    []string          // lines of queues that callers leave when nobody serves them, and that are new or were edited
}

// compile holds the projection against what is there.
func (d Projection) compile(have map[string]string) (compiled, error) {
	c := compiled{lines: map[string]string{}, both: map[string]string{}, settings: map[string]string{},
		agents: map[string]string{}, gone: map[string]string{}}
	queues := map[string]QueueSpec{}
	for _, q := range d.Queues {
		queues[q.Name] = q
	}
	there := linesOf(have)
	candidates := candidatesOf(d.Agents)
	lines := map[int64]*compiledLine{}
	retired := map[string]bool{}
	for _, n := range d.Needs {
		l := compileLine(n, queues[n.Queue], candidates[n.ID])
		if len(l.steps) > linesSteps {
			return c, fmt.Errorf("%w: need %d: its steps and the delays of its agents make %d steps, more than %d", ErrSpec, n.ID,
				len(l.steps), linesSteps)
		}
		lines[n.ID] = l
		l.take(there[n.ID])
		c.lines["was|"+l.name] = "" // of this name there may have been one before
		c.lines["line|"+l.name] = text(l.record(d.Version))
		c.settings["named|"+Escape(n.Queue)+"|"+Escape(n.Name)] = l.name
		for _, older := range there[n.ID] {
			if older.name != l.name && !older.over {
				retired[older.name] = true
				c.settings["was|"+older.name] = l.became(older.lineRecord)
				c.retired = append(c.retired, older.name)
				c.gone["line|"+older.name] = ""
			}
		}
	}
	for _, q := range d.Queues {
		c.settings["queue|"+Escape(q.Name)] = text(q.record(lines[q.Need].name))
		c.settings["ring|"+Escape(q.Name)] = text(q.ring())
	}
	for _, l := range lines {
		name, record := "queue|"+Escape(l.queue.Name), "line|"+l.name
		if len(l.queue.LeaveEmpty) > 0 && (have[name] != c.settings[name] || have[record] == "") {
			c.empty = append(c.empty, l.name)
		}
	}
	frees := heldHeads(lines)
	for i, a := range d.Agents {
		spec := compileAgent(i, a, lines, frees, d.Pool)
		field := "agent|" + Escape(a.ID)
		c.agents[field] = text(spec)
		if len(retired) > 0 && have[field] != "" && have[field] != c.agents[field] {
			c.both[field] = text(spec.beside(have[field], retired))
		}
	}
	c.forget(have)
	return c, nil
}

// forget finds what the projection does not have any more. A line is kept, and what became
// of it: who waits there goes on in it should the queue come back, and a contact may come
// back to it from a call.
func (c *compiled) forget(have map[string]string) {
	for field := range have {
		kind, _, _ := strings.Cut(field, "|")
		of := map[string]map[string]string{"agent": c.agents, "queue": c.settings, "ring": c.settings, "named": c.settings}[kind]
		if _, is := of[field]; of == nil || is {
			continue
		}
		if kind == "agent" {
			c.agents[field] = ""
		} else {
			c.gone[field] = ""
		}
	}
}

// older is a line that is there already, or was.
type older struct {
	name string
	over bool
	lineRecord
}

// linesOf reads the lines that are there, by need.
func linesOf(have map[string]string) map[int64][]older {
	all := map[int64][]older{}
	for _, field := range slices.Sorted(maps.Keys(have)) {
		kind, name, _ := strings.Cut(field, "|")
		id, _ := needOfLine(name)
		o := older{name: name, over: kind == "was"}
		if id > 0 && (o.over || kind == "line" && json.Unmarshal([]byte(have[field]), &o.lineRecord) == nil && o.Last < linesSteps) {
			all[id] = append(all[id], o)
		}
	}
	return all
}

// take gives the line the name of the version that is there with the same content, or
// of the next one.
func (l *compiledLine) take(there []older) {
	strategy, medium := l.letters()
	version := -1
	for _, o := range there {
		_, v := needOfLine(o.name)
		same := !o.over && o.name == needLine(strategy, medium, l.need.ID, v) && o.After == l.record(0).After &&
			slices.Equal(o.Asked, l.asked) && slices.Equal(o.Reserve, l.holds) && o.Queue == Escape(l.queue.Name)
		if same {
			l.name = o.name
			return
		}
		version = max(version, v)
	}
	l.name = needLine(strategy, medium, l.need.ID, version+1)
}

// beside is the record with the places that the agent has in retired lines.
func (r agentRecordSpec) beside(have string, retired map[string]bool) agentRecordSpec {
	var was agentRecordSpec
	if json.Unmarshal([]byte(have), &was) != nil {
		return r
	}
	// Their own ranking of lines waits until the old ones are empty.
	r.Places, r.Heads, r.Ranks, r.Targets = slices.Clone(r.Places), slices.Clone(r.Heads), nil, nil
	own := r.Own != nil || was.Own != nil
	if own && r.Own == nil {
		r.Own = slices.Repeat([]string{"0000"}, len(r.Places))
	}
	for i, p := range was.Places {
		if retired[placeLine(p)] {
			r.Places = append(r.Places, p)
			if own {
				if i < len(was.Own) {
					r.Own = append(r.Own, was.Own[i])
				} else {
					r.Own = append(r.Own, "0000")
				}
			}
		}
	}
	for _, h := range was.Heads {
		if retired[placeLine(h)] {
			r.Heads = append(r.Heads, h)
		}
	}
	r.Spare = slices.Concat(withoutRanks(r.Spare, nil), withoutRanks(was.Spare, retired))
	r.Frees = slices.Concat(r.Frees, withoutRanks(was.Frees, retired))
	return r
}

// withoutRanks gives the spares, of these lines alone if any are named.
func withoutRanks(all []spare, lines map[string]bool) []spare {
	var out []spare
	for _, s := range all {
		if lines == nil || len(s.Heads) > 0 && lines[placeLine(s.Heads[0])] {
			out = append(out, spare{Group: s.Group, Keep: s.Keep, Heads: s.Heads})
		}
	}
	return out
}

// restored gives the modes to restore, by the agent's field.
func (d Projection) restored() map[string]string {
	all := map[string]string{}
	for _, a := range d.Agents {
		if a.Restore != nil {
			all["agent|"+Escape(a.ID)] = text(restoredRecord{string(a.Restore.Mode), strings.ToValidUTF8(a.Restore.Reason, "?"),
				cmp.Or(toMicros(a.Restore.Since), "1"), toMicros(a.Restore.Until)})
		}
	}
	return all
}

type restoredRecord struct {
	Mode   string `json:"mode"`
	Reason string `json:"reason,omitempty"`
	Since  string `json:"since"`
	Until  string `json:"until_at,omitempty"`
}
