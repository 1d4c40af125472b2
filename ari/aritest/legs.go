package aritest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"holdline/ari"
)

func sprint(values []string) string { return fmt.Sprint(values) }

func legAnswers(t *testing.T, w World) {
	id := NewID()
	ch, err := w.Client.Originate(t.Context(), ari.OriginateRequest{
		ID: id, Endpoint: w.Phone(Answers, 200*time.Millisecond), Timeout: Patience,
		AppArgs: "leg=" + id, CallerID: `"Ann & Co" <4711>`,
	})
	must(t, "originate", err)
	if ch.ID != id || ch.State != ari.StateDown {
		t.Errorf("answer %+v", ch)
	}
	e := w.Hear.Channel(t, ari.StasisStart, id)
	if len(e.Args) != 1 || e.Args[0] != "leg="+id || e.Channel.State != ari.StateUp {
		t.Errorf("entered with %q in state %s", e.Args, e.Channel.State)
	}
	if e.Channel.ProtocolID == "" {
		t.Error("the leg has no SIP Call-ID")
	}
	heard(t, w, id, "Dial ", "Dial RINGING", "ChannelStateChange Ringing", "ChannelStateChange Up", "Dial ANSWER", ari.StasisStart)
}

func legFails(does Doing, want ari.Reason) func(*testing.T, World) {
	return func(t *testing.T, w World) {
		id := leg(t, w, does, 50*time.Millisecond)
		destroyed(t, w, id, want)
		if starts := w.Hear.All(func(e ari.Event) bool { return e.Type == ari.StasisStart && e.ChannelID() == id }); len(starts) != 0 {
			t.Error("a leg that was not answered entered the application")
		}
	}
}

func legUnanswered(t *testing.T, w World) {
	id := NewID()
	start := time.Now()
	_, err := w.Client.Originate(t.Context(), ari.OriginateRequest{ID: id, Endpoint: w.Phone(Rings, 0), Timeout: time.Second})
	must(t, "originate", err)
	destroyed(t, w, id, ari.ReasonNoAnswer)
	if took := time.Since(start); took < 900*time.Millisecond || took > 3*time.Second {
		t.Errorf("rang for %s, want 1 s", took)
	}
}

func legCancelled(t *testing.T, w World) {
	id := leg(t, w, Rings, 0)
	w.Hear.Wait(t, "ringing", stateIs(id, ari.StateRinging))
	must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonAnsweredElsewhere))
	destroyed(t, w, id, ari.ReasonAnsweredElsewhere)
}

func legHangsUp(t *testing.T, w World) {
	id := leg(t, w, Hanger, 100*time.Millisecond)
	w.Hear.Channel(t, ari.StasisStart, id)
	destroyed(t, w, id, ari.ReasonNormal)
}

func takenIDs(t *testing.T, w World) {
	id := leg(t, w, Rings, 0)
	again := ari.OriginateRequest{ID: id, Endpoint: w.Phone(Rings, 0), Timeout: Patience}
	wantErr(t, "originate again", second(w.Client.Originate(t.Context(), again)), ari.ErrExists)
	wantErr(t, "create again", second(w.Client.Create(t.Context(), ari.CreateRequest{ID: id, Endpoint: w.Phone(Rings, 0)})), ari.ErrExists)
	must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonNormal))
	w.Hear.Channel(t, ari.ChannelDestroyed, id)
	again.Timeout = time.Second
	must(t, "originate when it is free", second(w.Client.Originate(t.Context(), again)))
}

func prefixIDs(t *testing.T, w World) {
	id := leg(t, w, Rings, 0)
	_, err := w.Client.Originate(t.Context(), ari.OriginateRequest{ID: id[:33], Endpoint: w.Phone(Rings, 0), Timeout: time.Second})
	if w.PrefixIDs {
		wantErr(t, "originate", err, ari.ErrExists)
	} else {
		must(t, "originate", err)
	}
	wantErr(t, "hang up by the beginning", w.Client.Hangup(t.Context(), id[:20], ari.ReasonNormal), ari.ErrNotFound)
	must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonNormal))
}

func noEndpoint(t *testing.T, w World) {
	ctx, c := t.Context(), w.Client
	request := ari.OriginateRequest{ID: NewID(), Endpoint: "PJSIP/nobody/sip:201@127.0.0.1", Timeout: Patience}
	wantErr(t, "unknown endpoint", second(c.Originate(ctx, request)), ari.ErrUnavailable)
	request.Endpoint = "PJSIP"
	wantErr(t, "no resource", second(c.Originate(ctx, request)), ari.ErrInvalid)
	request.Endpoint = ""
	wantErr(t, "no endpoint", second(c.Originate(ctx, request)), ari.ErrInvalid)
	wantErr(t, "they made nothing", second(c.Channel(ctx, request.ID)), ari.ErrNotFound)
}

func ringingLeg(t *testing.T, w World) {
	id := leg(t, w, Rings, 0)
	w.Hear.Wait(t, "ringing", stateIs(id, ari.StateRinging))
	ctx, c := t.Context(), w.Client
	for what, err := range map[string]error{
		"answer":   c.Answer(ctx, id),
		"music":    c.StartMusic(ctx, id, ""),
		"play":     second(c.Play(ctx, id, ari.PlayRequest{Media: []string{"sound:hello"}})),
		"variable": c.SetChannelVariable(ctx, id, "A", "b"),
		"continue": c.Continue(ctx, id, ari.ContinueRequest{}),
		"dial":     c.Dial(ctx, id, "", Patience),
	} {
		wantErr(t, what, err, ari.ErrNotInApplication)
	}
	must(t, "hang up", c.Hangup(ctx, id, ari.ReasonNormal))
}

func createDial(t *testing.T, w World) {
	_, caller := answered(t, w)
	id := NewID()
	ctx, c := t.Context(), w.Client
	ch, err := c.Create(ctx, ari.CreateRequest{ID: id, Endpoint: w.Phone(Answers, 100*time.Millisecond), AppArgs: "made"})
	must(t, "create", err)
	if ch.State != ari.StateDown {
		t.Errorf("created in state %q", ch.State)
	}
	start := w.Hear.Channel(t, ari.StasisStart, id)
	if start.Channel.State != ari.StateDown || sprint(start.Args) != "[made]" {
		t.Errorf("entered in state %q with %q", start.Channel.State, start.Args)
	}
	wantErr(t, "music before it is answered", c.StartMusic(ctx, id, ""), ari.ErrInvalid)
	must(t, "set a variable before", c.SetChannelVariable(ctx, id, "A", "b"))
	must(t, "dial", c.Dial(ctx, id, caller, Patience))
	w.Hear.Wait(t, "answered", stateIs(id, ari.StateUp))
	w.Hear.Wait(t, "dial answered", func(e ari.Event) bool {
		return e.Type == ari.Dial && e.DialStatus == "ANSWER" && e.Peer.ID == id
	})
	wantErr(t, "dial again", c.Dial(ctx, id, caller, Patience), ari.ErrNotInApplication)
	if starts := w.Hear.All(func(e ari.Event) bool { return e.Type == ari.StasisStart && e.ChannelID() == id }); len(starts) != 1 {
		t.Errorf("entered %d times", len(starts))
	}
	must(t, "hang up", c.Hangup(ctx, id, ari.ReasonNormal))
}

func createDialDeclined(t *testing.T, w World) {
	id := NewID()
	must(t, "create", second(w.Client.Create(t.Context(), ari.CreateRequest{ID: id, Endpoint: w.Phone(Declines, 0)})))
	w.Hear.Channel(t, ari.StasisStart, id)
	must(t, "dial", w.Client.Dial(t.Context(), id, "", Patience))
	w.Hear.Channel(t, ari.StasisEnd, id)
	destroyed(t, w, id, ari.ReasonRejected)
}

// ghostLeg: nothing is cancelled for us.
func ghostLeg(t *testing.T, w World) {
	caller, callerID := answered(t, w)
	id := NewID()
	must(t, "originate", second(w.Client.Originate(t.Context(), ari.OriginateRequest{
		ID: id, Endpoint: w.Phone(Rings, 0), Timeout: 30 * time.Second, Originator: callerID,
	})))
	w.Hear.Wait(t, "ringing", stateIs(id, ari.StateRinging))
	caller.HangUp(t)
	left(t, w, callerID)
	now, err := w.Client.Channel(t.Context(), id)
	must(t, "ask for the leg", err)
	if now.State != ari.StateRinging {
		t.Errorf("the leg is %q, want %q", now.State, ari.StateRinging)
	}
	must(t, "hang up", w.Client.Hangup(context.Background(), id, ari.ReasonNormal))
}
