package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"holdline/directory"
	"holdline/queue"
)

// Directory is what people edited. directory.Directory satisfies it.
type Directory interface {
	Version(ctx context.Context) (int64, error)
	Pools(ctx context.Context) ([]string, error)
	Load(ctx context.Context, pool string) (queue.Projection, error)
}

// Doctor looks at everything once, and again.
type Doctor struct {
	Nodes     *Nodes
	Directory Directory                                 // nil: not looked at
	Info      func(ctx context.Context) (string, error) // Redis's INFO
	// Gap lies between the two sightings; default 1 s, Holdline's own pace.
	Gap time.Duration
}

// Examine gives what is wrong. An error says that Redis could not be looked at, and
// so nothing is known.
func (d *Doctor) Examine(ctx context.Context) (Report, error) {
	gap := d.Gap
	if gap <= 0 {
		gap = time.Second
	}
	first, err := d.sight(ctx)
	if err != nil {
		return Report{}, err
	}
	found := first
	if len(first) > 0 {
		timer := time.NewTimer(gap)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return Report{}, ctx.Err()
		case <-timer.C:
		}
		second, err := d.sight(ctx)
		if err != nil {
			return Report{}, err
		}
		found = twice(first, second)
	}
	notes, err := d.repairs(ctx)
	if err != nil {
		return Report{}, err
	}
	looked := []string{"redis"}
	if d.Nodes.Asterisk != nil {
		looked = append(looked, "nodes")
	}
	if d.Directory != nil {
		looked = append(looked, "directory")
	}
	return report(looked, slices.Concat(found, d.unasked(), d.redis(ctx), notes)), nil
}

// sight looks once at what may be a moment ahead of the rest.
func (d *Doctor) sight(ctx context.Context) ([]Finding, error) {
	pools, err := d.Nodes.Registry.Pools(ctx)
	if err != nil {
		return nil, err
	}
	nodes, err := d.Nodes.Registry.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	var found []Finding
	b := newBooks()
	audits := map[string]queue.Audit{}
	for _, pool := range pools {
		audit, err := d.Nodes.Open(pool).Audit(ctx)
		if err != nil {
			return nil, fmt.Errorf("look at pool %s: %w", pool, err)
		}
		audits[pool] = audit
		b.add(pool, audit)
		for _, f := range audit.Faults {
			found = append(found, Finding{Kind: string(f.Kind), Pool: pool, Queue: f.Queue, Contact: f.Contact, Offer: f.Offer,
				Agent: f.Agent, Text: f.Text, Remedy: poolRemedies[f.Kind]})
		}
	}
	known := map[string]bool{}
	for _, n := range nodes {
		known[n.ID] = true
		found = append(found, d.node(ctx, n, b)...)
	}
	found = append(found, b.homeless(known)...)
	return append(found, d.directory(ctx, pools, audits)...), nil
}

// directory compares what people edited with what the pools work by.
func (d *Doctor) directory(ctx context.Context, pools []string, audits map[string]queue.Audit) []Finding {
	if d.Directory == nil {
		return nil
	}
	away := func(err error) []Finding {
		return []Finding{{Kind: "directory_unreachable", Text: "the directory could not be read: " + err.Error(),
			Remedy: "calls go on; edits take effect when MySQL answers again"}}
	}
	listed, err := d.Directory.Pools(ctx)
	if err != nil {
		return away(err)
	}
	version, err := d.Directory.Version(ctx)
	if err != nil {
		return away(err)
	}
	var found []Finding
	for _, pool := range listed {
		audit, there := audits[pool]
		switch {
		case !there:
			found = append(found, Finding{Kind: "pool_not_projected", Pool: pool, Text: "pool " + pool + " is in the directory, and Redis does not know it",
				Remedy: "a callmanager projects it within 2 s: look whether one runs and reaches MySQL"})
			continue
		case audit.Version < version:
			found = append(found, Finding{Kind: "directory_not_projected", Pool: pool,
				Text:   "the directory is at version " + strconv.FormatInt(version, 10) + ", the pool works by " + strconv.FormatInt(audit.Version, 10),
				Remedy: "a callmanager projects it within 2 s: look whether one runs, reaches MySQL, and what it logs of the directory"})
		}
		p, err := d.Directory.Load(ctx, pool)
		if errors.Is(err, directory.ErrNoPool) {
			continue // removed since
		}
		if err != nil {
			return append(found, away(err)...)
		}
		found = append(found, people(pool, p, audit)...)
	}
	for _, pool := range pools {
		if !slices.Contains(listed, pool) {
			found = append(found, Finding{Kind: "pool_not_in_directory", Pool: pool, Text: "Redis knows pool " + pool + ", and the directory does not",
				Remedy: "its queues go on as they were; SREM holdline:pools " + pool + " when nobody is in it any more"})
		}
	}
	return found
}

// people are the agents who are in one and not in the other.
func people(pool string, p queue.Projection, audit queue.Audit) []Finding {
	var found []Finding
	listed, there := map[string]bool{}, map[string]bool{}
	for _, a := range p.Agents {
		listed[a.ID] = true
	}
	for _, a := range audit.Agents {
		there[a.ID] = true
		if !listed[a.ID] && !a.Leaving {
			found = append(found, Finding{Kind: "agent_not_in_directory", Pool: pool, Agent: a.ID,
				Text: "agent " + a.ID + " is in the pool, and not in the directory", Remedy: "any edit of the directory has the pool projected again"})
		}
	}
	for id := range listed {
		if !there[id] {
			found = append(found, Finding{Kind: "agent_not_projected", Pool: pool, Agent: id,
				Text: "agent " + id + " is in the directory, and not in the pool", Remedy: "any edit of the directory has the pool projected again"})
		}
	}
	return found
}

// repairsShown is how many of the last repairs a report has, of each pool.
const repairsShown = 5

func (d *Doctor) repairs(ctx context.Context) ([]Finding, error) {
	pools, err := d.Nodes.Registry.Pools(ctx)
	if err != nil {
		return nil, err
	}
	var notes []Finding
	for _, pool := range pools {
		repairs, err := d.Nodes.Open(pool).Repairs(ctx, repairsShown)
		if err != nil {
			return nil, err
		}
		for _, r := range repairs {
			notes = append(notes, Finding{Kind: "repaired", Note: true, Pool: pool, Contact: r.Contact, Channel: r.Channel, Node: r.Node,
				Text: "mended at " + r.At.UTC().Format(time.DateTime) + " UTC: " + r.Kind, Remedy: "nothing to do"})
		}
	}
	return notes, nil
}

func (d *Doctor) unasked() []Finding {
	var notes []Finding
	if d.Nodes.Asterisk == nil {
		notes = append(notes, Finding{Kind: "nodes_not_asked", Note: true, Text: "the nodes were not asked: there is no ARI user",
			Remedy: "set HOLDLINE_ARI_USER and HOLDLINE_ARI_PASSWORD"})
	}
	if d.Directory == nil {
		notes = append(notes, Finding{Kind: "directory_not_asked", Note: true, Text: "the directory was not asked: there is no MySQL user",
			Remedy: "set HOLDLINE_MYSQL_USER and HOLDLINE_MYSQL_PASSWORD"})
	}
	return notes
}
