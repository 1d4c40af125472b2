//go:build stack

package test

import (
	"strings"
	"testing"
	"time"

	"holdline/queue"
	"holdline/sim"
)

// Two tenants with the same extension, the same queue name, the same agent ids and
// callers of the same number: neither sees anything of the other.
func TestTwoPoolsWithTheSameNumbers(t *testing.T) {
	here := NewShift(t, Queue{"announce": 0, "wrap_up": 0})
	there := newShift(t, another(t, here), here.desk.exten, Queue{"announce": 0, "wrap_up": 0})
	there.tones = make([]int, 10) // tones that nobody here has
	for i := range there.tones {
		there.tones[i] = 2000 + 10*i
	}
	both := []*Shift{here, there}
	for _, s := range both {
		s.Staff("ann", "ben")
	}
	t.Logf("both have the queue %s and the agent %s", here.desk.queue, here.who("ann").id)

	// Callers of both wait. An agent of one logs in: a caller of that one rings.
	for _, s := range both {
		s.Do(CallersArrive("alice", "bob"))
	}
	there.Do(AllLoggedIn("ann"))
	there.Within(500*time.Millisecond, RingsWith("ann", "alice"))
	there.Within(4*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
	here.From(there.Last()).Never(2*time.Second, AnyRings("ann", "ben"))
	here.Check(modeOf(here, "ann") == queue.LoggedOut, "the agent of the same id in the other pool is still logged out")
	for _, s := range both {
		n, err := s.desk.tenant.pool.Contacts(t.Context())
		s.Check(err == nil && len(n) == 2, "its pool has two contacts, its own: %d, %v", len(n), err)
	}

	here.Do(LogsIn("ann"))
	here.Within(500*time.Millisecond, RingsWith("ann", "alice"))
	here.Within(4*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))

	// One hangs up: the next caller is of the same pool, and the other pool's talk
	// goes on.
	here.Do(HangsUp("alice"))
	here.Within(time.Second, RingsWith("ann", "bob"))
	here.Within(4*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
	there.Check(there.who("alice").running() != nil, "the other pool's alice still talks")
	there.Do(Behaves("ben", "lets it ring", sim.NeverAnswer()), LogsIn("ben"))
	there.Within(500*time.Millisecond, RingsWith("ben", "bob"))
	there.Do(HangsUp("bob"))
	there.Within(300*time.Millisecond, StopsRinging("ben"))
	here.Check(here.who("bob").running() != nil, "the other pool's bob still talks")

	// No agent of one is reached by an address of the other.
	there.Do(LogsOut("ann"))
	here.Check(modeOf(here, "ann") == queue.Ready, "a logout in one pool is none in the other")
}

func modeOf(s *Shift, agent string) queue.Mode {
	s.t.Helper()
	a, err := s.desk.tenant.pool.Agent(s.t.Context(), s.who(agent).id)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.Mode
}

// another makes a second pool by SQL, with a SIP domain of its own, and takes it
// away when the test ends.
func another(t *testing.T, s *Shift) tenant {
	t.Helper()
	name := strings.Replace(s.desk.exten, "test", "twin", 1)
	other := tenant{name, name + ".holdline.test", queue.Open(s.stack.rdb, name)}
	t.Cleanup(func() {
		if _, err := s.stack.db.Exec("DELETE FROM pools WHERE name = ?", name); err != nil {
			t.Errorf("remove the pool: %v", err)
		}
	})
	s.desk.insert(t, "pools", map[string]any{"name": name, "sip_domain": other.domain, "title": "twin of " + poolName})
	return other
}
