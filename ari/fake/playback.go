package fake

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"holdline/ari"
)

// playback is media for a channel or a bridge. Guarded by its node's lock.
type playback struct {
	node     *Node
	id       string
	media    []string
	next     int // index of the media that plays or comes next
	language string
	state    string
	channel  *channel // one of the two
	bridge   *bridge
	over     bool
	timer    *time.Timer
}

func (p *playback) uri() string { return p.media[min(p.next, len(p.media)-1)] }

func (p *playback) wire() *wirePlayback {
	w := &wirePlayback{ID: p.id, MediaURI: p.uri(), Language: p.language, State: p.state}
	if p.next+1 < len(p.media) {
		w.NextURI = p.media[p.next+1]
	}
	if p.channel != nil {
		w.TargetURI = "channel:" + p.channel.id
	} else {
		w.TargetURI = "bridge:" + p.bridge.id
	}
	return w
}

func (p *playback) tell(eventType string) {
	if p.channel != nil && p.channel.subscribed == 0 {
		return
	}
	p.node.emit(wireEvent{Type: eventType, Playback: p.wire()})
}

// newPlayback: an id may be in use; the new one then takes it over.
func (n *Node) newPlayback(q query) (*playback, *reply) {
	media := q.list("media")
	if len(media) == 0 {
		r := refuse(400, "At least one media URI must be provided")
		return nil, &r
	}
	id := q.Get("playbackId")
	if id == "" {
		n.number++
		id = fmt.Sprintf("playback-%s-%d", n.boot, n.number)
	}
	p := &playback{node: n, id: id, media: media, language: q.or("lang", "en"), state: "queued"}
	n.playbacks[id] = p
	return p, nil
}

func (n *Node) playOnChannel(ch *channel, q query) reply {
	p, refused := n.newPlayback(q)
	if refused != nil {
		return *refused
	}
	p.channel = ch
	r := created(p.wire())
	ch.send(func() {
		if p.over { // stopped before its turn
			return
		}
		ch.musicOn, ch.ringing = false, false // for good
		ch.playing = p
		p.start()
	})
	return r
}

func (n *Node) playOnBridge(b *bridge, q query) reply {
	p, refused := n.newPlayback(q)
	if refused != nil {
		return *refused
	}
	p.bridge = b
	r := created(p.wire())
	b.queue = append(b.queue, p)
	if len(b.queue) == 1 {
		p.start()
	}
	return r
}

// playable reports whether Asterisk knows the scheme. It accepts others, and fails.
func playable(uri string) bool {
	scheme, _, _ := strings.Cut(uri, ":")
	return slices.Contains([]string{"sound", "recording", "number", "digits", "characters", "tone"}, scheme)
}

// start plays the next of the media. A tone plays until it is stopped.
func (p *playback) start() {
	p.state = "playing"
	p.tell(ari.PlaybackStarted)
	switch uri := p.uri(); {
	case slices.Contains(p.node.options.MissingSounds, uri) || !playable(uri):
		p.timer = p.node.after(0, func() { p.finish("failed") })
	case strings.HasPrefix(uri, "tone:"):
	default:
		p.timer = p.node.after(p.node.options.Sound, p.step)
	}
}

func (p *playback) step() {
	if p.over {
		return
	}
	if p.next+1 == len(p.media) {
		p.finish("done")
		return
	}
	p.state = "continuing"
	p.tell(ari.PlaybackContinuing)
	p.next++
	p.start()
}

// finish ends a playback and lets what waited for it go on.
func (p *playback) finish(state string) {
	if p.over {
		return
	}
	p.over = true
	p.state = state
	p.stopTimer()
	if p.node.playbacks[p.id] == p {
		delete(p.node.playbacks, p.id)
	}
	p.tell(ari.PlaybackFinished)
	switch {
	case p.channel != nil && p.channel.playing == p:
		p.channel.playing = nil
		p.channel.drain()
	case p.bridge != nil:
		playing := len(p.bridge.queue) > 0 && p.bridge.queue[0] == p
		p.bridge.queue = slices.DeleteFunc(p.bridge.queue, func(q *playback) bool { return q == p })
		if playing && len(p.bridge.queue) > 0 {
			p.bridge.queue[0].start()
		}
	}
}

func (p *playback) stopTimer() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
