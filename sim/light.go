package sim

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"github.com/pion/rtp"
)

const (
	// fewPackets are enough for a node that waits for the first one.
	fewPackets = 5
	// deafBuffer makes the system drop what nobody reads as soon as it comes.
	deafBuffer = 4 << 10
)

// listenDeaf opens the socket that all calls of a light phone share. The peers
// tell the calls apart: each has its own port over there.
func listenDeaf(listen ListenFunc, ip string) (*net.UDPConn, error) {
	conn, err := listen("udp4", net.JoinHostPort(ip, "0"))
	if err != nil {
		return nil, fmt.Errorf("open rtp socket on %s: %w", ip, err)
	}
	_ = conn.SetReadBuffer(deafBuffer)
	return conn, nil
}

func (p *Phone) closeDeaf() error {
	if p.deaf == nil {
		return nil
	}
	return p.deaf.Close()
}

// sayFew sends the few packets of a light phone's call, 20 ms apart, once.
func (c *Call) sayFew(to netip.AddrPort) {
	c.mu.Lock()
	was := c.said
	c.said = true
	c.mu.Unlock()
	if was {
		return
	}
	c.phone.run(func() {
		header := rtp.Header{
			Version: 2, PayloadType: payloadPCMU, Marker: true,
			SequenceNumber: uint16(rand.Uint32()), Timestamp: rand.Uint32(), SSRC: rand.Uint32(), //nolint:gosec // RTP wants variety, not secrecy
		}
		var packet [12 + frameSamples]byte
		for i := range packet {
			packet[i] = ulawSilence
		}
		tick := time.NewTicker(frameTime)
		defer tick.Stop()
		for range fewPackets {
			if _, err := header.MarshalTo(packet[:]); err != nil {
				return
			}
			// A peer whose port is closed is no reason to stop: the end comes by SIP.
			_, _ = c.phone.deaf.WriteToUDPAddrPort(packet[:], to)
			header.Marker = false
			header.SequenceNumber++
			header.Timestamp += frameSamples
			select {
			case <-tick.C:
			case <-c.ctx.Done():
				return
			}
		}
	})
}

// ulawSilence is the sample 0 in µ-law.
const ulawSilence = 0xff
