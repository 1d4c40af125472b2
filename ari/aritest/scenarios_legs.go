package aritest

import (
	"fmt"
	"time"

	"holdline/ari"
)

var legScenarios = []Scenario{
	{"originate, answered, the phone hangs up", func(s *Script) {
		s.originate("leg", s.w.Phone(Hanger, 300*time.Millisecond), Patience)
		s.Hear("Dial leg", "ChannelStateChange leg Up", "Dial leg ANSWER", "StasisStart leg")
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"originate, answered, we hang up", func(s *Script) {
		id := s.leg("leg")
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"originate, busy", func(s *Script) {
		s.originate("leg", s.w.Phone(Busies, 100*time.Millisecond), Patience)
		s.rings("leg")
		s.Hear("ChannelHangupRequest leg", "Dial leg BUSY", "ChannelDestroyed leg")
	}},
	{"originate, rejected", func(s *Script) {
		s.originate("leg", s.w.Phone(Declines, 100*time.Millisecond), Patience)
		s.rings("leg")
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"originate, nobody is there", func(s *Script) {
		_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{ID: s.ID("leg"), Endpoint: s.w.Phone(Nowhere, 0), Timeout: Patience})
		s.HearLoose(AnyOrder, atOnce, "Dial leg", "ChannelHangupRequest leg")
		s.Hear("Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"originate, no answer", func(s *Script) {
		s.originate("leg", s.w.Phone(Rings, 0), time.Second)
		s.rings("leg")
		s.Hear("ChannelDestroyed leg")
	}},
	{"originate, not a sound from the phone", func(s *Script) {
		s.originate("leg", s.w.Wire("silent"), time.Second)
		s.Hear("Dial leg", "ChannelDestroyed leg")
	}},
	{"originate, cancelled while it rings", func(s *Script) {
		id := s.originate("leg", s.w.Phone(Rings, 0), Patience)
		s.rings("leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonAnsweredElsewhere)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonAnsweredElsewhere)
	}},
	{"originate, cancelled before a sound from the phone", func(s *Script) {
		id := s.originate("leg", s.w.Wire("silent"), Patience)
		s.Hear("Dial leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"the phone rings and vanishes", func(s *Script) {
		id := s.originate("leg", s.w.Wire("rings"), Patience)
		s.rings("leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"the phone answers and vanishes", func(s *Script) {
		id := s.originate("leg", s.w.Wire("answers"), Patience)
		s.Hear("Dial leg", "ChannelStateChange leg Up", "Dial leg ANSWER", "StasisStart leg")
		_ = s.c.StartMusic(s.ctx(), id, "")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"a ringing leg takes no commands", func(s *Script) {
		id := s.originate("leg", s.w.Phone(Rings, 0), Patience)
		s.rings("leg")
		ctx, c := s.ctx(), s.c
		_ = c.Answer(ctx, id)
		_ = c.StartMusic(ctx, id, "")
		_, _ = c.Play(ctx, id, ari.PlayRequest{Media: []string{"sound:hello"}})
		_ = c.SetChannelVariable(ctx, id, "A", "b")
		_ = c.Continue(ctx, id, ari.ContinueRequest{})
		_ = c.Dial(ctx, id, "", Patience)
		_, _ = c.Channel(ctx, id)
		_ = c.Hangup(ctx, id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"an id is taken while it lives", func(s *Script) {
		id := s.originate("leg", s.w.Phone(Rings, 0), Patience)
		s.rings("leg")
		_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{ID: id, Endpoint: s.w.Phone(Rings, 0), Timeout: Patience})
		_, _ = s.c.Create(s.ctx(), ari.CreateRequest{ID: id, Endpoint: s.w.Phone(Rings, 0)})
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
		s.originate("again", s.w.Wire("404"), Patience)
		s.Hear("Dial again", "ChannelHangupRequest again", "Dial again NOANSWER", "ChannelDestroyed again")
	}},
	{"an id that begins a live one is taken", func(s *Script) {
		id := s.originate("leg", s.w.Phone(Rings, 0), Patience)
		s.rings("leg")
		beginning := s.Name(id[:33], "beginning")
		_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{ID: beginning, Endpoint: s.w.Phone(Rings, 0), Timeout: time.Second})
		_, _ = s.c.Create(s.ctx(), ari.CreateRequest{ID: beginning, Endpoint: s.w.Phone(Rings, 0)})
		_, _ = s.c.Channel(s.ctx(), beginning)
		_ = s.c.Hangup(s.ctx(), beginning, ari.ReasonNormal)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"legs that cannot be made", func(s *Script) {
		ctx, c := s.ctx(), s.c
		for _, endpoint := range []string{"PJSIP/nobody/sip:201@127.0.0.1", "PJSIP", "", "NONE/x"} {
			_, _ = c.Originate(ctx, ari.OriginateRequest{ID: s.ID("a"), Endpoint: endpoint, Timeout: Patience})
			_, _ = c.Create(ctx, ari.CreateRequest{ID: s.ID("b"), Endpoint: endpoint})
		}
		gone := s.ID("gone")
		_, _ = c.Originate(ctx, ari.OriginateRequest{ID: s.ID("c"), Endpoint: s.w.Phone(Rings, 0), Timeout: Patience, Originator: gone})
		_, _ = c.Create(ctx, ari.CreateRequest{ID: s.ID("d"), Endpoint: s.w.Phone(Rings, 0), Originator: gone}) // it can
		s.Hear("StasisStart d")
	}},
	{"a leg for an application that nobody serves", func(s *Script) {
		id := s.ID("leg")
		_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{
			ID: id, Endpoint: s.w.Phone(Answers, 0), Application: "nobody", Timeout: Patience,
		})
		s.gone(id)
	}},
	{"a leg rings on when its caller hangs up", func(s *Script) {
		caller, callerID := s.answered()
		id := s.ID("leg")
		_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{
			ID: id, Endpoint: s.w.Phone(Rings, 0), Timeout: Patience, Originator: callerID,
		})
		s.rings("leg")
		s.callerGone(caller)
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonAnsweredElsewhere)
		s.Hear("ChannelHangupRequest leg", "Dial leg NOANSWER", "ChannelDestroyed leg")
	}},
	{"a leg for a caller shows the caller id that it is given", func(s *Script) {
		_, callerID := s.answered()
		id := s.ID("leg")
		_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{
			ID: id, Endpoint: s.w.Phone(Answers, 100*time.Millisecond), Timeout: Patience, Originator: callerID,
			CallerID: `"Ann & Co" <4711>`, AppArgs: "leg=" + id,
		})
		s.rings("leg")
		s.Hear("ChannelStateChange leg Up", "Dial leg ANSWER", "StasisStart leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"a leg goes on in the dialplan", func(s *Script) {
		id := s.leg("leg")
		_ = s.c.Continue(s.ctx(), id, ari.ContinueRequest{Context: "far", Extension: "still", Priority: 1})
		s.Hear("StasisEnd leg")
		s.inDialplan(id)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "ChannelDestroyed leg")
	}},
	{"create and dial, answered, the phone hangs up", func(s *Script) {
		s.dialled(s.w.Phone(Hanger, 300*time.Millisecond), "", Patience)
		s.Hear("Dial leg", "ChannelStateChange leg Up", "Dial leg ANSWER")
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"create and dial for a caller, answered, both hang up", func(s *Script) {
		caller, callerID := s.answered()
		id := s.create("leg", s.w.Phone(Answers, 100*time.Millisecond), callerID)
		s.Hear("StasisStart leg")
		_ = s.c.SetChannelVariable(s.ctx(), id, "A", "b")
		_ = s.c.StartMusic(s.ctx(), id, "")
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Dial(s.ctx(), id, callerID, Patience)
		s.rings("leg")
		s.Hear("ChannelStateChange leg Up", "Dial leg ANSWER")
		_ = s.c.Dial(s.ctx(), id, callerID, Patience)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "StasisEnd caller", "ChannelDestroyed caller")
	}},
	{"create and dial, busy", func(s *Script) {
		s.dialled(s.w.Phone(Busies, 100*time.Millisecond), "", Patience)
		s.rings("leg")
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"create and dial, rejected", func(s *Script) {
		s.dialled(s.w.Phone(Declines, 100*time.Millisecond), "", Patience)
		s.rings("leg")
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"create and dial, nobody is there", func(s *Script) {
		s.dialled(s.w.Phone(Nowhere, 0), "", Patience)
		s.HearLoose(AnyOrder, atOnce, "Dial leg", "ChannelHangupRequest leg")
		s.Hear("StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"create and dial, no answer", func(s *Script) {
		s.dialled(s.w.Phone(Rings, 0), "", time.Second)
		s.rings("leg")
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"create and dial, cancelled while it rings", func(s *Script) {
		id := s.dialled(s.w.Phone(Rings, 0), "", Patience)
		s.rings("leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonAnsweredElsewhere)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"create, and hang up undialled", func(s *Script) {
		id := s.create("leg", s.w.Phone(Rings, 0), "")
		s.Hear("StasisStart leg")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
	{"the caller hangs up while a dialled leg rings", func(s *Script) {
		caller, callerID := s.answered()
		id := s.create("leg", s.w.Phone(Rings, 0), callerID)
		s.Hear("StasisStart leg")
		_ = s.c.Dial(s.ctx(), id, callerID, Patience)
		s.rings("leg")
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "StasisEnd caller", "ChannelDestroyed caller")
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "StasisEnd leg", "ChannelDestroyed leg")
	}},
}

const atOnce = "who refuses at once may be heard before the dial is told of"

// dialled makes a leg with create and rings it.
func (s *Script) dialled(endpoint, caller string, timeout time.Duration) string {
	s.t.Helper()
	id := s.create("leg", endpoint, caller)
	s.Hear("StasisStart leg")
	_ = s.c.Dial(s.ctx(), id, caller, timeout)
	return id
}

// refusals are every SIP status that package ari's causes are told apart by.
func refusals() []Scenario {
	var all []Scenario
	for _, status := range []int{403, 404, 408, 410, 480, 484, 486, 487, 488, 499, 500, 502, 503, 504, 600, 603, 604, 606} {
		all = append(all, Scenario{fmt.Sprintf("the phone refuses with %d", status), func(s *Script) {
			s.originate("leg", s.w.Wire(fmt.Sprint(status)), Patience)
			s.Hear("Dial leg", "ChannelHangupRequest leg", "Dial leg", "ChannelDestroyed leg")
		}})
	}
	return all
}
