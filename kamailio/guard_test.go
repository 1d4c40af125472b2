package kamailio_test

import (
	"testing"
	"time"
)

func TestScannerHearsNothing(t *testing.T) {
	needEdge(t)
	p := newPhone(t, otherOutside, 0)
	m := p.request("OPTIONS", "sip:100@"+kamOutside(2), "sip:100@1.1.1.1", "sip:100@1.1.1.1").add("User-Agent", "friendly-scanner")
	p.send(kamOutside(2), m)
	eventually(t, "ban", 3*time.Second, func() bool { return banned(2, otherOutside) })
	// Whatever it is now, it is the same sender.
	p.send(kamOutside(2), p.request("OPTIONS", "sip:"+kamOutside(2), "sip:x@1.1.1.1", "sip:x@1.1.1.1"))
	m = p.request("OPTIONS", "sip:"+kamOutside(1), "sip:x@1.1.1.1", "sip:x@1.1.1.1")
	p.send(kamOutside(1), m) // the other one still answers: what was sent before has been dealt with
	p.waitFinal(m)
	p.mu.Lock()
	n := len(p.seen)
	p.mu.Unlock()
	if n != 1 {
		t.Errorf("answers: %s", p.starts())
	}
	eventually(t, "ban over", 20*time.Second, func() bool { return !banned(2, otherOutside) })
}

func TestFloodFromOutsideIsBannedAndFromInsideIsNot(t *testing.T) {
	needEdge(t)
	in, out := newPhone(t, insidePhone, 0), newPhone(t, otherOutside, 0)
	const many = 400 // eight times the limit of this test's settings
	// A rate, so that no socket buffer overflows: 1,000 a second.
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	for i := 0; i < many; i++ {
		<-pace.C
		in.send(kam(1), in.request("OPTIONS", "sip:"+kam(1), "sip:x@test", "sip:x@test"))
		out.send(kamOutside(1), out.request("OPTIONS", "sip:"+kamOutside(1), "sip:x@test", "sip:x@test"))
	}
	eventually(t, "inside all answered", patience, func() bool { in.mu.Lock(); defer in.mu.Unlock(); return len(in.seen) == many })
	eventually(t, "outside banned", patience, func() bool { return banned(1, otherOutside) })
	out.mu.Lock()
	n := len(out.seen)
	out.mu.Unlock()
	if n >= many {
		t.Errorf("all %d requests from outside were answered", n)
	}
	t.Logf("outside: %d of %d answered before the ban", n, many)
	eventually(t, "ban over", 20*time.Second, func() bool { return !banned(1, otherOutside) })
}

func TestMalformedIsRefused(t *testing.T) {
	needEdge(t)
	p := newPhone(t, insidePhone, 0)
	for name, c := range map[string]struct {
		change func(*message)
		code   int
	}{
		"no hops left":    {func(m *message) { m.set("Max-Forwards", "0") }, 483},
		"other CSeq":      {func(m *message) { m.set("CSeq", "1 BYE") }, 400},
		"scheme":          {func(m *message) { m.start = "OPTIONS ftp:x@y SIP/2.0" }, 400},
		"required option": {func(m *message) { m.add("Proxy-Require", "x-nonsense") }, 420},
	} {
		m := p.request("OPTIONS", "sip:600@"+domain, callerURI, "sip:600@"+domain)
		c.change(m)
		p.send(kam(1), m)
		r := p.wait(name, func(r *message) bool { return r.get("Call-ID") == m.get("Call-ID") })
		if r.code() != c.code {
			t.Errorf("%s: %s, want %d", name, r.start, c.code)
		}
	}
}
