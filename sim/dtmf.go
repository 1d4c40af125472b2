package sim

import (
	"encoding/binary"
	"strings"
	"time"

	"github.com/pion/rtp"
)

// Keys are sent as RFC 4733 events: 160 ms each, 80 ms apart, the end three
// times because a lost end is a key that is held for ever.
const (
	keyFrames   = 8
	keyEnds     = 3
	keyPause    = 4
	keyDigits   = "0123456789*#ABCD"
	eventEndBit = 0x80
)

type keyPress struct {
	event byte
	step  int // packets sent so far
	stamp uint32
	done  chan struct{}
}

// press queues the digits; the channel closes when the last one was sent. An
// unknown digit makes it nil.
func (m *media) press(digits string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	var last chan struct{}
	keys := make([]keyPress, 0, len(digits))
	for _, d := range strings.ToUpper(digits) {
		event := strings.IndexRune(keyDigits, d)
		if event < 0 {
			return nil
		}
		last = make(chan struct{})
		keys = append(keys, keyPress{event: byte(event), done: last})
	}
	m.keys = append(m.keys, keys...)
	return last
}

// nextKeyPacket fills in the header for the next packet of the key being
// pressed. Nil means a frame of pause. Called with mu held.
func (m *media) nextKeyPacket(h *rtp.Header) []byte {
	k := &m.keys[0]
	if k.step == 0 {
		k.stamp = m.stamp
	}
	k.step++
	if k.step > keyFrames+keyEnds {
		if k.step == keyFrames+keyEnds+keyPause {
			close(k.done)
			m.keys = m.keys[1:]
			m.marker = true
		}
		return nil
	}
	h.PayloadType = uint8(m.events.Load())
	h.Timestamp = k.stamp
	h.Marker = k.step == 1
	body := make([]byte, 4)
	body[0], body[1] = k.event, 10 // -10 dBm0
	if k.step > keyFrames {
		body[1] |= eventEndBit
	}
	binary.BigEndian.PutUint16(body[2:], uint16(min(k.step, keyFrames)*frameSamples))
	return body
}

// heardKey notes a key once, at the first packet with its end. Only the reader
// calls it.
func (m *media) heardKey(stamp uint32, body []byte, now time.Time) {
	if len(body) < 4 || body[1]&eventEndBit == 0 || int(body[0]) >= len(keyDigits) {
		return
	}
	if m.lastKey.seen && m.lastKey.stamp == stamp {
		return
	}
	m.lastKey.seen, m.lastKey.stamp = true, stamp
	if m.digitIn != nil {
		m.digitIn(string(keyDigits[body[0]]), now)
	}
}
