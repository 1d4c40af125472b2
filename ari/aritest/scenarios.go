package aritest

import (
	"context"
	"time"

	"holdline/ari"
)

// Scenario is a course of events that is recorded from a real Asterisk and played on the fake.
type Scenario struct {
	Name string
	run  func(*Script)
}

// Scenarios are all that is recorded.
func Scenarios() []Scenario {
	var all []Scenario
	for _, some := range [][]Scenario{callerScenarios, legScenarios, refusals(), mediaScenarios, bridgeScenarios, dialplanScenarios, nodeScenarios} {
		all = append(all, some...)
	}
	return all
}

const twoThreads = "the dial and the channel tell of it from two threads"

// call makes a call that is offered to the application.
func (s *Script) call(args string) (Caller, string) {
	s.t.Helper()
	caller := s.w.Call(s.t, args)
	s.Name(caller.Number(), "number")
	s.add(Step{Do: "somebody calls: " + args})
	e := s.w.Hear.Wait(s.t, "CallBroadcast", func(e ari.Event) bool {
		return e.Type == ari.CallBroadcast && e.Channel.Caller.Number == caller.Number()
	})
	id := s.Name(e.Channel.ID, "caller")
	s.Hear("CallBroadcast caller")
	return caller, id
}

func (s *Script) enter() (Caller, string) {
	s.t.Helper()
	caller, id := s.call("queue=support")
	_ = s.c.Claim(s.ctx(), id, App)
	s.Hear("StasisStart caller")
	return caller, id
}

// answered: the requests of the script's own client are its trace, so their errors are of no interest here.
func (s *Script) answered() (Caller, string) {
	s.t.Helper()
	caller, id := s.enter()
	_ = s.c.Answer(s.ctx(), id)
	s.Hear("ChannelStateChange caller Up")
	return caller, id
}

func (s *Script) originate(name, endpoint string, timeout time.Duration) string {
	s.t.Helper()
	id := s.ID(name)
	_, _ = s.c.Originate(s.ctx(), ari.OriginateRequest{
		ID: id, Endpoint: endpoint, Timeout: timeout, AppArgs: "leg=" + id, CallerID: `"Ann & Co" <4711>`,
		Variables: map[string]string{"PJSIP_HEADER(add,X-Holdline-Contact)": "c1"},
		Reported:  map[string]string{"HOLDLINE_OFFER": "o1"},
	})
	return id
}

func (s *Script) create(name, endpoint, originator string) string {
	s.t.Helper()
	id := s.ID(name)
	_, _ = s.c.Create(s.ctx(), ari.CreateRequest{ID: id, Endpoint: endpoint, AppArgs: "leg=" + id, Originator: originator})
	return id
}

// rings hears a leg begin to ring.
func (s *Script) rings(name string) {
	s.t.Helper()
	s.Hear("Dial " + name)
	s.HearLoose(AnyOrder, twoThreads, "Dial "+name+" RINGING", "ChannelStateChange "+name+" Ringing")
}

// leg is a phone's leg that was answered.
func (s *Script) leg(name string) string {
	s.t.Helper()
	id := s.originate(name, s.w.Phone(Answers, 100*time.Millisecond), Patience)
	s.rings(name)
	s.Hear("ChannelStateChange "+name+" Up", "Dial "+name+" ANSWER", "StasisStart "+name)
	return id
}

func (s *Script) hangUp(caller Caller) { s.Do("the caller hangs up", func() { caller.HangUp(s.t) }) }

func (s *Script) callerGone(caller Caller) {
	s.t.Helper()
	s.hangUp(caller)
	s.Hear("ChannelHangupRequest caller", "StasisEnd caller")
}

var callerScenarios = []Scenario{
	{"a call is claimed, answered and ended by the caller", func(s *Script) {
		caller, id := s.call("pool=demo:queue=support:need=a%20b:timeout=")
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Answer(s.ctx(), id)
		_ = s.c.Claim(s.ctx(), id, App)
		s.Hear("StasisStart caller")
		_ = s.c.Claim(s.ctx(), id, App)
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Answer(s.ctx(), id)
		s.Hear("ChannelStateChange caller Up")
		_ = s.c.Answer(s.ctx(), id)
		_, _ = s.c.Channels(s.ctx())
		s.callerGone(caller)
		_, _ = s.c.Channel(s.ctx(), id)
		_ = s.c.Claim(s.ctx(), id, App)
	}},
	{"nobody claims a call", func(s *Script) {
		caller, id := s.call("queue=support")
		s.Do("the dialplan saw "+caller.Became(s.t, "STASISSTATUS"), func() {})
		_ = s.c.Claim(s.ctx(), id, App)
		_ = s.c.Claim(s.ctx(), s.ID("nobody"), App)
		s.hangUp(caller)
	}},
	{"a caller gives up before the claim", func(s *Script) {
		caller, id := s.call("queue=support")
		s.hangUp(caller)
		s.gone(id)
		_ = s.c.Claim(s.ctx(), id, App)
	}},
	{"a caller hangs up unanswered", func(s *Script) {
		caller, _ := s.enter()
		s.callerGone(caller)
	}},
	{"a caller hangs up waiting with music", func(s *Script) {
		caller, id := s.answered()
		_ = s.c.StartMusic(s.ctx(), id, "default")
		s.callerGone(caller)
	}},
	{"we hang up a caller", func(s *Script) {
		_, id := s.answered()
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
		s.Hear("ChannelHangupRequest caller", "StasisEnd caller")
	}},
	{"we refuse a caller", func(s *Script) {
		_, id := s.enter()
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonBusy)
		s.Hear("ChannelHangupRequest caller", "StasisEnd caller")
	}},
	{"nothing can be done with who is gone", func(s *Script) {
		ctx, c, id := s.ctx(), s.c, s.ID("nobody")
		_ = c.Hangup(ctx, id, ari.ReasonNormal)
		_ = c.Answer(ctx, id)
		_ = c.Continue(ctx, id, ari.ContinueRequest{})
		_ = c.Ring(ctx, id)
		_ = c.StopRing(ctx, id)
		_ = c.SendDTMF(ctx, id, "1")
		_ = c.StartMusic(ctx, id, "")
		_ = c.StopMusic(ctx, id)
		_, _ = c.Play(ctx, id, ari.PlayRequest{Media: []string{"sound:hello"}})
		_, _ = c.ChannelVariable(ctx, id, "A")
		_, _ = c.ChannelVariables(ctx, id, "A", "B")
		_ = c.SetChannelVariable(ctx, id, "A", "b")
		_ = c.SetChannelVariables(ctx, id, map[string]string{"A": "b"})
		_ = c.Dial(ctx, id, "", Patience)
		_ = c.TransferProgress(ctx, id, "channel_declined")
		_ = c.AddToBridge(ctx, id, id)
		_ = c.RemoveFromBridge(ctx, id, id)
		_, _ = c.Bridge(ctx, id)
		_ = c.DeleteBridge(ctx, id)
		_ = c.StartBridgeMusic(ctx, id, "")
		_ = c.StopBridgeMusic(ctx, id)
		_, _ = c.PlayOnBridge(ctx, id, ari.PlayRequest{Media: []string{"sound:hello"}})
		_, _ = c.Playback(ctx, id)
		_ = c.StopPlayback(ctx, id)
		_, _ = c.Application(ctx, id)
		_, _ = c.SetEventFilter(ctx, id, nil, nil)
		_, _ = c.Endpoint(ctx, "PJSIP", id)
		_, _ = c.Endpoint(ctx, id, id)
	}},
	{"continue where the application was called", func(s *Script) {
		caller, id := s.answered()
		_ = s.c.SetChannelVariable(s.ctx(), id, "HOLDLINE_STATUS", "TIMEOUT")
		_ = s.c.Continue(s.ctx(), id, ari.ContinueRequest{})
		s.Hear("StasisEnd caller")
		s.Do("the dialplan saw "+caller.Became(s.t, "STASISSTATUS")+" "+caller.Became(s.t, "HOLDLINE_STATUS"), func() {})
		_ = s.c.Continue(s.ctx(), id, ari.ContinueRequest{})
		_ = s.c.Answer(s.ctx(), id)
		_ = s.c.StartMusic(s.ctx(), id, "")
		_, _ = s.c.Play(s.ctx(), id, ari.PlayRequest{Media: []string{"sound:hello"}})
		_ = s.c.SetChannelVariable(s.ctx(), id, "A", "b")
		_, _ = s.c.ChannelVariable(s.ctx(), id, "HOLDLINE_STATUS")
		_ = s.c.Claim(s.ctx(), id, App)
		_ = s.c.Hangup(s.ctx(), id, ari.ReasonNormal)
	}},
	{"continue elsewhere", func(s *Script) {
		caller, id := s.answered()
		_ = s.c.SetChannelVariable(s.ctx(), id, "HOLDLINE_STATUS", "LEFT_BY_KEY")
		_ = s.c.Continue(s.ctx(), id, ari.ContinueRequest{Context: "far", Extension: "after", Priority: 1})
		s.Hear("StasisEnd caller")
		s.Do("the dialplan saw "+caller.Became(s.t, "AFTER"), func() {})
	}},
	{"a caller presses digits", func(s *Script) {
		caller, _ := s.answered()
		s.Do("the caller presses 7#", func() { caller.Press(s.t, "7#") })
		s.Hear("ChannelDtmfReceived caller", "ChannelDtmfReceived caller")
		s.callerGone(caller)
	}},
	{"ringing and digits for a caller", func(s *Script) {
		caller, id := s.enter()
		_ = s.c.Ring(s.ctx(), id)
		_ = s.c.StopRing(s.ctx(), id)
		_ = s.c.SendDTMF(s.ctx(), id, "1")
		_ = s.c.TransferProgress(s.ctx(), id, "channel_declined")
		s.callerGone(caller)
	}},
	{"variables", func(s *Script) {
		caller, id := s.enter()
		ctx, c := s.ctx(), s.c
		_ = c.SetChannelVariable(ctx, id, "PLAIN", `a&b=c+d?e#f;g "x" ${EXTEN} 日本`)
		_, _ = c.ChannelVariable(ctx, id, "PLAIN")
		_, _ = c.ChannelVariable(ctx, id, "NEVER_SET")
		_ = c.SetChannelVariables(ctx, id, map[string]string{"ONE": "1", "TWO": "2"})
		_, _ = c.ChannelVariables(ctx, id, "ONE", "TWO")
		_, _ = c.ChannelVariables(ctx, id, "ONE", "NEVER_SET")
		_, _ = c.ChannelVariable(ctx, id, "CALLERID(num)")
		_ = c.SetChannelVariable(ctx, id, "CALLERID(name)", "Somebody Else")
		_ = c.SetReportedVariable(ctx, id, "HOLDLINE_CONTACT", "c 1")
		_, _ = c.Channel(ctx, id)
		_ = c.SetVariable(ctx, "HL_RECORDED", "kept")
		_, _ = c.Variable(ctx, "HL_RECORDED")
		_, _ = c.Variable(ctx, "HL_NEVER_SET")
		s.callerGone(caller)
	}},
}

// gone waits, unwritten, until a channel does not exist.
func (s *Script) gone(id string) {
	s.t.Helper()
	Eventually(s.t, "it is gone", func() bool {
		_, err := s.w.Client.Channel(context.Background(), id)
		return err != nil
	})
}

// inDialplan waits, unwritten, until a channel waits in the dialplan.
func (s *Script) inDialplan(id string) {
	s.t.Helper()
	Eventually(s.t, "it is in the dialplan", func() bool {
		ch, err := s.w.Client.Channel(s.ctx(), id)
		return err == nil && ch.Dialplan.AppName == "Wait"
	})
}
