//go:build stack

package test

import (
	"context"
	"testing"
	"time"
)

// An agent is in a call that no queue gave them. They have been ready the longest, and
// the next one rings; after their hang-up they ring within two seconds.
func TestAgentInACallOutsideTheQueuesIsOfferedNothing(t *testing.T) {
	for _, row := range []struct {
		name string
		call func(s *Shift, agent string)
	}{
		{"the agent calls", func(s *Shift, agent string) {
			nobodys := newShift(s.t, s.desk.tenant, "", Queue{"announce": 0})
			s.Do(CallsOut(agent, nobodys.desk.exten))
			s.Within(time.Second, QueueAnswers(agent))
		}},
		{"a dialplan calls the agent", func(s *Shift, agent string) {
			s.Do(CallsDesk("carl", agent))
			s.Within(time.Second, Rings(agent))
			s.Within(4*time.Second, Hears("carl", agent), Hears(agent, "carl"))
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := NewShift(t, Queue{"announce": 0, "wrap_up": 0})
			s.Staff("ann", "ben")
			s.Do(AllLoggedIn("ann", "ben"))
			row.call(s, "ann")
			s.Within(2*time.Second, DeviceIs("ann", true))
			s.Do(CallerArrives("alice"))
			s.Within(time.Second, RingsWith("ben", "alice"))
			s.Within(4*time.Second, Hears("alice", "ben"), Hears("ben", "alice"))
			s.Do(CallersArrive("bob"))
			s.Never(3*time.Second, Rings("ann"))
			s.Do(HangsUp("ann"))
			s.Within(2*time.Second, RingsWith("ann", "bob"), DeviceIs("ann", false))
			s.Within(6*time.Second, Hears("bob", "ann"), Hears("ann", "bob"))
		})
	}
}

// CallsOut: the agent dials an extension of the pool.
func CallsOut(agent, exten string) Action {
	return Action{agent + " calls " + exten, func(s *Shift) (time.Time, error) {
		return s.dial(s.who(agent), "sip:"+exten+"@"+s.desk.tenant.domain)
	}}
}

// CallsDesk: the caller dials an extension of the nodes' dialplan that is the agent's
// own, without a queue.
func CallsDesk(caller, agent string) Action {
	return Action{caller + " calls " + agent + "'s desk", func(s *Shift) (time.Time, error) {
		exten := s.who(agent).id + "-desk"
		for _, node := range s.stack.replicas(s.t, "asterisk") {
			if err := asteriskCLI(s.t.Context(), node, "dialplan add extension "+exten+",1,Dial,PJSIP/kamailio-1/sip:"+
				s.who(agent).id+"@"+s.desk.tenant.domain+" into holdline-in"); err != nil {
				return time.Time{}, err
			}
			s.t.Cleanup(func() {
				if err := asteriskCLI(context.Background(), node, "dialplan remove extension "+exten+"@holdline-in"); err != nil {
					s.t.Error(err)
				}
			})
		}
		return s.dial(s.caller(caller, kamailio1), "sip:"+exten+"@"+s.desk.tenant.domain)
	}}
}

// asteriskCLI gives one command to a node.
func asteriskCLI(ctx context.Context, node, command string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := docker(ctx, "exec", node, "asterisk", "-C", "/run/asterisk/etc/asterisk.conf", "-rx", command)
	return err
}

// DeviceIs: the pool knows that the agent's device is in a call outside the queues, or
// that it is in none.
func DeviceIs(agent string, inUse bool) Expectation {
	name := agent + "'s device is in use"
	if !inUse {
		name = agent + "'s device is free"
	}
	return Expectation{name, func(s *Shift, _ time.Time) (time.Time, bool) {
		a, err := s.desk.tenant.pool.Agent(s.t.Context(), s.who(agent).id)
		if inUse {
			return a.DeviceInUse, err == nil && !a.DeviceInUse.IsZero()
		}
		return time.Now(), err == nil && a.DeviceInUse.IsZero()
	}}
}
