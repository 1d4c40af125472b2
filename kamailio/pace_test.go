package kamailio_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// A second has 150 turns at a node: HOLDLINE_NODE_CALLS as it is by default.
const turnsPerSecond = 150

// atOnce makes so many calls, from inside, where nobody is flooding.
func atOnce(caller *phone, calls int) (invites []*message) {
	for i := range calls {
		invites = append(invites, caller.invite(kam(1), fmt.Sprintf("sip:6%03d@%s", i, domain), callerURI))
	}
	return invites
}

// refuses says busy to each of the calls, and to any other, until all of them have come.
func (p *phone) refuses(invites []*message) {
	p.t.Helper()
	coming := map[string]bool{}
	for _, invite := range invites {
		coming[invite.get("Call-ID")] = true
	}
	for len(coming) > 0 {
		got := p.waitRequest("INVITE")
		p.reply(got, 486, "Busy Here")
		delete(coming, got.get("Call-ID"))
	}
}

// ended waits until every call has its final response, and fails unless it is the given one.
func (p *phone) ended(invites []*message, code int) {
	p.t.Helper()
	open := map[string]string{}
	for _, invite := range invites {
		open[invite.get("Call-ID")] = invite.uri()
	}
	for len(open) > 0 {
		r := p.wait(fmt.Sprintf("final response to %v", open), func(m *message) bool {
			return m.code() >= 200 && open[m.get("Call-ID")] != ""
		})
		if r.code() != code {
			p.t.Errorf("%s: %s, want %d", open[r.get("Call-ID")], r.start, code)
		}
		delete(open, r.get("Call-ID"))
	}
}

func TestCallsAtOnceTakeTurnsAtANode(t *testing.T) {
	needEdge(t)
	const calls = 60
	node := newNode(t, nodeOne)
	caller := newPhone(t, insidePhone, 0)
	began := time.Now()
	invites := atOnce(caller, calls)
	sent := time.Since(began)
	var last time.Time
	passed := 0
	for range invites {
		got := node.waitRequest("INVITE")
		at, ok := stamp(got.uri()[len("sip:6000@"):], "demo.", ".pool")
		if !ok {
			t.Fatalf("not stamped: %s", got.uri())
		}
		if at.Before(last) {
			passed++
		} else {
			last = at
		}
		// They are in line by the moment at which they came, not by their turn's.
		if late := at.Sub(began); late < -time.Second || late > sent+200*time.Millisecond {
			t.Errorf("%s is stamped %s after the first was sent", got.uri(), late)
		}
		node.reply(got, 486, "Busy Here")
	}
	// Four processes take them from the wire, and one may be held up.
	if passed > calls/5 {
		t.Errorf("%d of %d calls were passed by later ones", passed, calls)
	}
	if took, turns := time.Since(began), (calls-1)*time.Second/turnsPerSecond; took < turns*9/10 {
		t.Errorf("%d calls reached the node within %s: want no more than %d a second", calls, took, turnsPerSecond)
	}
	caller.ended(invites, 486)
}

func TestCallerWhoHangsUpBeforeTheirTurnNeverReachesANode(t *testing.T) {
	needEdge(t)
	const calls = 60
	node := newNode(t, nodeOne)
	caller := newPhone(t, insidePhone, 0)
	invites := atOnce(caller, calls)
	gone, others := invites[calls-1], invites[:calls-1]
	caller.wait("100", func(m *message) bool { return m.code() == 100 && m.get("Call-ID") == gone.get("Call-ID") })
	caller.cancel(kam(1), gone)
	if r := caller.waitFinal(gone); r.code() != 487 {
		t.Errorf("after CANCEL: %s, want 487", r.start)
	}
	node.refuses(others)
	// Who calls now comes after all of them.
	later := caller.invite(kam(1), "sip:600@"+domain, callerURI)
	node.refuses([]*message{later})
	if caller.waitFinal(later); slices.ContainsFunc(node.received("INVITE"), func(m *message) bool {
		return m.get("Call-ID") == gone.get("Call-ID")
	}) {
		t.Error("the call of a caller who hung up reached the node")
	}
}

func TestCallThatWaitedForItsTurnStepsOverADeadNode(t *testing.T) {
	needEdge(t)
	if _, err := rpc(1, "dispatcher.ping_active", 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = rpc(1, "dispatcher.ping_active", 1) }()
	newPhoneSilent(t, silentNode)
	node := newPhone(t, nodeOne, 5060)
	for _, ip := range []string{silentNode, nodeOne} {
		uri := "sip:" + ip + ":5060"
		if _, err := rpc(1, "dispatcher.add", 1, uri); err != nil {
			t.Fatal(err)
		}
		defer func() { _, _ = rpc(1, "dispatcher.remove", 1, uri) }()
	}
	caller := newPhone(t, insidePhone, 0)
	invites := atOnce(caller, 20)
	node.refuses(invites)
	caller.ended(invites, 486)
}
