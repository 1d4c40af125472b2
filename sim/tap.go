package sim

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// A tap is a phone's SIP socket. It records what passes before the SIP stack
// sees it, and is where faults are put in.
type tap struct {
	*net.UDPConn
	phone string
	wire  *Wire
	fault atomic.Pointer[func(Packet) bool]

	inflight inflight
	once     sync.Once
	reading  chan struct{} // closed when the SIP stack reads, and so knows the socket
}

// ReadFrom gives the next message that no fault dropped.
func (t *tap) ReadFrom(b []byte) (int, net.Addr, error) {
	t.once.Do(func() { close(t.reading) })
	for {
		n, from, err := t.ReadFromUDPAddrPort(b)
		if err != nil {
			return n, nil, err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if t.pass(b[:n], from, false) {
			return n, net.UDPAddrFromAddrPort(from), nil
		}
	}
}

// WriteTo sends, unless a fault drops the message; the sender does not notice.
func (t *tap) WriteTo(b []byte, to net.Addr) (int, error) {
	peer := netip.AddrPort{}
	if u, ok := to.(*net.UDPAddr); ok {
		peer = netip.AddrPortFrom(u.AddrPort().Addr().Unmap(), u.AddrPort().Port())
	}
	if !t.pass(b, peer, true) {
		return len(b), nil
	}
	return t.UDPConn.WriteTo(b, to)
}

func (t *tap) pass(b []byte, peer netip.AddrPort, out bool) bool {
	now := time.Now()
	p, ok := parsePacket(b)
	if !ok {
		return t.fault.Load() == nil
	}
	p.At, p.Phone, p.Peer, p.Out = now, t.phone, peer, out
	if fault := t.fault.Load(); fault != nil {
		p.Dropped = (*fault)(p)
	}
	t.wire.add(&p)
	if !out && !p.Dropped {
		t.inflight.read(p)
	}
	return !p.Dropped
}
