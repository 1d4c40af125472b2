package sim

import (
	"errors"
	"strings"
	"testing"
)

func TestRegisterAndUnregister(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	if !s.bob.Registered() || !strings.Contains(s.proxy.binding("bob"), s.bob.Address()) {
		t.Fatalf("binding is %q", s.proxy.binding("bob"))
	}
	must(t, s.bob.Unregister(within(t)))
	if s.bob.Registered() || s.proxy.binding("bob") != "" {
		t.Fatalf("still bound: %q", s.proxy.binding("bob"))
	}
}

func TestWrongPassword(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	p, err := s.floor.Phone(PhoneOptions{User: "alice", Password: "guess", Domain: "test.invalid", Proxies: []string{s.proxy.address()}})
	must(t, err)
	var status *StatusError
	if err := p.Register(within(t)); !errors.As(err, &status) || status.Status != 401 {
		t.Fatalf("registered with a wrong password: %v", err)
	}
}

func TestRegistrationIsRefreshed(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	s.proxy.mu.Lock()
	s.proxy.expires = "2"
	s.proxy.mu.Unlock()
	must(t, s.alice.Register(within(t)))
	seen := len(s.registers("alice"))
	eventually(t, func() bool { return len(s.registers("alice")) >= seen+2 })
}

// The first proxy does not answer: the phone goes to the second one.
func TestRegisterAtAnotherProxy(t *testing.T) {
	t.Parallel()
	s := newSetup(t)
	other := newTestProxy(t)
	s.proxy.setSilent(true)
	p, err := s.floor.Phone(PhoneOptions{
		User: "carol", Password: "secret of carol", Domain: "test.invalid",
		Proxies: []string{s.proxy.address(), other.address()},
	})
	must(t, err)
	must(t, p.Register(within(t)))
	if p.Proxy() != other.address() || other.binding("carol") == "" {
		t.Errorf("proxy in use %s, binding %q", p.Proxy(), other.binding("carol"))
	}
	p.UseProxy(s.proxy.address())
	if p.Proxy() != s.proxy.address() {
		t.Error("UseProxy did nothing")
	}
}

func (s *setup) registers(user string) []Packet {
	return s.floor.Wire().Find(func(p Packet) bool {
		return p.Phone == user && p.Method == "REGISTER" && p.Status == 200
	})
}
