package sim

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// openMedia makes the socket and the ear; it sends and hears nothing yet.
func (c *Call) openMedia() error {
	if deaf := c.phone.deaf; deaf != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.local = newLocalSDP(c.phone.ip, deaf.LocalAddr().(*net.UDPAddr).Port)
		return nil
	}
	conn, err := listenRTP(c.phone.o.Listen, c.phone.ip)
	if err != nil {
		return err
	}
	var t *tape
	if c.phone.o.Tape {
		t = &tape{}
	}
	m := newMedia(conn, c.phone.hz, newEar(c.phone.hz, time.Now(), c.heardSomething), t)
	m.firstIn = func(at time.Time) { c.note(Event{At: at, Kind: EvMedia}) }
	m.digitIn = func(digit string, at time.Time) { c.note(Event{At: at, Kind: EvDigit, Text: digit}) }
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Ended {
		return conn.Close()
	}
	c.media = m
	c.local = newLocalSDP(c.phone.ip, m.port())
	return nil
}

// hear starts the reader, once.
func (c *Call) hear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.media == nil || c.reading || c.state == Ended {
		return
	}
	m := c.media
	if c.phone.run(m.read) {
		c.reading = true
		c.phone.floor.pacer.add(m)
	}
}

// apply takes over the peer's description.
func (c *Call) apply(d description, speak bool) {
	c.mu.Lock()
	m := c.media
	if m != nil {
		c.local.events = d.events
	}
	c.mu.Unlock()
	if c.phone.deaf != nil && speak {
		c.sayFew(d.remote)
	}
	if m == nil {
		return
	}
	m.setRemote(d.remote)
	if d.events >= 0 {
		m.events.Store(int32(d.events))
	}
	m.sending.Store(speak && d.direction.mirror().sends())
}

func (c *Call) setDead(v bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.media != nil {
		c.media.dead.Store(v)
	}
}

// heardSomething writes the first hearing of each tone into the timeline.
func (c *Call) heardSomething() {
	c.mu.Lock()
	if c.media != nil {
		for _, h := range c.media.ear.stretches() {
			if h.Kind == Tone && !c.tones[h.Hz] {
				c.tones[h.Hz] = true
				c.noteLocked(Event{At: h.From, Kind: EvHeardTone, Text: fmt.Sprintf("%d Hz", h.Hz)})
			}
		}
	}
	c.mu.Unlock()
	c.poke()
}

func (c *Call) ear() *ear {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.earLocked()
}

func (c *Call) earLocked() *ear {
	if c.media == nil {
		return newEar(c.phone.hz, time.Now(), nil)
	}
	return c.media.ear
}

// Heard is for how long the tone was heard so far. A pure tone of the plan is
// always noticed; one that is mixed with something else, or below the plan, only if
// it is the phone's own, was waited for or is watched.
func (c *Call) Heard(hz int) time.Duration { return c.ear().heardFor(hz) }

// HeardOwn is for how long the phone heard its own tone: an echo. It must be 0.
func (c *Call) HeardOwn() time.Duration { return c.Heard(c.phone.hz) }

// HeardSound is for how long something that is no phone's tone was heard: music,
// speech.
func (c *Call) HeardSound() time.Duration { return c.ear().soundFor() }

// Stretches is what was heard, in order of its beginning.
func (c *Call) Stretches() []Heard { return c.ear().stretches() }

// WaitHeard waits until the tone was heard for at least so long in all.
func (c *Call) WaitHeard(ctx context.Context, hz int, atLeast time.Duration) error {
	c.ear().watch(hz)
	return c.wait(ctx, fmt.Sprintf("%v of %d Hz", atLeast, hz), func() bool {
		return c.earLocked().heardFor(hz) >= atLeast
	})
}

// musicNow is how long sound must have lasted, and how recent it must be, for
// WaitMusic.
const (
	musicLasts  = 500 * time.Millisecond
	musicRecent = 100 * time.Millisecond
)

// WaitMusic waits until sound is being heard and has been for half a second
// without a pause.
func (c *Call) WaitMusic(ctx context.Context) error {
	return c.wait(ctx, "music", func() bool {
		s := c.earLocked().stretches()
		for i := len(s) - 1; i >= 0; i-- {
			if s[i].Kind == Sound {
				return s[i].For() >= musicLasts && time.Since(s[i].To) <= musicRecent
			}
		}
		return false
	})
}

// LongestSilence is the longest time without any sound since the moment given,
// the silence of now included. Before the first answer there is nothing to hear:
// ask from the answer on.
func (c *Call) LongestSilence(since time.Time) time.Duration {
	until := time.Now()
	if e := c.End(); !e.At.IsZero() {
		until = e.At
	}
	return c.ear().longestSilence(since, until)
}

// HeardRecording tells when a recording (µ-law, 8 kHz) began to be heard since the
// moment given, each time that it was. The phone must have been opened with Tape.
func (c *Call) HeardRecording(ulaw []byte, since time.Time) []time.Time {
	c.mu.Lock()
	m := c.media
	c.mu.Unlock()
	if m == nil {
		return nil
	}
	return m.tape.find(ulaw, since)
}

// Tape is what was received so far, in µ-law; nil without PhoneOptions.Tape.
func (c *Call) Tape() []byte {
	c.mu.Lock()
	m := c.media
	c.mu.Unlock()
	if m == nil {
		return nil
	}
	return m.tape.copy()
}

// LoseMedia drops one of so many RTP packets received; 0 drops none.
func (c *Call) LoseMedia(oneOf int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.media != nil {
		c.media.lose.Store(int32(oneOf))
	}
}

// Reception counts the audio packets of a call.
type Reception struct {
	Received int64
	Lost     int64 // missing in the sender's numbering when the next one came
	Late     int64 // came after a later one, or twice
}

// Reception is what the call received so far.
func (c *Call) Reception() Reception {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.media == nil {
		return Reception{}
	}
	m := c.media
	return Reception{Received: m.received.Load(), Lost: m.lost.Load(), Late: m.late.Load()}
}

// MediaPeer is where the call's audio goes: what the peer's description said, or
// where its audio came from.
func (c *Call) MediaPeer() netip.AddrPort {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.media == nil || c.media.remote.Load() == nil {
		return netip.AddrPort{}
	}
	return *c.media.remote.Load()
}

// Watch makes the phone look for tones also where they are mixed: Heard then
// knows them, and a mixture of nothing but watched tones is not sound. Two tones
// of a signal (busy, dial tone) are such a mixture.
func (c *Call) Watch(hz ...int) {
	e := c.ear()
	for _, h := range hz {
		e.watch(h)
	}
}

// Press sends the keys as RFC 4733 events and returns when the last was sent.
func (c *Call) Press(ctx context.Context, digits string) error {
	c.mu.Lock()
	m := c.media
	c.mu.Unlock()
	if m == nil {
		return fmt.Errorf("press %s: no media yet", digits)
	}
	sent := m.press(digits)
	if sent == nil {
		return fmt.Errorf("press %q: keys are %s", digits, keyDigits)
	}
	select {
	case <-sent:
		return nil
	case <-c.ctx.Done():
		return fmt.Errorf("press %s: %w", digits, errEnded)
	case <-ctx.Done():
		return fmt.Errorf("press %s: %w", digits, ctx.Err())
	}
}
