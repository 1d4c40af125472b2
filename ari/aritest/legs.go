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
	w.Hear.Wait(t, "ringing", stateIs(id, ari.StateRinging))
	heard(t, w, id, "Dial ", "ChannelStateChange Up", "Dial ANSWER", ari.StasisStart)
}

// legFails: who refuses never enters the application, so there is no StasisEnd either.
func legFails(does Doing, want ari.Reason, dialStatus string, sip int) func(*testing.T, World) {
	return func(t *testing.T, w World) {
		id := leg(t, w, does, 50*time.Millisecond)
		destroyed(t, w, id, want)
		heard(t, w, id, "Dial ", fmt.Sprintf("ChannelHangupRequest %d soft=false", want), "Dial "+dialStatus,
			fmt.Sprintf("ChannelDestroyed %d", want))
		if e := w.Hear.Channel(t, ari.ChannelDestroyed, id); e.TechCause != sip {
			t.Errorf("SIP status %d, want %d", e.TechCause, sip)
		}
	}
}

func legUnanswered(t *testing.T, w World) {
	id := NewID()
	start := time.Now()
	_, err := w.Client.Originate(t.Context(), ari.OriginateRequest{ID: id, Endpoint: w.Phone(Rings, 0), Timeout: time.Second})
	must(t, "originate", err)
	destroyed(t, w, id, ari.ReasonNoAnswer)
	heard(t, w, id, "Dial ", "ChannelDestroyed 19")
	if took := time.Since(start); took < 900*time.Millisecond || took > 3*time.Second {
		t.Errorf("rang for %s, want 1 s", took)
	}
}

func legCancelled(t *testing.T, w World) {
	id := leg(t, w, Rings, 0)
	w.Hear.Wait(t, "ringing", stateIs(id, ari.StateRinging))
	must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonAnsweredElsewhere))
	destroyed(t, w, id, ari.ReasonAnsweredElsewhere)
	heard(t, w, id, "Dial ", "ChannelHangupRequest 32 soft=true", "Dial NOANSWER", "ChannelDestroyed 26")
}

func legHangsUp(t *testing.T, w World) {
	id := leg(t, w, Hanger, 100*time.Millisecond)
	destroyed(t, w, id, ari.ReasonNormal)
	heard(t, w, id, "Dial ", "ChannelStateChange Up", "Dial ANSWER", ari.StasisStart,
		"ChannelHangupRequest 16 soft=false", ari.StasisEnd, "ChannelDestroyed 16")
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
	destroyed(t, w, id, ari.ReasonRejected)
	heard(t, w, id, ari.StasisStart, "Dial ", "ChannelHangupRequest 21 soft=false", ari.StasisEnd, "ChannelDestroyed 21")
}

func createDialUnanswered(t *testing.T, w World) {
	id := NewID()
	must(t, "create", second(w.Client.Create(t.Context(), ari.CreateRequest{ID: id, Endpoint: w.Phone(Rings, 0)})))
	w.Hear.Channel(t, ari.StasisStart, id)
	must(t, "dial", w.Client.Dial(t.Context(), id, "", time.Second))
	destroyed(t, w, id, ari.ReasonNoAnswer)
	heard(t, w, id, ari.StasisStart, "Dial ", "ChannelHangupRequest 32 soft=true", ari.StasisEnd, "ChannelDestroyed 19")
}

// legContinues: a leg that we made is ours to hear of until its end, also outside.
func legContinues(t *testing.T, w World) {
	id := answeredLeg(t, w)
	must(t, "continue", w.Client.Continue(t.Context(), id, ari.ContinueRequest{Context: "far", Extension: "after", Priority: 1}))
	w.Hear.Channel(t, ari.StasisEnd, id)
	must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonNormal))
	destroyed(t, w, id, ari.ReasonNormal)
	heard(t, w, id, "Dial ", "ChannelStateChange Up", "Dial ANSWER", ari.StasisStart, ari.StasisEnd,
		"ChannelHangupRequest 32 soft=true", "ChannelDestroyed 16")
}

// strangers: Asterisk makes a leg for an application that is not there, and drops it when it answers.
func strangers(t *testing.T, w World) {
	request := ari.OriginateRequest{ID: NewID(), Endpoint: w.Phone(Answers, 0), Application: "nobody", Timeout: Patience}
	must(t, "originate", second(w.Client.Originate(t.Context(), request)))
	Eventually(t, "it is gone", func() bool {
		_, err := w.Client.Channel(t.Context(), request.ID)
		return err != nil
	})
	heard(t, w, request.ID)
	request.ID, request.Application, request.Originator = NewID(), App, NewID()
	wantErr(t, "originator is gone", second(w.Client.Originate(t.Context(), request)), ari.ErrInvalid)
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
