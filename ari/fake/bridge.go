package fake

import (
	"fmt"
	"slices"
	"time"

	"holdline/ari"
)

// bridge is guarded by its node's lock.
type bridge struct {
	node       *Node
	id         string
	typ, name  string
	created    time.Time
	members    []*channel
	subscribed int // entries that were not undone by a command; see remove
	music      string
	musicOn    bool
	queue      []*playback // the first one plays
}

func (b *bridge) wire() *wireBridge {
	w := &wireBridge{
		ID: b.id, Technology: "simple_bridge", Type: b.typ, Class: "stasis", Creator: "Stasis", Name: b.name, Video: "talker",
		Channels: []string{}, Created: stamp(b.created.Add(b.node.options.ClockOffset)),
	}
	for _, ch := range b.members {
		w.Channels = append(w.Channels, ch.id)
	}
	return w
}

// add moves a channel here. One that is here already leaves and enters.
func (b *bridge) add(ch *channel) {
	if ch.bridge != nil {
		ch.bridge.remove(ch, ch.bridge != b)
	}
	ch.bridge = b
	b.members = append(b.members, ch)
	b.subscribed++
	b.tell(ari.ChannelEnteredBridge, ch)
	for _, member := range b.members {
		if member.person != nil && len(b.members) > 1 {
			member.person.meets()
		}
	}
}

// remove takes a channel out. Only at a command does the application stop hearing of the
// bridge, so that its end is sometimes told and sometimes not.
func (b *bridge) remove(ch *channel, commanded bool) {
	b.members = slices.DeleteFunc(b.members, func(m *channel) bool { return m == ch })
	ch.bridge = nil
	b.tell(ari.ChannelLeftBridge, ch)
	if commanded {
		b.subscribed--
	}
}

func (b *bridge) tell(eventType string, ch *channel) {
	if ch.subscribed > 0 {
		b.node.emit(wireEvent{Type: eventType, Bridge: b.wire(), Channel: ch.wire()})
	}
}

func (n *Node) createBridge(q query) reply {
	id := q.Get("bridgeId")
	if id == "" {
		n.number++
		id = fmt.Sprintf("bridge-%s-%d", n.boot, n.number)
	}
	if _, ok := n.bridges[id]; ok {
		return refuse(409, "Bridge with id '"+id+"' already exists")
	}
	typ := q.Get("type")
	if typ == "" {
		typ = ari.BridgeMixing
	}
	b := &bridge{node: n, id: id, typ: typ, name: q.Get("name"), created: time.Now()}
	n.bridges[id] = b
	return ok(b.wire())
}

func (n *Node) deleteBridge(b *bridge) reply {
	for _, ch := range slices.Clone(b.members) {
		b.remove(ch, true)
	}
	queue := b.queue
	b.queue = nil
	for _, p := range queue {
		p.end() // without a word
	}
	delete(n.bridges, b.id)
	if b.subscribed > 0 {
		n.emit(wireEvent{Type: ari.BridgeDestroyed, Bridge: b.wire()})
	}
	return noContent
}

// addToBridge waits for every channel's turn.
func (n *Node) addToBridge(b *bridge, q query) reply {
	channels, refused := n.members(q)
	if refused != nil {
		return *refused
	}
	return n.inTurn(channels, func(ch *channel) {
		if n.bridges[b.id] == b && n.channels[ch.id] == ch {
			b.add(ch)
		}
	})
}

func (n *Node) removeFromBridge(b *bridge, q query) reply {
	channels, refused := n.members(q)
	if refused != nil {
		return *refused
	}
	for _, ch := range channels {
		if ch.bridge != b {
			return refuse(422, "Channel not in this bridge")
		}
	}
	return n.inTurn(channels, func(ch *channel) {
		if ch.bridge == b {
			b.remove(ch, true)
		}
	})
}

// inTurn lets each channel do something, one after the other, each when its turn comes.
// The answer is 204 even when one of them left in between: Asterisk does not look.
func (n *Node) inTurn(channels []*channel, do func(*channel)) reply {
	if len(channels) == 0 {
		return noContent
	}
	first := channels[0]
	c := first.send(func() { do(first) })
	return reply{wait: c, then: func(bool) reply { return n.inTurn(channels[1:], do) }}
}

// members are the channels that a request names.
func (n *Node) members(q query) ([]*channel, *reply) {
	var channels []*channel
	for _, id := range q.list("channel") {
		ch, ok := n.channels[id]
		if !ok {
			r := refuse(400, "Channel not found")
			return nil, &r
		}
		if !ch.inside {
			r := refuse(422, "Channel not in Stasis application")
			return nil, &r
		}
		channels = append(channels, ch)
	}
	if len(channels) == 0 {
		r := refuse(400, "Missing parameter channel")
		return nil, &r
	}
	return channels, nil
}

func (n *Node) bridgeMusic(b *bridge, q query) reply {
	b.musicOn, b.music = true, q.or("mohClass", "default")
	n.touch()
	return noContent
}

func (n *Node) stopBridgeMusic(b *bridge) reply {
	if !b.musicOn {
		return refuse(409, "Bridge isn't playing music")
	}
	b.musicOn = false
	n.touch()
	return noContent
}
