package fake_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"

	"github.com/rs/zerolog"
)

// newNode is a node, a client of it and who hears its events.
func newNode(t *testing.T, change func(*fake.Options)) (*fake.Node, *ari.Client, *aritest.Hearer) {
	t.Helper()
	hear := aritest.NewHearer(t, "127.0.0.1:0", "ast-1", "secret")
	o := fake.Options{
		Node: "ast-1", Boot: "b1", EventURL: hear.URL(), EventPassword: "secret",
		Users: map[string]string{"stasis": "pw"}, Reconnect: 10 * time.Millisecond,
	}
	if change != nil {
		change(&o)
	}
	node, err := fake.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	client := ari.New(node.URL(), ari.Options{User: "stasis", Password: "pw", Application: "holdline"})
	t.Cleanup(client.Close)
	hear.Connected(t, 1)
	return node, client, hear
}

// inside is a caller in the application, answered.
func inside(t *testing.T, node *fake.Node, client *ari.Client) *fake.Caller {
	t.Helper()
	caller, err := node.Call(fake.CallRequest{Args: "queue=support", Number: "4711"})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{client.Claim(t.Context(), caller.ID(), "holdline"), client.Answer(t.Context(), caller.ID())} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return caller
}

func wait(t *testing.T, node *fake.Node, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aritest.Patience)
	defer cancel()
	if err := node.Wait(ctx, condition); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func hears(t *testing.T, c *fake.Caller, want ...string) {
	t.Helper()
	if got := c.Hears(); !slices.Equal(got, want) {
		t.Errorf("hears %q, want %q", got, want)
	}
}

func ok(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestHears follows a caller from silence to a conversation, with the two mistakes that
// are easily made: music forgotten after a prompt, and music kept in a bridge.
func TestHears(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	ctx := t.Context()
	caller := inside(t, node, client)
	id := caller.ID()
	hears(t, caller)
	ok(t, client.StartMusic(ctx, id, "jazz"))
	hears(t, caller, "music:jazz")

	_, err := client.Play(ctx, id, ari.PlayRequest{ID: "p1", Media: []string{"tone:400"}})
	ok(t, err)
	hears(t, caller, "playback:tone:400")
	ok(t, client.StopPlayback(ctx, "p1"))
	hears(t, caller) // silence: the music is gone for good

	_, err = client.Play(ctx, id, ari.PlayRequest{ID: "p2", Media: []string{"tone:400"}})
	ok(t, err, client.StartMusic(ctx, id, "jazz"))
	hears(t, caller, "playback:tone:400")
	ok(t, client.StopPlayback(ctx, "p2"))
	hears(t, caller, "music:jazz") // it waited behind the prompt

	phone := node.Phone("201", fake.Answer(0))
	_, err = client.Originate(ctx, ari.OriginateRequest{ID: "hl-leg-1", Endpoint: "PJSIP/kamailio-1/sip:201@demo.test", Timeout: time.Minute, AppArgs: "leg"})
	ok(t, err)
	hear.Channel(t, ari.StasisStart, "hl-leg-1")
	_, err = client.CreateBridge(ctx, "hl-bridge", ari.BridgeMixing, "b")
	ok(t, err, client.AddToBridge(ctx, "hl-bridge", id))
	hears(t, caller, "music:jazz")
	ok(t, client.AddToBridge(ctx, "hl-bridge", "hl-leg-1"))
	hears(t, caller, "bridge:hl-bridge", "music:jazz") // both at once
	ok(t, client.StopMusic(ctx, id))
	hears(t, caller, "bridge:hl-bridge")

	ok(t, phone.HangUp())
	hear.Channel(t, ari.ChannelDestroyed, "hl-leg-1")
	hears(t, caller) // alone
	ok(t, client.StartBridgeMusic(ctx, "hl-bridge", ""))
	hears(t, caller, "music:default")
	caller.HangUp()
	hears(t, caller)
	if caller.State() != fake.Gone {
		t.Errorf("the caller is %s", caller.State())
	}
}

// TestPhones: what a phone saw of its calls.
func TestPhones(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	ring := func(id, exten string, timeout time.Duration) {
		t.Helper()
		_, err := client.Originate(t.Context(), ari.OriginateRequest{
			ID: id, Endpoint: "PJSIP/kamailio-2/sip:" + exten + "@demo.test", Timeout: timeout, CallerID: `"Ann" <4711>`,
			Variables: map[string]string{"PJSIP_HEADER(add,X-Holdline-Contact)": "c1", "OTHER": "x"},
		})
		ok(t, err)
	}
	phone := node.Phone("201", fake.Ring())
	ring("leg-1", "201", time.Minute)
	ring("leg-2", "201", time.Minute)
	wait(t, node, "two calls", func() bool { return len(phone.Calls()) == 2 })
	ok(t, phone.Answer())
	hear.Channel(t, ari.StasisStart, "leg-1")
	ok(t, phone.Decline())
	if e := hear.Channel(t, ari.ChannelDestroyed, "leg-2"); e.Cause != 21 || e.TechCause != 603 {
		t.Errorf("declined with cause %d, SIP %d", e.Cause, e.TechCause)
	}
	ok(t, client.Hangup(t.Context(), "leg-1", ari.ReasonNormal))
	calls := phone.Calls()
	first, other := calls[0], calls[1]
	if first.Leg != "leg-1" || first.CallerID != "Ann <4711>" || len(first.Headers) != 1 || first.Headers["X-Holdline-Contact"] != "c1" ||
		first.Answered.IsZero() || first.Ended.IsZero() || first.Cause != 16 {
		t.Errorf("the first call was %+v", first)
	}
	if !other.Answered.IsZero() || other.Cause != 21 {
		t.Errorf("the second call was %+v", other)
	}
	if phone.Most() != 2 || phone.Extension() != "201" {
		t.Errorf("%s had %d at one time", phone.Extension(), phone.Most())
	}
	if err := errors.Join(phone.Answer(), phone.Decline(), phone.HangUp()); err == nil {
		t.Error("a phone with no call did something")
	}

	for exten, c := range map[string]struct {
		does       fake.Behaviour
		cause, sip int
	}{
		"301": {fake.Refuse(480), 19, 480},
		"302": {fake.Refuse(503), 34, 503},
		"303": {fake.Refuse(408), 18, 408},
		"304": {fake.Refuse(488), 58, 488},
		"305": {fake.Refuse(499), 127, 499},
		"306": {fake.Dead(), 19, 480},
	} {
		node.Phone(exten, c.does)
		ring("leg-"+exten, exten, time.Second)
		if e := hear.Channel(t, ari.ChannelDestroyed, "leg-"+exten); e.Cause != c.cause || e.TechCause != c.sip {
			t.Errorf("%s: cause %d, SIP %d, want %d, %d", exten, e.Cause, e.TechCause, c.cause, c.sip)
		}
	}
	ring("leg-nobody", "999", time.Minute)
	if e := hear.Channel(t, ari.ChannelDestroyed, "leg-nobody"); e.Cause != 1 {
		t.Errorf("nobody: cause %d", e.Cause)
	}
}

// TestFaults: a request that fails, one that is slow, and one whose answer is lost.
func TestFaults(t *testing.T) {
	t.Parallel()
	node, client, _ := newNode(t, nil)
	ctx := t.Context()
	node.Fault(func(r fake.Request) fake.Fault {
		switch {
		case r.Method == http.MethodGet:
			return fake.Fault{Status: http.StatusServiceUnavailable}
		case r.Path == "/bridges":
			return fake.Fault{Lose: true}
		}
		return fake.Fault{Delay: time.Hour}
	})
	if err := client.Ping(ctx); !errors.Is(err, ari.ErrUnavailable) {
		t.Errorf("ping: %v", err)
	}
	if _, err := client.CreateBridge(ctx, "b1", "", ""); !errors.Is(err, ari.ErrUnknown) {
		t.Errorf("lost answer: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := client.DeleteBridge(short, "b1"); !errors.Is(err, ari.ErrUnknown) {
		t.Errorf("slow: %v", err)
	}
	node.Fault(nil)
	if _, err := client.CreateBridge(ctx, "b1", "", ""); !errors.Is(err, ari.ErrExists) {
		t.Errorf("what was lost was not carried out, or the slow one was: %v", err)
	}
	var seen []string
	for _, r := range node.Requests() {
		seen = append(seen, fmt.Sprintf("%s %s %s %d", r.User, r.Method, r.Path, r.Status))
	}
	want := []string{"stasis GET /asterisk/ping 503", "stasis POST /bridges 0", "stasis POST /bridges 409"}
	if !slices.Equal(seen, want) {
		t.Errorf("requests %q, want %q", seen, want)
	}
}

// TestCrash: calls die with their node without a word, and a new boot is another one.
func TestCrash(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	caller := inside(t, node, client)
	phone := node.Phone("201", fake.Ring())
	_, err := client.Originate(t.Context(), ari.OriginateRequest{ID: "leg", Endpoint: "PJSIP/k/sip:201@d", Timeout: time.Minute})
	ok(t, err)
	wait(t, node, "ringing", func() bool { return len(phone.Calls()) == 1 })
	if node.Restart("b2") == nil {
		t.Error("a running node was restarted")
	}
	hear.Channel(t, ari.ChannelStateChange, caller.ID()) // the last of it
	before := len(hear.Types(caller.ID()))
	node.Crash()
	if caller.State() != fake.Gone || phone.Calls()[0].Ended.IsZero() {
		t.Errorf("after the crash the caller is %s, the phone has %+v", caller.State(), phone.Calls())
	}
	if err := client.Ping(t.Context()); !errors.Is(err, ari.ErrUnavailable) {
		t.Errorf("ping: %v", err)
	}
	if _, err := node.Call(fake.CallRequest{}); err == nil {
		t.Error("a dead node took a call")
	}
	ok(t, node.Restart("b2"))
	if q := hear.Connected(t, 2); q.Get("boot") != "b2" || q.Get("node") != "ast-1" || q.Get("rest") != node.URL() {
		t.Errorf("connected again with %v", q)
	}
	all, err := client.Channels(t.Context())
	ok(t, err)
	if len(all) != 0 || len(hear.Types(caller.ID())) != before {
		t.Errorf("%d channels are left; heard %v", len(all), hear.Types(caller.ID()))
	}
}

// TestFreeze: a frozen node does nothing, and says afterwards what happened.
func TestFreeze(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	caller := inside(t, node, client)
	hear.Channel(t, ari.StasisStart, caller.ID())
	node.Freeze()
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := client.Ping(short); !errors.Is(err, ari.ErrUnknown) {
		t.Errorf("ping of a frozen node: %v", err)
	}
	caller.HangUp()
	node.Thaw()
	hear.Channel(t, ari.StasisEnd, caller.ID())
	ok(t, client.Ping(t.Context()))
}

// TestFrozenIsGivenUp: a frozen node answers no ping, and connects again when it wakes.
func TestFrozenIsGivenUp(t *testing.T) {
	t.Parallel()
	connected, lost := make(chan struct{}, 10), make(chan error, 10)
	server := ari.NewEventServer(ari.EventServerOptions{
		Authenticate: func(string, string) bool { return true },
		PingEvery:    20 * time.Millisecond, PingTimeout: 500 * time.Millisecond, Log: zerolog.Nop(),
		Serve: func(ctx context.Context, _ *ari.Session) {
			connected <- struct{}{}
			<-ctx.Done()
			lost <- context.Cause(ctx)
		},
	})
	listener := httptest.NewServer(server)
	defer listener.Close()
	node, err := fake.New(fake.Options{EventURL: listener.URL})
	ok(t, err)
	<-connected
	node.Freeze()
	start := time.Now()
	if cause := <-lost; cause == nil {
		t.Error("lost without a cause")
	}
	if took := time.Since(start); took > aritest.Patience {
		t.Errorf("it took %s", took)
	}
	node.Thaw()
	<-connected
	node.Freeze()
	node.Close() // also a frozen one can be ended
	ok(t, server.Close(t.Context()))
}

// TestAgain: a caller who came back to the dialplan may enter the application again.
func TestAgain(t *testing.T) {
	t.Parallel()
	node, client, hear := newNode(t, nil)
	caller := inside(t, node, client)
	if caller.Enter("x=y") == nil {
		t.Error("a caller who is inside entered")
	}
	ok(t, client.Continue(t.Context(), caller.ID(), ari.ContinueRequest{Context: "c", Extension: "e", Priority: 7}))
	if p := caller.Place(); caller.State() != fake.Dialplan || p.Context != "c" || p.Exten != "e" || p.Priority != 7 {
		t.Errorf("%s at %+v", caller.State(), p)
	}
	ok(t, caller.Enter("return=1"), client.Claim(t.Context(), caller.ID(), "holdline"))
	aritest.Eventually(t, "entered twice", func() bool {
		return len(hear.All(func(e ari.Event) bool { return e.Type == ari.StasisStart && e.ChannelID() == caller.ID() })) == 2
	})
	if caller.Variable("STASISSTATUS") != "" || caller.Variable("CALLERID(num)") != "4711" {
		t.Errorf("variables %q, %q", caller.Variable("STASISSTATUS"), caller.Variable("CALLERID(num)"))
	}
}

// TestNobodyListens: a node without an event server is a node.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	node, err := fake.New(fake.Options{User: "u", Password: "p", ClockOffset: -time.Hour})
	ok(t, err)
	defer node.Close()
	client := ari.New(node.URL(), ari.Options{User: "u", Password: "p", Application: "holdline"})
	defer client.Close()
	caller, err := node.Call(fake.CallRequest{Timeout: 10 * time.Millisecond})
	ok(t, err)
	ch, err := client.Channel(t.Context(), caller.ID())
	ok(t, err)
	if behind := time.Since(ch.Created); behind < 59*time.Minute || behind > 61*time.Minute {
		t.Errorf("its clock is %s behind, want an hour", behind)
	}
	wait(t, node, "timed out", func() bool { return caller.State() == fake.Dialplan })
	if node.Connects() != 0 || node.Name() != "fake-1" {
		t.Errorf("%s connected %d times", node.Name(), node.Connects())
	}
	node.Route("kamailio-1", "offline")
	e, err := client.Endpoint(t.Context(), "PJSIP", "kamailio-1")
	ok(t, err)
	if e.State != "offline" {
		t.Errorf("endpoint %+v", e)
	}
}

// TestEventServerRefuses: a node goes on trying.
func TestEventServerRefuses(t *testing.T) {
	t.Parallel()
	node, _, hear := newNode(t, nil)
	hear.Away(t, "ast-1")
	hear.Back()
	hear.Connected(t, 2)
	wait(t, node, "connected twice", func() bool { return node.Connects() == 2 })
}
