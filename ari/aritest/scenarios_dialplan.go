package aritest

import (
	"time"

	"holdline/ari"
)

// continued lets a caller go on in the dialplan, which dials for them, while we hear on.
func (s *Script) continued(endpoints, seconds string, subscribe bool) (Caller, string) {
	s.t.Helper()
	caller, id := s.answered()
	if subscribe {
		_ = s.c.Subscribe(s.ctx(), App, id)
	}
	_ = s.c.SetChannelVariables(s.ctx(), id, map[string]string{
		"call_string": endpoints, "HOLDLINE_RING": seconds, "HOLDLINE_OFFER": "o1",
	})
	_ = s.c.Continue(s.ctx(), id, ari.ContinueRequest{})
	s.Hear("StasisEnd caller")
	return caller, id
}

// dials names the leg that the dialplan makes.
func (s *Script) dials() {
	s.t.Helper()
	e := s.w.Hear.Wait(s.t, "Dial", func(e ari.Event) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return e.Type == ari.Dial && e.Caller != nil && s.names[e.Caller.ID] == "caller"
	})
	s.Name(e.Peer.ID, "leg")
	s.Hear("Dial leg")
}

// returns hears a caller come back, and lets them in.
func (s *Script) returns(id string) {
	s.t.Helper()
	s.Hear("CallBroadcast caller")
	s.admitted(id)
}

func (s *Script) admitted(id string) {
	s.t.Helper()
	_ = s.c.Claim(s.ctx(), id, App)
	s.Hear("StasisStart caller")
	_, _ = s.c.Application(s.ctx(), App)
}

// CallBroadcast is not told by way of the topics that channels are, and may overtake them.
const meanwhile = "the leg is hung up while the dialplan goes on"

var dialplanScenarios = []Scenario{
	{"the dialplan dials, the phone is busy, the caller comes back", func(s *Script) {
		caller, id := s.continued(s.w.Phone(Busies, 500*time.Millisecond), "10", true)
		s.dials()
		s.Hear("Dial leg RINGING")
		s.HearLoose(AnyOrder, meanwhile, "Dial leg BUSY", "CallBroadcast caller")
		s.admitted(id)
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "StasisEnd caller", "ChannelDestroyed caller")
	}},
	{"the dialplan dials, nobody answers, the caller comes back", func(s *Script) {
		_, id := s.continued(s.w.Phone(Rings, 0), "1", true)
		s.dials()
		s.Hear("Dial leg RINGING")
		s.HearLoose(AnyOrder, meanwhile, "Dial leg NOANSWER", "CallBroadcast caller")
		s.admitted(id)
	}},
	{"the dialplan dials, the phone answers and hangs up", func(s *Script) {
		_, id := s.continued(s.w.Phone(Hanger, 300*time.Millisecond), "10", true)
		s.dials()
		s.Hear("Dial leg ANSWER")
		s.returns(id)
	}},
	{"the dialplan dials, the caller hangs up", func(s *Script) {
		caller, _ := s.continued(s.w.Phone(Rings, 0), "10", true)
		s.dials()
		s.Hear("Dial leg RINGING")
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "Dial leg CANCEL", "ChannelDestroyed caller")
	}},
	{"the dialplan dials, and nobody subscribed", func(s *Script) {
		_, id := s.continued(s.w.Phone(Busies, 0), "10", false)
		s.returns(id)
	}},
	{"a subscription", func(s *Script) {
		caller, id := s.call("queue=support")
		_ = s.c.Subscribe(s.ctx(), App, id)
		_ = s.c.Subscribe(s.ctx(), App, id)
		_ = s.c.Subscribe(s.ctx(), App, s.ID("nobody"))
		_ = s.c.Subscribe(s.ctx(), "nobody", id)
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "ChannelDestroyed caller")
	}},
}
