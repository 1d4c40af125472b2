package aritest

import (
	"context"

	"holdline/ari"
)

var nodeScenarios = []Scenario{
	{"the node and its application", func(s *Script) {
		ctx, c := s.ctx(), s.c
		_ = c.Ping(ctx)
		_, _ = c.Application(ctx, App)
		_, _ = c.Applications(ctx)
		_, _ = c.Endpoint(ctx, "PJSIP", "loop")
	}},
	{"the application knows its channels", func(s *Script) {
		caller, _ := s.answered()
		s.leg("leg")
		_, _ = s.c.Application(s.ctx(), App)
		s.callerGone(caller)
		_, _ = s.c.Application(s.ctx(), App)
	}},
	{"who may not, is denied", func(s *Script) {
		nobody, reader := s.w.ClientOf(s, "holdline", "wrong"), s.w.ClientOf(s, "watcher", "")
		_ = nobody.Ping(s.ctx())
		_, _ = nobody.Channels(s.ctx())
		_, _ = reader.Channels(s.ctx())
		_ = reader.SetVariable(s.ctx(), "A", "b")
	}},
	{"events are filtered", func(s *Script) {
		s.t.Cleanup(func() { _, _ = s.w.Client.SetEventFilter(context.Background(), App, nil, nil) }) // also when it fails
		_, _ = s.c.SetEventFilter(s.ctx(), App, []string{ari.CallBroadcast, ari.StasisStart, ari.StasisEnd}, nil)
		caller, id := s.enter()
		_ = s.c.Answer(s.ctx(), id)
		s.hangUp(caller)
		s.Hear("StasisEnd caller")
		_, _ = s.c.SetEventFilter(s.ctx(), App, nil, []string{ari.ChannelStateChange, ari.ChannelHangupRequest})
		caller, id = s.enter()
		_ = s.c.Answer(s.ctx(), id)
		s.hangUp(caller)
		s.Hear("StasisEnd caller")
		_, _ = s.c.SetEventFilter(s.ctx(), App, nil, nil)
		caller, _ = s.answered()
		s.callerGone(caller)
	}},
	{"what happened while nobody listened is told", func(s *Script) {
		caller, _ := s.answered()
		sessions := s.w.Hear.Sessions()
		s.Do("the event server goes away", func() { s.w.Hear.Away(s.t, s.w.Node) })
		s.hangUp(caller)
		s.Do("the caller is gone", func() {
			Eventually(s.t, "the caller is gone", func() bool {
				application, err := s.w.Client.Application(s.ctx(), App)
				return err == nil && len(application.Channels) == 0
			})
		})
		late := s.w.Call(s.t, "queue=late")
		s.Name(late.Number(), "late number")
		s.Do("somebody calls, the dialplan saw "+late.Became(s.t, "STASISSTATUS"), func() {})
		s.Do("the event server is back", func() { s.w.Hear.Back(); s.w.Hear.Connected(s.t, sessions+1) })
		e := s.w.Hear.Wait(s.t, "CallBroadcast", func(e ari.Event) bool {
			return e.Type == ari.CallBroadcast && e.Channel.Caller.Number == late.Number()
		})
		id := s.Name(e.Channel.ID, "late")
		s.Hear("ChannelHangupRequest caller", "StasisEnd caller", "CallBroadcast late", "ApplicationRegistered")
		_ = s.c.Claim(s.ctx(), id, App)
	}},
	{"a call is in the application while the connection is lost", func(s *Script) {
		caller, id := s.answered()
		sessions := s.w.Hear.Sessions()
		s.Do("the event server goes away", func() { s.w.Hear.Away(s.t, s.w.Node) })
		_, _ = s.c.Channel(s.ctx(), id)
		s.play("prompt", id, tone)
		_, _ = s.c.Application(s.ctx(), App)
		s.Do("the event server is back", func() { s.w.Hear.Back(); s.w.Hear.Connected(s.t, sessions+1) })
		s.Hear("PlaybackStarted prompt", "ApplicationRegistered")
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "PlaybackFinished prompt", "StasisEnd caller")
	}},
}
