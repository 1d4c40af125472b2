package fake

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"holdline/ari"
)

// routeTable is every endpoint that is served. Routes run with the lock held.
func (n *Node) routeTable() map[string]func(call) reply {
	return map[string]func(call) reply{
		"GET /asterisk/ping": func(call) reply {
			return ok(map[string]string{"asterisk_id": n.entity, "ping": "pong", "timestamp": stamp(n.now())})
		},
		"GET /asterisk/info":      n.info,
		"GET /asterisk/variable":  func(c call) reply { return ok(map[string]string{"value": n.globals[c.Get("variable")]}) },
		"POST /asterisk/variable": func(c call) reply { n.globals[c.Get("variable")] = c.Get("value"); return noContent },

		"GET /channels":                              n.listChannels,
		"POST /channels":                             n.originate,
		"POST /channels/create":                      n.create,
		"GET /channels/{channel}":                    n.channel(func(ch *channel, _ call) reply { return ok(ch.wire()) }),
		"DELETE /channels/{channel}":                 n.channel(n.hangUp),
		"POST /channels/{channel}/dial":              n.inside(n.dial),
		"POST /channels/{channel}/answer":            n.inside(up(n.answer)),
		"POST /channels/{channel}/continue":          n.inside(up(n.continueInDialplan)),
		"POST /channels/{channel}/ring":              n.inside(up(later(func(ch *channel, _ call) { ch.ringing = true }))),
		"DELETE /channels/{channel}/ring":            n.inside(up(later(func(ch *channel, _ call) { ch.ringing = false }))),
		"POST /channels/{channel}/moh":               n.inside(up(later(func(ch *channel, c call) { ch.musicOn, ch.music = true, c.or("mohClass", "default") }))),
		"DELETE /channels/{channel}/moh":             n.inside(up(later(func(ch *channel, _ call) { ch.musicOn = false }))),
		"POST /channels/{channel}/dtmf":              n.inside(up(later(func(*channel, call) {}))),
		"POST /channels/{channel}/play":              n.inside(up(func(ch *channel, c call) reply { return n.playOnChannel(ch, c.query) })),
		"GET /channels/{channel}/variable":           n.provided(n.variable),
		"POST /channels/{channel}/variable":          n.inside(n.setVariable),
		"GET /channels/{channel}/variables":          n.provided(n.variables),
		"POST /channels/{channel}/variables":         n.provided(onlyInside(n.setVariables)),
		"POST /channels/{channel}/transfer_progress": n.inside(func(*channel, call) reply { return noContent }),

		"GET /channels/{channel}/rtp_statistics": n.channel(n.rtpStatistics),

		"GET /bridges":                         n.listBridges,
		"POST /bridges":                        func(c call) reply { return n.createBridge(c.query) },
		"GET /bridges/{bridge}":                n.bridge(func(b *bridge, _ call) reply { return ok(b.wire()) }),
		"DELETE /bridges/{bridge}":             n.bridge(func(b *bridge, _ call) reply { return n.deleteBridge(b) }),
		"POST /bridges/{bridge}/addChannel":    n.bridge(func(b *bridge, c call) reply { return n.addToBridge(b, c.query) }),
		"POST /bridges/{bridge}/removeChannel": n.bridge(func(b *bridge, c call) reply { return n.removeFromBridge(b, c.query) }),
		"POST /bridges/{bridge}/moh":           n.bridge(func(b *bridge, c call) reply { return n.bridgeMusic(b, c.query) }),
		"DELETE /bridges/{bridge}/moh":         n.bridge(func(b *bridge, _ call) reply { return n.stopBridgeMusic(b) }),
		"POST /bridges/{bridge}/play":          n.bridge(func(b *bridge, c call) reply { return n.playOnBridge(b, c.query) }),

		"GET /playbacks/{playback}":    n.playback(func(p *playback) reply { return ok(p.wire()) }),
		"DELETE /playbacks/{playback}": n.playback((*playback).stop),

		"GET /applications":                     func(call) reply { return ok([]wireApplication{n.application()}) },
		"GET /applications/{app}":               n.app(func(call) reply { return ok(n.application()) }),
		"PUT /applications/{app}/eventFilter":   n.app(n.setFilter),
		"POST /applications/{app}/subscription": n.app(n.subscribe),
		"POST /events/claim":                    func(c call) reply { return n.claim(c.Get("channelId")) },
		"GET /endpoints/{tech}/{resource}":      n.endpoint,
	}
}

func (n *Node) channel(do func(*channel, call) reply) func(call) reply {
	return n.found("Channel not found", do)
}

// provided are the routes in which Asterisk says it in other words.
func (n *Node) provided(do func(*channel, call) reply) func(call) reply {
	return n.found("Provided channel was not found", do)
}

func (n *Node) found(otherwise string, do func(*channel, call) reply) func(call) reply {
	return func(c call) reply {
		ch, found := n.channels[c.path("channel")]
		if !found {
			return refuse(404, otherwise)
		}
		return do(ch, c)
	}
}

// inside are the routes of channels that the application holds.
func (n *Node) inside(do func(*channel, call) reply) func(call) reply {
	return n.channel(onlyInside(do))
}

func onlyInside(do func(*channel, call) reply) func(*channel, call) reply {
	return func(ch *channel, c call) reply {
		if !ch.inside {
			return refuse(409, "Channel not in Stasis application")
		}
		return do(ch, c)
	}
}

// up refuses for legs that are not answered.
func up(do func(*channel, call) reply) func(*channel, call) reply {
	return func(ch *channel, c call) reply {
		if ch.state == ari.StateDown || ch.state == ari.StateRinging {
			return refuse(412, "Channel in invalid state")
		}
		return do(ch, c)
	}
}

// later is answered at once and done when the channel's turn comes.
func later(do func(*channel, call)) func(*channel, call) reply {
	return func(ch *channel, c call) reply {
		ch.send(func() { do(ch, c) })
		return noContent
	}
}

func (n *Node) bridge(do func(*bridge, call) reply) func(call) reply {
	return func(c call) reply {
		b, found := n.bridges[c.path("bridge")]
		if !found {
			return refuse(404, "Bridge not found")
		}
		return do(b, c)
	}
}

func (n *Node) playback(do func(*playback) reply) func(call) reply {
	return func(c call) reply {
		p, found := n.playbacks[c.path("playback")]
		if !found {
			return refuse(404, "Playback not found")
		}
		return do(p)
	}
}

func (n *Node) app(do func(call) reply) func(call) reply {
	return func(c call) reply {
		if c.path("app") != n.options.Application {
			return refuse(404, "Application not found")
		}
		return do(c)
	}
}

func (n *Node) info(call) reply {
	return ok(map[string]any{
		"system": map[string]string{"version": "22.10.1-fake", "entity_id": n.entity},
		"config": map[string]string{"name": n.options.Node, "default_language": "en"},
		"status": map[string]string{"startup_time": stamp(n.started), "last_reload_time": stamp(n.started)},
	})
}

func (n *Node) listChannels(call) reply {
	all := make([]*wireChannel, 0, len(n.channels))
	for _, ch := range n.channels {
		all = append(all, ch.wire())
	}
	return ok(all)
}

func (n *Node) listBridges(call) reply {
	all := make([]*wireBridge, 0, len(n.bridges))
	for _, b := range n.bridges {
		all = append(all, b.wire())
	}
	return ok(all)
}

func (n *Node) application() wireApplication {
	a := wireApplication{
		Name: n.options.Application, Channels: []string{}, Bridges: []string{}, Endpoints: []string{}, Devices: []string{},
		Allowed: filters(n.allowed), Disallowed: filters(n.disallowed),
	}
	for id, ch := range n.channels {
		if ch.subscribed > 0 {
			a.Channels = append(a.Channels, id)
		}
	}
	for id, b := range n.bridges {
		if b.subscribed > 0 {
			a.Bridges = append(a.Bridges, id)
		}
	}
	return a
}

func filters(types []string) []wireFilter {
	all := make([]wireFilter, 0, len(types))
	for _, t := range types {
		all = append(all, wireFilter{Type: t})
	}
	return all
}

func (n *Node) setFilter(c call) reply {
	read := func(name string) (types []string, valid bool) {
		var all []wireFilter
		if raw, there := c.body[name]; there && json.Unmarshal(raw, &all) != nil {
			return nil, false
		}
		for _, f := range all {
			types = append(types, f.Type)
		}
		return types, true
	}
	allowed, validAllowed := read("allowed")
	disallowed, validDisallowed := read("disallowed")
	if !validAllowed || !validDisallowed {
		return refuse(400, "Bad request")
	}
	n.allowed, n.disallowed = allowed, disallowed
	return ok(n.application())
}

func (n *Node) endpoint(c call) reply {
	tech, resource := c.path("tech"), c.path("resource")
	state, set := n.routes[resource]
	switch {
	case !strings.EqualFold(tech, "PJSIP"), slices.Contains(n.options.MissingRoutes, resource):
		return refuse(404, "Endpoint not found")
	case !set && strings.HasPrefix(resource, "hl-"): // what the suite asks for is nobody's endpoint
		return refuse(404, "Endpoint not found")
	case !set:
		state = "online"
	}
	return ok(wireEndpoint{Technology: "PJSIP", Resource: resource, State: state, Channels: []string{}})
}

// Route sets the state of an endpoint, as its qualify probes see it: online or offline.
func (n *Node) Route(name, state string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.routes[name] = state
}

func (n *Node) hangUp(ch *channel, c call) reply {
	cause := 16
	if code := c.Get("reason_code"); code != "" {
		var err error
		if cause, err = parseInt(code); err != nil {
			return refuse(400, "Invalid reason for hangup reason code provided")
		}
	}
	if ch.leg != nil && ch.leg.waits() && ch.leg.dialled {
		ch.leg.cancel(cause)
	} else {
		ch.hangUp(cause, 0, true)
	}
	return noContent
}

func (n *Node) answer(ch *channel, _ call) reply {
	command := ch.send(func() {
		if !ch.left {
			ch.ringing = false
			ch.setState(ari.StateUp)
		}
	})
	return reply{wait: command, then: func(failed bool) reply {
		if failed {
			return refuse(500, "Failed to answer channel")
		}
		return noContent
	}}
}

func (n *Node) continueInDialplan(ch *channel, c call) reply {
	ch.send(func() {
		if ch.left {
			return
		}
		ch.leave()
		switch {
		case c.Get("context") != "":
			ch.dialplan.Context, ch.dialplan.Exten, ch.dialplan.Priority = c.Get("context"), c.or("extension", "s"), 0
		case c.Get("extension") != "":
			ch.dialplan.Exten, ch.dialplan.Priority = c.Get("extension"), 0
		}
		if priority, err := parseInt(c.Get("priority")); err == nil {
			ch.dialplan.Priority = priority - 1
		}
		if ch.person != nil {
			ch.person.back("SUCCESS")
		} else {
			ch.dialplan.AppName, ch.dialplan.AppData = "Wait", "600"
			ch.dialplan.Priority++
		}
	})
	return noContent
}

func (n *Node) variable(ch *channel, c call) reply {
	value, found := ch.get(c.Get("variable"))
	if !found {
		return refuse(404, "Provided variable was not found")
	}
	return ok(map[string]string{"value": value})
}

func (n *Node) variables(ch *channel, c call) reply {
	values := map[string]string{}
	for _, name := range c.list("variables") {
		value, found := ch.get(name)
		if !found {
			return refuse(404, "Provided variable was not found")
		}
		values[name] = value
	}
	return ok(map[string]any{"variables": values})
}

func (n *Node) setVariable(ch *channel, c call) reply {
	if c.Get("variable") == "" {
		return refuse(400, "Variable name is required")
	}
	return setInTurn(ch, func() { ch.set(c.Get("variable"), c.Get("value"), c.Get("report_events") == "true") })
}

func (n *Node) setVariables(ch *channel, c call) reply {
	values, reported, refused := c.variables()
	if refused != nil {
		return *refused
	}
	return setInTurn(ch, func() {
		for name, value := range values {
			ch.set(name, value, reported[name])
		}
	})
}

func setInTurn(ch *channel, set func()) reply {
	// Also when the channel left before: Asterisk does not look.
	return reply{wait: ch.send(set), then: func(bool) reply { return noContent }}
}

func (n *Node) dial(ch *channel, c call) reply {
	if ch.leg == nil || ch.leg.dialled || ch.state != ari.StateDown {
		return refuse(409, "Channel is not in the 'Down' state")
	}
	timeout := time.Hour
	if seconds, err := parseInt(c.Get("timeout")); err == nil && seconds > 0 {
		timeout = time.Duration(seconds) * time.Second
	}
	ch.send(func() {
		if caller := n.channels[c.Get("caller")]; caller != nil {
			ch.connected = caller.caller
		}
		ch.leg.ring(timeout)
	})
	return noContent
}
