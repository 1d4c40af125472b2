package sim

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

const (
	payloadPCMU = 0
	// payloadEvents is what we offer for telephone-event (RFC 4733); the peer's
	// number is taken from its own description.
	payloadEvents = 101
	rtpBuffer     = 2048
)

// media is the RTP side of one call: a socket, a sender driven by the floor's
// pacer, a reader with an ear.
type media struct {
	conn  *net.UDPConn
	ear   *ear
	table *toneTable
	tape  *tape

	remote  atomic.Pointer[netip.AddrPort]
	sending atomic.Bool
	lose    atomic.Int32 // of so many packets received one is dropped; 0 drops none
	dead    atomic.Bool  // unplugged: nothing goes out, nothing comes in
	events  atomic.Int32 // the peer's payload type for telephone-event

	firstIn func(at time.Time)
	digitIn func(digit string, at time.Time)

	mu     sync.Mutex // the sender's state; the pacer and DTMF
	ssrc   uint32
	seq    uint16
	stamp  uint32
	index  int
	marker bool
	keys   []keyPress
	sent   int
	closed bool

	received atomic.Int64
	lost     atomic.Int64
	late     atomic.Int64
	lastKey  struct { // the reader's own
		seen  bool
		stamp uint32
	}
	done chan struct{}
}

func newMedia(conn *net.UDPConn, hz int, e *ear, t *tape) *media {
	m := &media{
		conn: conn, ear: e, table: tableFor(hz), tape: t,
		ssrc: rand.Uint32(), seq: uint16(rand.Uint32()), stamp: rand.Uint32(), //nolint:gosec // RTP wants variety, not secrecy
		marker: true, done: make(chan struct{}),
	}
	m.events.Store(payloadEvents)
	return m
}

// port is the local RTP port.
func (m *media) port() int { return m.conn.LocalAddr().(*net.UDPAddr).Port }

func (m *media) setRemote(a netip.AddrPort) { m.remote.Store(&a) }

// tick sends one frame: the tone, a key, or nothing while muted.
func (m *media) tick() {
	remote := m.remote.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return
	}
	// The sample clock runs also while nothing is sent, as in a real phone.
	m.stamp += frameSamples
	offset := m.index * frameSamples
	m.index = (m.index + 1) % windowFrames
	if remote == nil || m.dead.Load() {
		return
	}
	var packet [12 + frameSamples]byte
	header := rtp.Header{Version: 2, PayloadType: payloadPCMU, SequenceNumber: m.seq, Timestamp: m.stamp, SSRC: m.ssrc, Marker: m.marker}
	body := m.table[offset : offset+frameSamples]
	if len(m.keys) > 0 {
		body = m.nextKeyPacket(&header)
		if body == nil {
			return
		}
	} else if !m.sending.Load() {
		m.marker = true // the first packet after a pause begins a talkspurt
		return
	}
	n, err := header.MarshalTo(packet[:])
	if err != nil {
		return
	}
	n += copy(packet[n:], body)
	m.seq++
	m.marker = false
	m.sent++
	// A peer whose port is closed answers with ICMP, which shows here and is
	// no reason to stop: the call's end comes by SIP.
	_, _ = m.conn.WriteToUDPAddrPort(packet[:n], *remote)
}

// read runs until the socket is closed.
func (m *media) read() {
	defer close(m.done)
	buf := make([]byte, rtpBuffer)
	var (
		header  rtp.Header
		last    uint16
		source  uint32
		started bool
		n       int
	)
	for {
		size, from, err := m.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if m.isClosed() {
				return
			}
			continue // ICMP port unreachable
		}
		now := time.Now()
		if m.dead.Load() {
			continue
		}
		hlen, err := header.Unmarshal(buf[:size])
		if err != nil || header.Version != 2 {
			continue
		}
		body := buf[hlen:size]
		if header.Padding && len(body) > 0 {
			body = body[:len(body)-min(len(body), int(body[len(body)-1]))]
		}
		switch int32(header.PayloadType) {
		case payloadPCMU:
		case m.events.Load():
			m.heardKey(header.Timestamp, body, now)
			continue
		default:
			continue // RTCP that strayed here, comfort noise
		}
		n++
		if every := m.lose.Load(); every > 0 && n%int(every) == 0 {
			continue
		}
		if !started || header.SSRC != source {
			m.ear.cut()
			m.latch(from)
		} else if step := int16(header.SequenceNumber - last); step <= 0 {
			m.late.Add(1)
			continue // late or repeated
		} else if step > 1 {
			m.lost.Add(int64(step - 1))
			m.ear.cut()
			m.tape.gap(int(step) - 1)
		}
		if !started && m.firstIn != nil {
			m.firstIn(now)
		}
		started, source, last = true, header.SSRC, header.SequenceNumber
		m.received.Add(1)
		m.tape.write(body, now)
		m.ear.frame(body, now)
	}
}

// latch is symmetric RTP: audio goes back to where it comes from, so that it
// passes address translation on the way.
func (m *media) latch(from netip.AddrPort) {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if r := m.remote.Load(); r != nil && *r != from {
		m.remote.Store(&from)
	}
}

func (m *media) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// close ends reader and sender; it returns when the reader has ended, unless it
// was never started.
func (m *media) close(reading bool) {
	m.mu.Lock()
	was := m.closed
	m.closed = true
	m.mu.Unlock()
	if !was {
		_ = m.conn.Close()
	}
	if reading {
		<-m.done
	}
}

// listenRTP opens a socket for the audio of one call.
func listenRTP(listen ListenFunc, ip string) (*net.UDPConn, error) {
	conn, err := listen("udp4", net.JoinHostPort(ip, "0"))
	if err != nil {
		return nil, fmt.Errorf("open rtp socket on %s: %w", ip, err)
	}
	// A floor of phones on a busy machine is read late now and then.
	_ = conn.SetReadBuffer(1 << 18)
	return conn, nil
}
