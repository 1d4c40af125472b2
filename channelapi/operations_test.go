package channelapi

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"
)

func hears(c *fake.Caller, what string) bool { return slices.Equal(c.Hears(), []string{what}) }

func TestConnectRingsADeviceBesideTheCaller(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	phone := b.asterisk.Phone("201", fake.Ring())
	caller, leg := b.caller(), aritest.NewID()
	r := ConnectRequest{
		Leg: leg, To: testTo, Timeout: 20 * time.Second, AppArgs: "pool=demo,leg=" + leg,
		CallerName: `Ann "the" <Boss>` + "\r\nX-Evil: 1", CallerNumber: "+49 (30) 155",
		Headers: map[string]string{"X-Holdline-Contact": "0192", "X-Holdline-Queue": "support, \"main\""},
		Account: "demo", Variables: map[string]string{"HOLDLINE_AGENT": "201"},
	}
	b.must(b.client.Connect(t.Context(), testNode, caller.ID(), r))
	b.must(b.client.Connect(t.Context(), testNode, caller.ID(), r)) // the same again
	b.until("the phone rings", func() bool { return len(phone.Calls()) > 0 })

	calls := phone.Calls()
	if len(calls) != 1 || calls[0].Leg != leg {
		t.Fatalf("the phone got %+v, want one call of leg %s", calls, leg)
	}
	if got, want := calls[0].CallerID, "Ann the BossX-Evil: 1 <+4930155>"; got != want {
		t.Errorf("the phone shows %q, want %q", got, want)
	}
	for name, want := range r.Headers {
		if got := calls[0].Headers[name]; got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
	if !hears(caller, "music:default") {
		t.Errorf("the caller hears %q", caller.Hears())
	}
	made, err := b.direct.Channel(t.Context(), leg)
	b.must(err)
	agent, err := b.direct.ChannelVariable(t.Context(), leg, "HOLDLINE_AGENT")
	b.must(err)
	if made.Account != "demo" || agent != "201" {
		t.Errorf("the leg's account is %q, its agent %q", made.Account, agent)
	}
	if n := b.count("GET", "/channels/"+caller.ID()); n != 0 {
		t.Errorf("the node was asked for the caller %d times", n)
	}
	first := b.raw("PUT", path(testNode, caller.ID(), "connect"), `{"leg":"`+aritest.NewID()+`","to":"`+testTo+`","timeout_ms":1500}`)
	again := b.raw("PUT", path(testNode, caller.ID(), "connect"), `{"leg":"`+leg+`","to":"`+testTo+`","timeout_ms":1500}`)
	if !strings.Contains(first.body, `"repeated":false`) || !strings.Contains(first.body, `"route":"kamailio-`) {
		t.Errorf("a new leg is answered %s", first.body)
	}
	if !strings.Contains(again.body, `"repeated":true`) || strings.Contains(again.body, `"route"`) {
		t.Errorf("a leg that is there is answered %s", again.body)
	}
}

func TestConnectAsksForALegWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	phone := b.asterisk.Phone("201", fake.Ring())
	caller, leg := b.caller(), aritest.NewID()
	b.asterisk.Fault(func(r fake.Request) fake.Fault {
		return fake.Fault{Lose: r.Method == http.MethodPost && r.Path == "/channels"}
	})
	b.must(b.client.Connect(t.Context(), testNode, caller.ID(), ConnectRequest{Leg: leg, To: testTo, Timeout: time.Second}))
	if n := b.count("POST", "/channels"); n != 1 {
		t.Errorf("the node was told %d times", n)
	}
	if calls := phone.Calls(); len(calls) != 1 || calls[0].Leg != leg {
		t.Errorf("the phone got %+v", calls)
	}
}

func TestConnectSaysWhenNobodyKnows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	// The command and the question have no answer in time.
	b.asterisk.Fault(func(r fake.Request) fake.Fault {
		if r.Method == http.MethodPost || strings.HasPrefix(r.Path, "/channels/hl-") {
			return fake.Fault{Delay: time.Second}
		}
		return fake.Fault{}
	})
	a := b.raw("PUT", path(testNode, caller.ID(), "connect"), `{"leg":"`+aritest.NewID()+`","to":"`+testTo+`","timeout_ms":1500}`)
	if a.status != 504 || a.problem.Code != CodeOutcomeUnknown || a.problem.Field != "leg" || a.header.Get("Retry-After") != "1" {
		t.Errorf("answered %d %+v", a.status, a.problem)
	}
}

func TestConnectTakesAnotherRouteWhenOneIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	phone := b.asterisk.Phone("201", fake.Ring())
	caller := b.caller()
	b.asterisk.Fault(func(r fake.Request) fake.Fault {
		if strings.HasPrefix(r.Query.Get("endpoint"), "PJSIP/kamailio-1/") {
			return fake.Fault{Status: 500}
		}
		return fake.Fault{}
	})
	for range 2 { // whichever route's turn it is
		b.must(b.client.Connect(t.Context(), testNode, caller.ID(), ConnectRequest{Leg: aritest.NewID(), To: testTo, Timeout: time.Second}))
	}
	if n := len(phone.Calls()); n != 2 {
		t.Errorf("%d of 2 calls arrived", n)
	}
}

func TestBridge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller, leg, bridge, playback := b.caller(), b.leg(), aritest.NewID(), aritest.NewID()
	_, err := b.direct.Play(t.Context(), caller.ID(), ari.PlayRequest{ID: playback, Media: []string{"tone:ring"}})
	b.must(err)
	r := BridgeRequest{Bridge: bridge, With: leg, Playback: playback}
	b.must(b.client.Bridge(t.Context(), testNode, caller.ID(), r))
	if !hears(caller, "bridge:"+bridge) {
		t.Errorf("the caller hears %q, want the other leg alone", caller.Hears())
	}
	b.must(b.client.Bridge(t.Context(), testNode, caller.ID(), r))
	if n := b.count("POST", "/bridges/"+bridge+"/addChannel"); n != 1 {
		t.Errorf("who was in the bridge was put in %d times", n)
	}
	if !hears(caller, "bridge:"+bridge) {
		t.Errorf("after the second time the caller hears %q", caller.Hears())
	}
	// A leg that came into the bridge before, by somebody else's hand, is left there.
	other, otherBridge := b.leg(), aritest.NewID()
	second := b.caller()
	_, err = b.direct.CreateBridge(t.Context(), otherBridge, ari.BridgeMixing, "")
	b.must(err)
	b.must(b.direct.AddToBridge(t.Context(), otherBridge, other))
	b.must(b.client.Bridge(t.Context(), testNode, second.ID(), BridgeRequest{Bridge: otherBridge, With: other}))
	if !hears(second, "bridge:"+otherBridge) {
		t.Errorf("the second caller hears %q", second.Hears())
	}
}

func TestBridgeSaysWhichLegIsAtFault(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	b.asterisk.Phone("rings", fake.Ring())
	ringing := aritest.NewID()
	_, err := b.direct.Originate(t.Context(), ari.OriginateRequest{ID: ringing, Endpoint: "PJSIP/kamailio-1/sip:rings@x.test", Timeout: time.Minute})
	b.must(err)
	for name, c := range map[string]struct {
		channel, with string
		status        int
		field         string
	}{
		"the other leg is gone":         {caller.ID(), aritest.NewID(), 404, "with"},
		"the channel is gone":           {"1764000000.999", b.leg(), 404, "channel"},
		"the other leg still rings":     {caller.ID(), ringing, 409, "with"},
		"both are one and the same leg": {caller.ID(), caller.ID(), 204, ""},
	} {
		a := b.raw("PUT", path(testNode, c.channel, "bridge"), `{"bridge":"`+aritest.NewID()+`","with":"`+c.with+`"}`)
		if a.status != c.status || a.problem.Field != c.field {
			t.Errorf("%s: %d %+v", name, a.status, a.problem)
		}
	}
}

func TestAnnounce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for position, media := range map[int]string{1: "sound:queue-youarenext", 7: "sound:queue-thereare,sound:digits/7,sound:queue-callswaiting"} {
		caller, r := b.caller(), AnnounceRequest{Position: position, Waiting: 9, Music: "jazz", Playback: aritest.NewID(), Language: "en"}
		b.must(b.client.Announce(t.Context(), testNode, caller.ID(), r))
		b.must(b.client.Announce(t.Context(), testNode, caller.ID(), r)) // the same again, while it plays
		if got := caller.Hears(); len(got) != 1 || !strings.HasPrefix(got[0], "playback:") {
			t.Errorf("the caller hears %q", got)
		}
		b.until("music goes on by itself", func() bool { return hears(caller, "music:jazz") })
		var played []string
		for _, r := range b.asterisk.Requests() {
			if r.Path == "/channels/"+caller.ID()+"/play" {
				played = append(played, r.Query.Get("media"))
			}
		}
		if !slices.Equal(played, []string{media}) {
			t.Errorf("position %d: the node was told to play %q, want %q once", position, played, media)
		}
	}
}

func TestAnnounceStartsTheMusicAlsoWhenItsPlaybackFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	b.must(b.direct.StopMusic(t.Context(), caller.ID()))
	b.asterisk.Fault(func(r fake.Request) fake.Fault {
		if strings.HasSuffix(r.Path, "/play") {
			return fake.Fault{Status: 500}
		}
		return fake.Fault{}
	})
	a := b.raw("PUT", path(testNode, caller.ID(), "announce"), `{"position":1,"playback":"`+aritest.NewID()+`"}`)
	if a.status != 502 {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	b.until("music", func() bool { return hears(caller, "music:default") })
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller, playback := b.caller(), aritest.NewID()
	// An announcement of the same id is going on: it is cut short.
	_, err := b.direct.Play(t.Context(), caller.ID(), ari.PlayRequest{ID: playback, Media: []string{"tone:ring"}})
	b.must(err)
	r := LeaveRequest{Playback: playback, Variables: map[string]string{"HOLDLINE_STATUS": "TIMEOUT", "HOLDLINE_WAIT_MS": "1500"}}
	b.must(b.client.Timeout(t.Context(), testNode, caller.ID(), r))
	if caller.State() != fake.Inside {
		t.Errorf("the caller is %s before the apology was heard", caller.State())
	}
	b.must(b.client.Timeout(t.Context(), testNode, caller.ID(), r)) // the same again
	b.until("the caller goes on", func() bool { return caller.State() == fake.Dialplan })
	if got := caller.Variable("HOLDLINE_STATUS") + caller.Variable("HOLDLINE_WAIT_MS"); got != "TIMEOUT1500" {
		t.Errorf("the dialplan sees %q", got)
	}
	if n := b.count("POST", "/channels/"+caller.ID()+"/play"); n != 2 { // the test's own, and one apology
		t.Errorf("%d playbacks, want 2", n)
	}
}

func TestTimeoutLetsGoAlsoWithoutAnApology(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	b.asterisk.Fault(func(r fake.Request) fake.Fault {
		if strings.HasSuffix(r.Path, "/play") {
			return fake.Fault{Status: 500}
		}
		return fake.Fault{}
	})
	a := b.raw("PUT", path(testNode, caller.ID(), "timeout"), `{"playback":"`+aritest.NewID()+`","variables":{"A":"b"}}`)
	if a.status != 200 || !strings.Contains(a.body, `"said":false`) {
		t.Errorf("answered %d %s", a.status, a.body)
	}
	b.until("the caller goes on", func() bool { return caller.State() == fake.Dialplan })
	if caller.Variable("A") != "b" {
		t.Error("without the variables")
	}
}

func TestContinue(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller, playback := b.caller(), aritest.NewID()
	_, err := b.direct.Play(t.Context(), caller.ID(), ari.PlayRequest{ID: playback, Media: []string{"tone:ring"}})
	b.must(err)
	r := ContinueRequest{
		Variables: map[string]string{"HOLDLINE_STATUS": "WITHDRAWN"}, Playback: playback,
		Context: "other", Extension: "700", Priority: 3,
	}
	b.must(b.client.Continue(t.Context(), testNode, caller.ID(), r))
	b.until("the caller goes on", func() bool { return caller.State() == fake.Dialplan })
	if p := caller.Place(); p.Context != "other" || p.Exten != "700" || p.Priority != 3 {
		t.Errorf("went on at %+v", p)
	}
	if got := caller.Variable("HOLDLINE_STATUS"); got != "WITHDRAWN" {
		t.Errorf("HOLDLINE_STATUS %q", got)
	}
	bare := b.caller()
	b.must(b.client.Continue(t.Context(), testNode, bare.ID(), ContinueRequest{}))
	b.until("the other goes on", func() bool { return bare.State() == fake.Dialplan })
}

func TestTheSmallCommands(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, c, caller := t.Context(), b.client, b.caller()
	for range 2 { // once, and once again
		b.must(c.Answer(ctx, testNode, caller.ID()))
		b.must(c.SetVariables(ctx, testNode, caller.ID(), map[string]string{"QUEUE_NAME": "Ünïque: a,b"}))
		b.must(c.StopMusic(ctx, testNode, caller.ID()))
		if got := caller.Hears(); len(got) != 0 {
			t.Errorf("after the music, the caller hears %q", got)
		}
	}
	if got := caller.Variable("QUEUE_NAME"); got != "Ünïque: a,b" {
		t.Errorf("variable %q", got)
	}
	for range 2 {
		b.must(c.StartMusic(ctx, testNode, caller.ID(), MusicRequest{Class: "jazz"}))
		b.until("music", func() bool { return hears(caller, "music:jazz") })
	}
	playback := aritest.NewID()
	for range 2 {
		b.must(c.Play(ctx, testNode, caller.ID(), PlayRequest{Media: []string{"tone:ring"}, Playback: playback}))
	}
	b.must(c.Play(ctx, testNode, caller.ID(), PlayRequest{Media: []string{"tone:busy"}, Playback: playback}))
	b.until("the new one", func() bool { return hears(caller, "playback:tone:busy") })
	if n := b.count("POST", "/channels/"+caller.ID()+"/play"); n != 2 {
		t.Errorf("%d playbacks, want 2", n)
	}
	state, err := c.Check(ctx, testNode, caller.ID())
	b.must(err)
	if state.Channel != caller.ID() || state.Node != testNode || state.State != "Up" || !state.InApplication || state.Language != "en" {
		t.Errorf("state %+v", state)
	}
	names, err := c.Nodes(ctx)
	b.must(err)
	if !slices.Equal(names, []string{testNode, awayNode}) {
		t.Errorf("nodes %q", names)
	}
}

func TestHangup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	phone := b.asterisk.Phone("201", fake.Ring())
	for reason, cause := range map[string]int{"": 16, HangupAnsweredElsewhere: 26, HangupBusy: 17, HangupNoAnswer: 19} {
		leg, before := aritest.NewID(), len(phone.Calls())
		b.must(b.client.Connect(t.Context(), testNode, b.caller().ID(), ConnectRequest{Leg: leg, To: testTo, Timeout: time.Minute}))
		b.until("the phone rings", func() bool { return len(phone.Calls()) > before })
		b.must(b.client.Hangup(t.Context(), testNode, leg, reason))
		b.until("the phone is quiet", func() bool {
			calls := phone.Calls()
			return len(calls) > before && !calls[before].Ended.IsZero()
		})
		if got := phone.Calls()[before].Cause; got != cause {
			t.Errorf("reason %q became %d, want %d", reason, got, cause)
		}
	}
}

// An announcement is sent while its caller is being connected, and comes after:
// who sent it makes the call quiet again.
func TestAnAnnouncementThatCameTooLateIsUndone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller, leg, bridge, playback := b.caller(), b.leg(), aritest.NewID(), aritest.NewID()
	b.must(b.client.Bridge(t.Context(), testNode, caller.ID(), BridgeRequest{Bridge: bridge, With: leg}))
	b.must(b.client.Announce(t.Context(), testNode, caller.ID(), AnnounceRequest{Position: 7, Playback: playback}))
	for range 2 {
		b.must(b.client.Quiet(t.Context(), testNode, caller.ID(), playback))
		b.until("the other leg alone is heard", func() bool { return hears(caller, "bridge:"+bridge) })
	}
}
