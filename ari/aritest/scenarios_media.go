package aritest

import (
	"context"

	"holdline/ari"
)

func (s *Script) play(name, channel string, media ...string) string {
	s.t.Helper()
	id := s.ID(name)
	_, _ = s.c.Play(s.ctx(), channel, ari.PlayRequest{ID: id, Media: media, Language: "en"})
	return id
}

const (
	tone    = "tone:400" // plays until it is stopped
	digit   = "sound:digits/1"
	nowhere = "sound:there-is-no-such-sound"
)

var mediaScenarios = []Scenario{
	{"a list is played to its end", func(s *Script) {
		_, id := s.answered()
		s.play("prompt", id, digit, "sound:digits/2")
		s.Hear("PlaybackStarted prompt", "PlaybackContinuing prompt", "PlaybackStarted prompt", "PlaybackFinished prompt")
	}},
	{"music, a prompt, music again", func(s *Script) {
		caller, id := s.answered()
		_ = s.c.StartMusic(s.ctx(), id, "")
		_ = s.c.StartMusic(s.ctx(), id, "no-such-class")
		s.play("prompt", id, digit)
		_ = s.c.StartMusic(s.ctx(), id, "default")
		s.Hear("PlaybackStarted prompt", "PlaybackFinished prompt")
		_ = s.c.StopMusic(s.ctx(), id)
		_ = s.c.StopMusic(s.ctx(), id)
		s.callerGone(caller)
	}},
	{"a playback is stopped", func(s *Script) {
		_, id := s.answered()
		p := s.play("prompt", id, tone)
		s.Hear("PlaybackStarted prompt")
		_, _ = s.c.Playback(s.ctx(), p)
		_ = s.c.StopPlayback(s.ctx(), p)
		s.Hear("PlaybackFinished prompt")
	}},
	{"a waiting playback is taken back", func(s *Script) {
		_, id := s.answered()
		first := s.play("first", id, tone)
		s.Hear("PlaybackStarted first")
		middle := s.play("middle", id, digit)
		s.play("last", id, digit)
		_, _ = s.c.Playback(s.ctx(), middle)
		_ = s.c.StopPlayback(s.ctx(), middle)
		_ = s.c.StopPlayback(s.ctx(), first)
		s.Hear("PlaybackFinished first", "PlaybackFinished middle", "PlaybackStarted last", "PlaybackFinished last")
	}},
	{"one id plays twice", func(s *Script) {
		_, id := s.answered()
		p := s.play("prompt", id, digit)
		_, _ = s.c.Play(s.ctx(), id, ari.PlayRequest{ID: p, Media: []string{digit}, Language: "en"})
		s.Hear("PlaybackStarted prompt", "PlaybackFinished prompt", "PlaybackStarted prompt", "PlaybackFinished prompt")
	}},
	{"a sound is missing", func(s *Script) {
		_, id := s.answered()
		s.play("alone", id, nowhere)
		s.Hear("PlaybackStarted alone", "PlaybackFinished alone")
		s.play("first", id, nowhere, digit)
		s.Hear("PlaybackStarted first", "PlaybackContinuing first", "PlaybackStarted first", "PlaybackFinished first")
		s.play("second", id, digit, nowhere)
		s.Hear("PlaybackStarted second", "PlaybackContinuing second", "PlaybackStarted second", "PlaybackFinished second")
	}},
	{"a number cannot be stopped", func(s *Script) {
		_, id := s.answered()
		p := s.play("number", id, "number:1234")
		s.Hear("PlaybackStarted number")
		_ = s.c.StopPlayback(s.ctx(), p)
		s.Hear("PlaybackFinished number")
	}},
	{"a number after a sound is not stopped", func(s *Script) {
		_, id := s.answered()
		p := s.play("prompt", id, digit, "digits:123", "sound:digits/2")
		s.Hear("PlaybackStarted prompt", "PlaybackContinuing prompt", "PlaybackStarted prompt")
		_ = s.c.StopPlayback(s.ctx(), p)
		s.Hear("PlaybackContinuing prompt", "PlaybackStarted prompt", "PlaybackFinished prompt")
	}},
	{"nonsense never finishes", func(s *Script) {
		caller, id := s.answered()
		for _, media := range []string{"nonsense:x", "number:x", "recording:there-is-none"} {
			s.play(media, id, media)
			s.Hear("PlaybackStarted " + media)
		}
		s.play("mixed", id, "nonsense:x", digit)
		s.Hear("PlaybackStarted mixed", "PlaybackFinished mixed")
		s.callerGone(caller)
	}},
	{"a caller hangs up during a prompt", func(s *Script) {
		caller, id := s.answered()
		s.play("prompt", id, tone)
		s.Hear("PlaybackStarted prompt")
		s.play("behind", id, digit)
		_ = s.c.StartMusic(s.ctx(), id, "")
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "PlaybackFinished prompt", "StasisEnd caller")
	}},
	{"we hang up a caller during a prompt", func(s *Script) {
		_, id := s.answered()
		s.play("prompt", id, tone)
		s.Hear("PlaybackStarted prompt")
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest caller", "PlaybackFinished prompt", "StasisEnd caller")
	}},
	{"continue waits behind a prompt", func(s *Script) {
		caller, id := s.answered()
		p := s.play("prompt", id, tone)
		s.Hear("PlaybackStarted prompt")
		_ = s.c.Continue(s.ctx(), id, ari.ContinueRequest{Context: "far", Extension: "after", Priority: 1})
		_ = s.c.Ring(s.ctx(), id)
		_ = s.c.StopPlayback(s.ctx(), p)
		s.Hear("PlaybackFinished prompt", "StasisEnd caller")
		s.hangUp(caller)
	}},
	waiting("an answer", true, func(s *Script, id, _ string) func(context.Context) error {
		return func(ctx context.Context) error { return s.c.Answer(ctx, id) }
	}),
	waiting("a variable", true, func(s *Script, id, _ string) func(context.Context) error {
		return func(ctx context.Context) error { return s.c.SetChannelVariable(ctx, id, "WAITED", "yes") }
	}),
	waiting("a bridge", true, func(s *Script, id, bridge string) func(context.Context) error {
		return func(ctx context.Context) error { return s.c.AddToBridge(ctx, bridge, id) }
	}),
	waiting("an answer", false, func(s *Script, id, _ string) func(context.Context) error {
		return func(ctx context.Context) error { return s.c.Answer(ctx, id) }
	}),
	waiting("a variable", false, func(s *Script, id, _ string) func(context.Context) error {
		return func(ctx context.Context) error { return s.c.SetChannelVariable(ctx, id, "WAITED", "yes") }
	}),
	waiting("a bridge", false, func(s *Script, id, bridge string) func(context.Context) error {
		return func(ctx context.Context) error { return s.c.AddToBridge(ctx, bridge, id) }
	}),
}

// waiting is a request that waits behind a prompt until the prompt is stopped, or until its caller is gone.
func waiting(what string, stopped bool, ask func(s *Script, id, bridge string) func(context.Context) error) Scenario {
	name := what + " waits behind a prompt"
	if !stopped {
		name = what + " waits for who hangs up"
	}
	return Scenario{name, func(s *Script) {
		caller, id := s.answered()
		bridge := s.bridge("bridge")
		p := s.play("prompt", id, tone)
		s.Hear("PlaybackStarted prompt")
		answered := s.Go(ask(s, id, bridge))
		if !stopped {
			s.hangUp(caller)
			s.Hear("ChannelHangupRequest caller", "PlaybackFinished prompt", "StasisEnd caller")
			answered()
			return
		}
		_ = s.w.Client.StopPlayback(s.ctx(), p) // unwritten: its answer and the one waited for race
		answered()
		s.Hear("PlaybackFinished prompt")
		if what == "a bridge" {
			s.Hear("ChannelEnteredBridge caller")
		}
		_, _ = s.c.ChannelVariable(s.ctx(), id, "WAITED")
	}}
}
