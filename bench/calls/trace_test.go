package main

import (
	"testing"
	"time"

	"holdline/sim"
)

// wire builds the packets of made-up calls; times are milliseconds.
type wire struct {
	begin   time.Time
	packets []sim.Packet
}

func (w *wire) add(at int, phone, id, method string, status int, out bool, from string) {
	w.packets = append(w.packets, sim.Packet{
		At: w.begin.Add(time.Duration(at) * time.Millisecond), Phone: phone, CallID: id, Method: method, Status: status, Out: out, From: from,
	})
}

// calls: the caller's INVITE and 200.
func (w *wire) calls(at int, name string) {
	w.add(at, callerName, name, "INVITE", 0, true, name)
	w.add(at+1, callerName, name, "INVITE", 200, false, name)
}

// serves: the agent is offered the caller, answers, talks and hangs up.
func (w *wire) serves(offered, ended int, agent, name string) {
	id := agent + name
	w.add(offered, agent, id, "INVITE", 0, false, name)
	w.add(offered+10, agent, id, "INVITE", 200, true, name)
	w.add(offered+11, agent, id, "ACK", 0, false, name)
	w.add(ended, agent, id, "BYE", 0, true, name)
	w.add(ended+1, callerName, name, "BYE", 0, false, name)
}

func (w *wire) trace() *trace {
	return read(w.packets, callerName)
}

func TestPickupAndReoffer(t *testing.T) {
	t.Parallel()
	var w wire
	w.calls(0, "c1")
	w.calls(2, "c2")
	w.calls(4, "c3")
	w.serves(5, 1000, "a", "c1")
	w.serves(1007, 2000, "a", "c2")
	w.serves(2900, 4000, "a", "c3")
	got := w.trace()
	if p := quantilesOf(got.pickups()); p.P50 != 1005 || p.Max != 2896 {
		t.Errorf("pickups %+v", p)
	}
	if r := quantilesOf(got.reoffers()); r.P50 != 7 || r.Max != 900 {
		t.Errorf("re-offers %+v", r)
	}
	if lost, wasted := got.lost(), got.wasted(); lost != 0 || wasted != 907*time.Millisecond/3 {
		t.Errorf("lost %d, wasted %v", lost, wasted)
	}
	if rate := got.rate(); rate != 0.75 {
		t.Errorf("%v calls/s", rate)
	}
}

// TestNobodyWaits: an agent who is free because nobody calls wastes nothing.
func TestNobodyWaits(t *testing.T) {
	t.Parallel()
	var w wire
	w.calls(0, "c1")
	w.serves(5, 1000, "a", "c1")
	w.calls(5000, "c2")
	w.serves(5005, 6000, "a", "c2")
	if r := w.trace().reoffers(); len(r) != 0 {
		t.Errorf("re-offers %v", r)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	var w wire
	w.calls(0, "c1")
	w.calls(2, "c2")
	w.calls(4, "c3")
	w.serves(10, 900, "a", "c2")
	w.serves(40, 900, "b", "c3")
	w.serves(75, 900, "c", "c1") // 65 ms behind c2, 35 behind c3
	if n := w.trace().overtaken(); n != 1 {
		t.Errorf("%d overtaken, want c1 alone", n)
	}
}

func TestLongestAvailable(t *testing.T) {
	t.Parallel()
	var w wire
	for i, name := range []string{"c1", "c2", "c3", "c4"} {
		w.calls(i, name)
	}
	w.serves(10, 1000, "a", "c1")
	w.serves(11, 1040, "b", "c2")
	w.serves(1200, 2000, "b", "c3") // a was free for 40 ms longer: alike
	w.serves(2100, 3000, "b", "c4") // a was free for a second longer
	if n := w.trace().passedOver(); n != 1 {
		t.Errorf("%d passed over, want 1", n)
	}
}

func TestDoublesAndLosses(t *testing.T) {
	t.Parallel()
	var w wire
	w.calls(0, "c1")
	w.calls(1, "c2")
	w.add(5, "a", "x", "INVITE", 0, false, "c1")
	w.add(6, "a", "y", "INVITE", 0, false, "c2") // while x rings
	w.add(7, "a", "y", "INVITE", 486, true, "c2")
	w.add(30, callerName, "c2", "BYE", 0, true, "c2")
	got := w.trace()
	if got.doubles != 1 || got.lost() != 2 {
		t.Errorf("%d doubles, %d lost", got.doubles, got.lost())
	}
	if fates := got.fates(); fates["no agent answered, the run's time was over"] != 1 || fates["no agent answered, was not let go"] != 1 {
		t.Errorf("fates %v", fates)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(100-i)*time.Millisecond)
	}
	if q := quantilesOf(all); q != (quantiles{P50: 50, P95: 95, P99: 99, Max: 100}) {
		t.Errorf("%+v", q)
	}
	if q := quantilesOf(nil); q != (quantiles{}) {
		t.Errorf("of nothing: %+v", q)
	}
}
