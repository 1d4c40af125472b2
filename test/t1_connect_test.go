//go:build stack

package test

import (
	"testing"
	"time"
)

// A caller in through either Kamailio, the agent registered at the other one:
// each hears the other, a hang-up from either side ends both legs, and the agent
// is called again when wrap-up is over, not before.
func TestCallerAndAgentHearEachOther(t *testing.T) {
	for _, row := range []struct{ name, callerAt, agentAt, hangsUp, other string }{
		{"in at 1, agent at 2, caller hangs up", kamailio1, kamailio2, "alice", "ann"},
		{"in at 2, agent at 1, agent hangs up", kamailio2, kamailio1, "ann", "alice"},
		{"in at 1, agent at 1, agent hangs up", kamailio1, kamailio1, "ann", "alice"},
	} {
		t.Run(row.name, func(t *testing.T) {
			const wrapUp = 2 * time.Second
			s := NewShift(t, Queue{"wrap_up": 2})
			s.Hire("ann", row.agentAt, true)
			s.Do(AllLoggedIn("ann"))

			s.Do(CallerArrivesAt("alice", row.callerAt))
			s.Within(time.Second, QueueAnswers("alice"), Rings("ann"))
			s.Within(4*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))

			s.Do(HangsUp(row.hangsUp))
			hungUp := s.Last()
			s.Within(500*time.Millisecond, Ends(row.hangsUp), Ends(row.other))

			s.Do(CallerArrivesAt("bob", row.callerAt))
			s.From(hungUp).Between(wrapUp, wrapUp+500*time.Millisecond, Rings("ann"))
			s.Within(wrapUp+4*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
		})
	}
}
