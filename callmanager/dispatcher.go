package callmanager

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"holdline/queue"
)

// Dispatcher is one Kamailio's list of Asterisk nodes. Kamailio satisfies it.
type Dispatcher interface {
	Name() string
	Destinations(ctx context.Context) (map[string]Destination, error) // by address
	Add(ctx context.Context, uri string, d Destination) error
	Set(ctx context.Context, uri string, d Destination) error
	Remove(ctx context.Context, uri string) error
}

// Destination is how a Kamailio treats an address of its list: as a node of ours,
// which may ring agents and speak within its calls; and, unless it is closed, as
// one that takes new calls.
type Destination string

// The two kinds of Destination.
const (
	Open   Destination = "open"
	Closed Destination = "closed"
)

// Dispatchers keeps every Kamailio's list equal to the nodes that have registered
// themselves. A Kamailio that restarts with an empty list is filled again at the
// next look; whether a node answers is Kamailio's own judgement, by OPTIONS. A node
// that drains or is full stays in the list, closed: its callers wait there, and
// are served there.
type Dispatchers struct {
	Registry Registry
	Kamailio []Dispatcher
	Log      zerolog.Logger
	Metrics  *Metrics
	// Every is the pause between two looks; default 1 s.
	Every time.Duration
	// Forget is how long a node may go unseen before it leaves the lists; the
	// last nodes seen stay, so that an outage of ours empties no list. Default 2 min.
	Forget time.Duration
}

// Run looks until ctx ends.
func (d *Dispatchers) Run(ctx context.Context) error {
	if d.Every <= 0 {
		d.Every = time.Second
	}
	if d.Forget <= 0 {
		d.Forget = 2 * time.Minute
	}
	d.look(ctx)
	repeat(ctx, d.Every, d.look)
	return nil
}

func (d *Dispatchers) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	nodes, err := d.Registry.Nodes(ctx)
	if err != nil || len(nodes) == 0 {
		return // nothing is known: nothing is changed
	}
	want := d.wanted(ctx, nodes)
	for _, k := range d.Kamailio {
		if err := d.bring(ctx, k, want); err != nil && ctx.Err() == nil {
			d.Metrics.destination.WithLabelValues("failed").Inc()
			d.Log.Warn().Err(err).Str("kamailio", k.Name()).Msg("dispatcher list not brought up to date")
		}
	}
}

// wanted gives the addresses to list, and forgets the nodes that are gone.
func (d *Dispatchers) wanted(ctx context.Context, nodes []queue.Node) map[string]Destination {
	newest := nodes[0].SeenAt
	for _, n := range nodes {
		if n.SeenAt.After(newest) {
			newest = n.SeenAt
		}
	}
	want := map[string]Destination{}
	var full []string
	open := 0
	for _, n := range nodes {
		// Counted from the newest sighting, not from now: when no stasis is
		// alive, no node has been seen, and none is to be forgotten for it.
		if newest.Sub(n.SeenAt) > d.Forget {
			if err := d.Registry.RemoveNode(ctx, n.ID); err == nil {
				d.Log.Info().Str("node", n.ID).Time("seen", n.SeenAt).Msg("node forgotten")
			}
			continue
		}
		switch {
		case n.SIP == "":
		case n.Draining:
			want[n.SIP] = Closed
		case n.Full:
			want[n.SIP] = Closed
			full = append(full, n.SIP)
		default:
			want[n.SIP] = Open
			open++
		}
	}
	if open == 0 {
		// Whom all of them would turn away is left to their own hard bounds,
		// which let in the first call after one has ended.
		for _, uri := range full {
			want[uri] = Open
		}
	}
	return want
}

func (d *Dispatchers) bring(ctx context.Context, k Dispatcher, want map[string]Destination) error {
	have, err := k.Destinations(ctx)
	if err != nil {
		return err
	}
	for uri, is := range have {
		wanted, stays := want[uri]
		switch {
		case !stays:
			if err := k.Remove(ctx, uri); err != nil {
				return err
			}
			d.changed(k, "removed", uri)
		case is != wanted:
			if err := k.Set(ctx, uri, wanted); err != nil {
				return err
			}
			d.changed(k, string(wanted), uri)
		}
	}
	for uri, wanted := range want {
		if _, listed := have[uri]; listed {
			continue
		}
		if err := k.Add(ctx, uri, wanted); err != nil {
			return err
		}
		d.changed(k, "added", uri)
	}
	return nil
}

func (d *Dispatchers) changed(k Dispatcher, change, uri string) {
	d.Metrics.destination.WithLabelValues(change).Inc()
	d.Log.Info().Str("kamailio", k.Name()).Str("uri", uri).Msg("dispatcher destination " + change)
}
