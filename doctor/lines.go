package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// books are the records of all pools, as a node's lines are held against them.
type books struct {
	contacts map[string]map[string]entry // node → channel → whose it is
	offers   map[string]offer            // by id
	legs     map[string]offer
}

type entry struct {
	pool    string
	contact queue.Contact
}

type offer struct {
	pool string
	queue.Offer
}

func newBooks() *books {
	return &books{contacts: map[string]map[string]entry{}, offers: map[string]offer{}, legs: map[string]offer{}}
}

func (b *books) add(pool string, a queue.Audit) {
	for _, c := range a.Contacts {
		if b.contacts[c.Node] == nil {
			b.contacts[c.Node] = map[string]entry{}
		}
		b.contacts[c.Node][c.Channel] = entry{pool, c}
	}
	for _, o := range a.Offers {
		b.offers[o.ID] = offer{pool, o}
		for _, leg := range o.Legs {
			b.legs[leg] = offer{pool, o}
		}
	}
}

// homeless are contacts on nodes that nobody knows.
func (b *books) homeless(known map[string]bool) []Finding {
	var found []Finding
	for node, contacts := range b.contacts {
		if known[node] {
			continue
		}
		for channel, e := range contacts {
			found = append(found, Finding{Kind: "node_unknown", Pool: e.pool, Queue: e.contact.Queue, Contact: e.contact.ID, Channel: channel, Node: node,
				Text:   fmt.Sprintf("contact %s is on node %s, which is not registered", e.contact.ID, node),
				Remedy: "the contact ends when the node registers again, with its old boot or a new one"})
		}
	}
	return found
}

// node looks at one node, and holds its lines against the books.
func (d *Doctor) node(ctx context.Context, n queue.Node, b *books) []Finding {
	var found []Finding
	say := func(kind, text, remedy string, note bool) {
		found = append(found, Finding{Kind: kind, Note: note, Node: n.ID, Text: text, Remedy: remedy})
	}
	if stateOf(n) == NodeUnseen {
		say("node_unseen", fmt.Sprintf("no stasis has heard of node %s since %s", n.ID, n.SeenAt.UTC().Format(time.DateTime)),
			"look whether the node runs and reaches HAProxy; a dead one is forgotten by itself within 10 s, its contacts end as lost with it", false)
	}
	if n.Draining {
		say("node_draining", "node "+n.ID+" drains: it gets no new calls", "holdline node undrain "+n.ID+" takes it back", true)
	}
	if n.Full {
		say("node_full", "node "+n.ID+" is full: new calls go to others", "more nodes, or a higher HOLDLINE_MAX_CALLS", true)
	}
	if d.Nodes.Asterisk == nil {
		return found
	}
	asterisk := d.Nodes.Asterisk(n.REST)
	channels, err := asterisk.Channels(ctx)
	var bridges []ari.Bridge
	var app ari.Application
	if err == nil {
		bridges, err = asterisk.Bridges(ctx)
	}
	if err == nil {
		app, err = asterisk.Application(ctx, application)
	}
	if err != nil {
		say("node_unreachable", "node "+n.ID+" does not answer: "+err.Error(),
			"look whether it runs, and whether its REST address "+n.REST+" and the ARI user are right; its callers were not compared", false)
		return found
	}
	l := lines{node: n.ID, channels: map[string]ari.Channel{}, inside: map[string]bool{}, bridges: map[string][]string{}}
	for _, ch := range channels {
		l.channels[ch.ID] = ch
	}
	// The application hears also of calls that have left it, and one that waits to be
	// claimed looks as if it were inside: inside are those that both say.
	for _, id := range app.Channels {
		l.inside[id] = strings.HasPrefix(l.channels[id].Dialplan.AppName, "Stasis")
	}
	for _, br := range bridges {
		l.bridges[br.ID] = br.Channels
	}
	return slices.Concat(found, l.callers(b), l.legs(b), l.halfBuilt(b))
}

// lines are what one node has.
type lines struct {
	node     string
	channels map[string]ari.Channel
	inside   map[string]bool     // channels in the application
	bridges  map[string][]string // members
}

// application is the name under which the nodes know Holdline.
const application = "holdline"

// callers are those without a record, and records without a caller.
func (l lines) callers(b *books) []Finding {
	var found []Finding
	for id, ch := range l.channels {
		// A feature code is inside for an instant and has no contact.
		if _, recorded := b.contacts[l.node][id]; recorded || strings.HasPrefix(id, legPrefix) || !l.inside[id] ||
			strings.Contains(ch.Dialplan.AppData, "feature=") {
			continue
		}
		found = append(found, Finding{Kind: "caller_without_record", Channel: id, Node: l.node,
			Text: fmt.Sprintf("caller %s on channel %s of %s is in the queue's application and has no record", ch.Caller.Number, id, l.node), Remedy: mendsItself})
	}
	for channel, e := range b.contacts[l.node] {
		if _, there := l.channels[channel]; !there {
			found = append(found, Finding{Kind: "record_without_caller", Pool: e.pool, Queue: e.contact.Queue, Contact: e.contact.ID, Channel: channel,
				Node: l.node, Text: fmt.Sprintf("contact %s is %s, and its channel %s is not on %s", e.contact.ID, e.contact.State, channel, l.node),
				Remedy: mendsItself})
		}
	}
	return found
}

// legs are those without an open offer, and offers whose winner is gone.
func (l lines) legs(b *books) []Finding {
	var found []Finding
	for id := range l.channels {
		o, open := b.legs[id]
		if !strings.HasPrefix(id, legPrefix) || open && (o.Winner == "" || o.Winner == id) {
			continue
		}
		found = append(found, Finding{Kind: "leg_without_offer", Pool: o.pool, Channel: id, Node: l.node, Offer: o.ID,
			Text: fmt.Sprintf("leg %s on %s rings or talks, and its offer is closed", id, l.node), Remedy: mendsItself})
	}
	for leg, o := range b.legs {
		if _, there := l.channels[leg]; !there && o.Node == l.node && o.Winner == leg {
			found = append(found, Finding{Kind: "call_without_leg", Pool: o.pool, Contact: o.Contact, Offer: o.ID, Agent: o.Agent, Channel: leg, Node: l.node,
				Text: fmt.Sprintf("agent %s talks in offer %s, and their leg %s is not on %s", o.Agent, o.ID, leg, l.node), Remedy: mendsItself})
		}
	}
	return found
}

// halfBuilt are bridges that lack one of the two, and those that nobody needs.
func (l lines) halfBuilt(b *books) []Finding {
	var found []Finding
	for id, o := range b.offers {
		if o.Node != l.node || o.Winner == "" || o.Connect == "dialplan" {
			continue
		}
		for _, channel := range []string{o.Channel, o.Winner} {
			if _, there := l.channels[channel]; there && !slices.Contains(l.bridges[o.Bridge], channel) {
				found = append(found, Finding{Kind: "half_built_bridge", Pool: o.pool, Contact: o.Contact, Offer: id, Agent: o.Agent, Channel: channel, Node: l.node,
					Text: fmt.Sprintf("offer %s was answered by %s, and channel %s is not in their bridge", id, o.Agent, channel), Remedy: mendsItself})
			}
		}
	}
	for id, members := range l.bridges {
		of, ours := queue.OfferOfLeg(strings.TrimSuffix(id, "-br") + "-00")
		if _, open := b.offers[of]; !ours || open {
			continue
		}
		found = append(found, Finding{Kind: "bridge_without_offer", Offer: of, Channel: strings.Join(members, " "), Node: l.node,
			Text: fmt.Sprintf("bridge %s on %s holds %d, and its offer is closed", id, l.node, len(members)), Remedy: mendsItself})
	}
	return found
}
