//go:build stack

package test

import (
	"cmp"
	"net"
	"strings"
	"testing"
	"time"

	"holdline/sim"
)

// A phone outside the containers' network, at the published ports: it registers,
// is called, calls, and hears, through the media relay.
func TestPhoneOutsideTheNetwork(t *testing.T) {
	external := theStack.secrets["EXTERNAL_IP"]
	outside1 := net.JoinHostPort(external, cmp.Or(theStack.secrets["SIP_PORT_1"], "5060"))
	outside2 := net.JoinHostPort(external, cmp.Or(theStack.secrets["SIP_PORT_2"], "5062"))
	for _, row := range []struct{ name, agentAt, callerAt string }{
		{"agent outside", outside1, kamailio2},
		{"agent outside at the other Kamailio", outside2, kamailio1},
		{"caller outside", kamailio2, outside1},
		{"both outside", outside1, outside2},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := NewShift(t, Queue{"announce": 0, "wrap_up": 0})
			s.Hire("ann", row.agentAt, true)
			s.Do(AllLoggedIn("ann"))
			s.Do(CallerArrivesAt("alice", row.callerAt))
			s.Within(time.Second, QueueAnswers("alice"), Rings("ann"))
			s.Within(4*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
			s.relayed("alice", row.callerAt != kamailio1 && row.callerAt != kamailio2, external)
			s.relayed("ann", row.agentAt == outside1 || row.agentAt == outside2, external)
			s.Do(HangsUp("alice"))
			s.Within(500*time.Millisecond, Ends("alice"), Ends("ann"))
			// And the other way round.
			s.Do(CallerArrivesAt("alice", row.callerAt))
			s.Within(4*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
			s.Do(HangsUp("ann"))
			s.Within(500*time.Millisecond, Ends("alice"), Ends("ann"))
		})
	}
}

// A phone on another host reaches the published address, and nothing else of the
// contact center: it registers, is called, calls, and hears.
func TestPhoneOnAnotherHost(t *testing.T) {
	listen := anotherHost(t)
	publishAt(t, theStack, addrHere)
	edge := net.JoinHostPort(addrHere, cmp.Or(theStack.secrets["SIP_PORT_1"], "5060"))

	s := NewShift(t, Queue{"announce": 0, "wrap_up": 0})
	s.elsewhere = &host{edge: edge, ip: addrThere, listen: listen}
	s.Hire("ann", edge, true)
	s.Do(AllLoggedIn("ann"))
	for _, callerAt := range []string{kamailio2, edge} {
		caller := map[string]string{kamailio2: "alice", edge: "bob"}[callerAt]
		s.Do(CallerArrivesAt(caller, callerAt))
		s.Within(time.Second, QueueAnswers(caller), Rings("ann"))
		s.Within(4*time.Second, Hears(caller, "ann"), Hears("ann", caller))
		s.relayed("ann", true, addrHere)
		s.relayed(caller, callerAt == edge, addrHere)
		s.Do(HangsUp(caller))
		s.Within(500*time.Millisecond, Ends(caller), Ends("ann"))
	}
}

// relayed: who is outside talks to the published address, who is inside never.
func (s *Shift) relayed(name string, outside bool, external string) {
	s.t.Helper()
	var call *sim.Call
	if call = s.who(name).running(); call == nil {
		s.t.Fatalf("%s is in no call", name)
	}
	peer := call.MediaPeer().String()
	s.Check(strings.HasPrefix(peer, external+":") == outside, "%s, outside %v, sends audio to %s", name, outside, peer)
}
