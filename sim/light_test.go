package sim

import (
	"fmt"
	"net"
	"testing"
	"time"
)

// TestLightPhone: one light phone is two callers at once. Each says a few packets
// and is heard, and neither hears anything.
func TestLightPhone(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	light, err := s.floor.Phone(PhoneOptions{
		User: "load", Domain: "test.invalid", Proxies: []string{s.proxy.address()}, LocalIP: "127.0.0.1", Light: true,
	})
	must(t, err)
	if light.Hz() != 0 {
		t.Errorf("tone of %d Hz", light.Hz())
	}
	s.bob.OnCall(Answer(0))
	for _, name := range []string{"c1", "c2"} {
		a, err := light.Call(within(t), "bob", As(name), Through(s.bob.Address()))
		must(t, err)
		must(t, a.WaitAnswered(within(t)))
		b, err := s.bob.WaitCall(within(t))
		must(t, err)
		if b.From() != name {
			t.Errorf("From %q, want %q", b.From(), name)
		}
		eventually(t, func() bool { return b.Reception().Received == fewPackets })
		if h := a.Stretches(); len(h) > 0 || a.Reception() != (Reception{}) {
			t.Errorf("a light phone heard %v, %+v", h, a.Reception())
		}
	}
	for _, c := range s.bob.Incoming() {
		must(t, c.HangUp(within(t)))
	}
	eventually(t, func() bool { light.mu.Lock(); defer light.mu.Unlock(); return len(light.live) == 0 })
}

// TestLightPhoneIsCalled, at the port it was given.
func TestLightPhoneIsCalled(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	port := free.LocalAddr().(*net.UDPAddr).Port
	must(t, free.Close())
	light, err := s.floor.Phone(PhoneOptions{
		User: "load", Password: "secret of load", Domain: "test.invalid", Proxies: []string{s.proxy.address()},
		LocalIP: "127.0.0.1", Port: port, Light: true, OnCall: Answer(0).HangUpAfter(200 * time.Millisecond),
	})
	must(t, err)
	if _, got, _ := net.SplitHostPort(light.Address()); got != fmt.Sprint(port) {
		t.Errorf("address %s, want port %d", light.Address(), port)
	}
	must(t, light.Register(within(t)))
	a, err := s.alice.Call(within(t), "load")
	must(t, err)
	ended(t, a, ByPeer, 0)
	if got := a.Reception().Received; got != fewPackets {
		t.Errorf("%d packets", got)
	}
}
