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
	node      *Node
	id        string
	media     []string
	next      int // index of the media that plays or comes next
	language  string
	state     string
	channel   *channel // one of the two
	bridge    *bridge
	listens   bool // something that can be stopped was played
	takenBack bool // stopped before its turn
	over      bool
	timer     *time.Timer
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
	ch.waiting = append(ch.waiting, p)
	ch.send(func() {
		ch.waiting = ch.waiting[1:] // turns are in order
		if p.takenBack {
			p.finish("done")
			return
		}
		if ch.left {
			p.state = "playing"
			p.tell(ari.PlaybackStarted)
			p.finish("failed")
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

// start plays the next of the media. A tone plays until it is stopped.
func (p *playback) start() {
	p.state = "playing"
	p.tell(ari.PlaybackStarted)
	uri := p.uri()
	scheme, rest, _ := strings.Cut(uri, ":")
	length := p.node.options.Sound
	switch scheme {
	case "sound":
		p.listens = true
		if slices.Contains(p.node.options.MissingSounds, uri) {
			p.timer = p.node.after(0, func() { p.step("failed") })
			return
		}
	case "tone":
		p.listens = true
		return
	case "number":
		if _, err := parseInt(rest); err != nil {
			p.skip()
			return
		}
		length *= time.Duration(len(rest))
	case "digits", "characters":
		length *= time.Duration(len(rest))
	default: // there are no recordings here either
		p.skip()
		return
	}
	p.timer = p.node.after(length, func() { p.step("done") })
}

// step ends one of the media.
func (p *playback) step(state string) {
	if p.over {
		return
	}
	if p.next+1 == len(p.media) {
		p.finish(state)
		return
	}
	p.state = "continuing"
	p.tell(ari.PlaybackContinuing)
	p.next++
	p.start()
}

// skip passes over what cannot be understood, and says nothing of it, not even at the end.
func (p *playback) skip() {
	if p.next+1 < len(p.media) {
		p.next++
		p.start()
		return
	}
	p.end()
}

// stop is the command to end a playback. What says numbers does not obey.
func (p *playback) stop() reply {
	scheme, _, _ := strings.Cut(p.uri(), ":")
	switch {
	case p.state == "queued":
		p.takenBack, p.state = true, "done"
	case p.takenBack:
	case !p.listens:
		return refuse(500, "Could not stop playback")
	case scheme == "sound" || scheme == "tone":
		p.finish("done")
	}
	return noContent
}

// finish ends a playback, tells of it, and lets what waited for it go on.
func (p *playback) finish(state string) {
	if p.over {
		return
	}
	p.state = state
	p.tell(ari.PlaybackFinished)
	p.end()
}

// end lets what waited for a playback go on.
func (p *playback) end() {
	if p.over {
		return
	}
	p.over = true
	p.stopTimer()
	if p.node.playbacks[p.id] == p {
		delete(p.node.playbacks, p.id)
	}
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
