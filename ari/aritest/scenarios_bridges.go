package aritest

import (
	"time"

	"holdline/ari"
)

func (s *Script) bridge(name string) string {
	s.t.Helper()
	id := s.ID(name)
	_, _ = s.c.CreateBridge(s.ctx(), id, ari.BridgeMixing, "offer")
	return id
}

// connected is a caller with a leg in a bridge.
func (s *Script) connected() (caller Caller, callerID, legID, bridgeID string) {
	s.t.Helper()
	caller, callerID = s.answered()
	legID, bridgeID = s.leg("leg"), s.bridge("bridge")
	_ = s.c.AddToBridge(s.ctx(), bridgeID, callerID, legID)
	s.Hear("ChannelEnteredBridge caller", "ChannelEnteredBridge leg")
	return caller, callerID, legID, bridgeID
}

const twoChannels = "each channel leaves on its own thread"

var bridgeScenarios = []Scenario{
	{"a bridge is made, taken and deleted", func(s *Script) {
		id := s.bridge("bridge")
		_, _ = s.c.Bridge(s.ctx(), id)
		_, _ = s.c.CreateBridge(s.ctx(), id, ari.BridgeMixing, "again")
		_, _ = s.c.Bridges(s.ctx())
		_ = s.c.DeleteBridge(s.ctx(), id)
		s.bridgeGone(id)
		_ = s.c.DeleteBridge(s.ctx(), id)
		_, _ = s.c.Bridge(s.ctx(), id)
	}},
	{"two are connected, the caller hangs up", func(s *Script) {
		caller, _, legID, bridgeID := s.connected()
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
		_, _ = s.c.Channels(s.ctx())
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "ChannelLeftBridge caller", "StasisEnd caller")
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
		_ = s.c.Hangup(s.ctx(), legID, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest leg", "ChannelLeftBridge leg", "StasisEnd leg", "ChannelDestroyed leg")
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
		_ = s.c.DeleteBridge(s.ctx(), bridgeID)
		s.Hear("BridgeDestroyed bridge")
	}},
	{"two are connected, one is taken out", func(s *Script) {
		_, callerID, legID, bridgeID := s.connected()
		_ = s.c.RemoveFromBridge(s.ctx(), bridgeID, legID)
		s.Hear("ChannelLeftBridge leg")
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
		_ = s.c.RemoveFromBridge(s.ctx(), bridgeID, legID)
		_ = s.c.RemoveFromBridge(s.ctx(), bridgeID, callerID)
		s.Hear("ChannelLeftBridge caller")
		_ = s.c.DeleteBridge(s.ctx(), bridgeID)
	}},
	{"two are connected, the bridge is deleted", func(s *Script) {
		_, callerID, _, bridgeID := s.connected()
		_ = s.c.DeleteBridge(s.ctx(), bridgeID)
		s.HearLoose(ByChannel, twoChannels, "ChannelLeftBridge caller", "ChannelLeftBridge leg")
		s.bridgeGone(bridgeID)
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
		_ = s.c.StartMusic(s.ctx(), callerID, "")
	}},
	{"a member is added again", func(s *Script) {
		_, _, legID, bridgeID := s.connected()
		_ = s.c.AddToBridge(s.ctx(), bridgeID, legID)
		s.Hear("ChannelLeftBridge leg", "ChannelEnteredBridge leg")
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
	}},
	{"a member moves and goes on in the dialplan", func(s *Script) {
		_, _, legID, _ := s.connected()
		other := s.bridge("other")
		_ = s.c.AddToBridge(s.ctx(), other, legID)
		s.Hear("ChannelLeftBridge leg", "ChannelEnteredBridge leg")
		_ = s.c.Continue(s.ctx(), legID, ari.ContinueRequest{Context: "far", Extension: "still", Priority: 1})
		s.Hear("ChannelLeftBridge leg", "StasisEnd leg")
	}},
	{"the phone hangs up while two are connected", func(s *Script) {
		_, callerID := s.answered()
		legID := s.originate("leg", s.w.Phone(Hanger, time.Second), Patience)
		s.Hear("Dial leg", "ChannelStateChange leg Up", "Dial leg ANSWER", "StasisStart leg")
		bridgeID := s.bridge("bridge")
		_ = s.c.AddToBridge(s.ctx(), bridgeID, callerID, legID)
		s.Hear("ChannelEnteredBridge caller", "ChannelEnteredBridge leg")
		s.Hear("ChannelHangupRequest leg", "ChannelLeftBridge leg", "StasisEnd leg", "ChannelDestroyed leg")
		_ = s.c.DeleteBridge(s.ctx(), bridgeID)
		s.Hear("ChannelLeftBridge caller", "BridgeDestroyed bridge")
	}},
	{"an empty bridge whose members hung up is deleted", func(s *Script) {
		caller, callerID := s.answered()
		bridgeID := s.bridge("bridge")
		_ = s.c.AddToBridge(s.ctx(), bridgeID, callerID)
		s.Hear("ChannelEnteredBridge caller")
		s.hangUp(caller)
		s.Hear("ChannelHangupRequest caller", "ChannelLeftBridge caller", "StasisEnd caller")
		_ = s.c.DeleteBridge(s.ctx(), bridgeID)
		s.Hear("BridgeDestroyed bridge")
	}},
	{"who cannot be bridged", func(s *Script) {
		_, callerID := s.answered()
		ringing := s.originate("leg", s.w.Phone(Rings, 0), Patience)
		s.rings("leg")
		bridgeID, nobody := s.bridge("bridge"), s.ID("nobody")
		_ = s.c.AddToBridge(s.ctx(), bridgeID, nobody)
		_ = s.c.AddToBridge(s.ctx(), bridgeID, callerID, nobody)
		_ = s.c.AddToBridge(s.ctx(), bridgeID, ringing)
		_ = s.c.RemoveFromBridge(s.ctx(), bridgeID, callerID)
		_ = s.c.RemoveFromBridge(s.ctx(), bridgeID, nobody)
		_, _ = s.c.Bridge(s.ctx(), bridgeID)
	}},
	{"music and prompts in a bridge", func(s *Script) {
		_, callerID := s.answered()
		bridgeID := s.bridge("bridge")
		_ = s.c.AddToBridge(s.ctx(), bridgeID, callerID)
		s.Hear("ChannelEnteredBridge caller")
		_ = s.c.StartBridgeMusic(s.ctx(), bridgeID, "")
		id := s.ID("prompt")
		_, _ = s.c.PlayOnBridge(s.ctx(), bridgeID, ari.PlayRequest{ID: id, Media: []string{digit}, Language: "en"})
		s.Hear("PlaybackStarted prompt", "PlaybackFinished prompt")
		_ = s.c.StopBridgeMusic(s.ctx(), bridgeID)
		_ = s.c.StopBridgeMusic(s.ctx(), bridgeID)
		_ = s.c.DeleteBridge(s.ctx(), bridgeID)
		s.Hear("ChannelLeftBridge caller")
	}},
	{"a prompt for a member of a bridge", func(s *Script) {
		_, callerID, _, _ := s.connected()
		s.play("prompt", callerID, digit)
		s.Hear("PlaybackStarted prompt", "PlaybackFinished prompt")
	}},
}

func (s *Script) bridgeGone(id string) {
	s.t.Helper()
	Eventually(s.t, "it is forgotten", func() bool {
		_, err := s.w.Client.Bridge(s.ctx(), id)
		return err != nil
	})
}
