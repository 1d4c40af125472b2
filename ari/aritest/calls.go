package aritest

import (
	"slices"
	"testing"

	"holdline/ari"
)

func claimedOnce(t *testing.T, w World) {
	_, id := call(t, w, "queue=support")
	before, err := w.Client.Channel(t.Context(), id)
	must(t, "ask", err)
	if before.State != ari.StateRing {
		t.Errorf("state before it is claimed %q, want %q", before.State, ari.StateRing)
	}
	wantErr(t, "answer before claim", w.Client.Answer(t.Context(), id), ari.ErrNotInApplication)
	must(t, "claim", w.Client.Claim(t.Context(), id, App))
	wantErr(t, "claim again", w.Client.Claim(t.Context(), id, App), ari.ErrClaimed)
	w.Hear.Channel(t, ari.StasisStart, id)
	wantErr(t, "claim after StasisStart", w.Client.Claim(t.Context(), id, App), ari.ErrClaimed)
	wantErr(t, "claim what was never offered", w.Client.Claim(t.Context(), NewID(), App), ari.ErrNotFound)
	heard(t, w, id, ari.CallBroadcast, ari.StasisStart)
}

func unclaimed(t *testing.T, w World) {
	caller, id := call(t, w, "queue=support")
	if got := caller.Became(t, "STASISSTATUS"); got != "TIMEOUT" {
		t.Errorf("STASISSTATUS %q, want TIMEOUT", got)
	}
	wantErr(t, "claim too late", w.Client.Claim(t.Context(), id, App), ari.ErrNotFound)
}

func gaveUp(t *testing.T, w World) {
	caller, id := call(t, w, "queue=support")
	caller.HangUp(t)
	Eventually(t, "caller is gone", func() bool {
		_, err := w.Client.Channel(t.Context(), id)
		return err != nil
	})
	wantErr(t, "claim", w.Client.Claim(t.Context(), id, App), ari.ErrNotFound)
	heard(t, w, id, ari.CallBroadcast)
}

func argumentsArrive(t *testing.T, w World) {
	caller, id := call(t, w, "pool=demo:queue=support:need=a%20b:timeout=")
	must(t, "claim", w.Client.Claim(t.Context(), id, App))
	e := w.Hear.Channel(t, ari.StasisStart, id)
	if want := []string{"pool=demo", "queue=support", "need=a%20b", "timeout="}; !slices.Equal(e.Args, want) {
		t.Errorf("args %q, want %q", e.Args, want)
	}
	if e.Application != App || e.Timestamp.IsZero() || e.Channel.Created.IsZero() || e.AsteriskID == "" {
		t.Errorf("event is not complete: %s", e.Raw)
	}
	if e.Channel.Caller.Number != caller.Number() || e.Channel.Caller.Name == "" || e.Channel.Language == "" {
		t.Errorf("caller is not complete: %s", e.Raw)
	}
}

func snapshot(t *testing.T, w World) {
	_, id := call(t, w, "queue=support:a=b")
	must(t, "claim", w.Client.Claim(t.Context(), id, App))
	start := w.Hear.Channel(t, ari.StasisStart, id)
	all, err := w.Client.Channels(t.Context())
	must(t, "list", err)
	i := slices.IndexFunc(all, func(c ari.Channel) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("channel %s is not listed", id)
	}
	got := all[i]
	if got.Name != start.Channel.Name || !got.Created.Equal(start.Channel.Created) {
		t.Errorf("listed as %+v, entered as %+v", got, start.Channel)
	}
	if got.Dialplan.AppName != "StasisBroadcast" && got.Dialplan.AppName != "Stasis" {
		t.Errorf("the dialplan says %+v", got.Dialplan)
	}
	application, err := w.Client.Application(t.Context(), App)
	must(t, "ask for the application", err)
	if !slices.Contains(application.Channels, id) {
		t.Errorf("the application does not know its channel %s", id)
	}
}

func callerHangsUp(t *testing.T, w World) {
	caller, id := answered(t, w)
	caller.HangUp(t)
	left(t, w, id)
	heard(t, w, id, ari.CallBroadcast, ari.StasisStart, "ChannelStateChange Up",
		"ChannelHangupRequest 16 soft=false", ari.StasisEnd)
	wantErr(t, "ask for it", second(w.Client.Channel(t.Context(), id)), ari.ErrNotFound)
}

func weHangUp(t *testing.T, w World) {
	_, id := enter(t, w)
	must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonBusy))
	left(t, w, id)
	// The cause of a soft request is Asterisk's own flag (32: asked for), not Q.850.
	heard(t, w, id, ari.CallBroadcast, ari.StasisStart, "ChannelHangupRequest 32 soft=true", ari.StasisEnd)
}

func answerTwice(t *testing.T, w World) {
	_, id := answered(t, w)
	must(t, "answer again", w.Client.Answer(t.Context(), id))
	got, err := w.Client.Channel(t.Context(), id)
	must(t, "ask", err)
	if got.State != ari.StateUp {
		t.Errorf("state %q, want %q", got.State, ari.StateUp)
	}
}

func digits(t *testing.T, w World) {
	caller, id := answered(t, w)
	caller.Press(t, "7#")
	w.Hear.Wait(t, "digit #", func(e ari.Event) bool {
		return e.Type == ari.ChannelDtmfReceived && e.ChannelID() == id && e.Digit == "#"
	})
	pressed := w.Hear.All(func(e ari.Event) bool { return e.Type == ari.ChannelDtmfReceived && e.ChannelID() == id })
	if len(pressed) != 2 || pressed[0].Digit != "7" || pressed[0].DurationMS <= 0 {
		t.Errorf("heard %d digits, the first %q for %d ms; want 7 and #", len(pressed), pressed[0].Digit, pressed[0].DurationMS)
	}
}

// transfer: without a REFER, what is said of its progress is taken and means nothing.
func transfer(t *testing.T, w World) {
	_, id := answered(t, w)
	must(t, "say", w.Client.TransferProgress(t.Context(), id, "channel_declined"))
	must(t, "still there", second(w.Client.Channel(t.Context(), id)))
}

func continues(t *testing.T, w World) {
	caller, id := answered(t, w)
	must(t, "set variable", w.Client.SetChannelVariable(t.Context(), id, "HOLDLINE_STATUS", "TIMEOUT"))
	must(t, "continue", w.Client.Continue(t.Context(), id, ari.ContinueRequest{}))
	w.Hear.Channel(t, ari.StasisEnd, id)
	if got := caller.Became(t, "STASISSTATUS"); got != "SUCCESS" {
		t.Errorf("STASISSTATUS %q, want SUCCESS", got)
	}
	if got := caller.Became(t, "HOLDLINE_STATUS"); got != "TIMEOUT" {
		t.Errorf("HOLDLINE_STATUS %q, want TIMEOUT", got)
	}
	wantErr(t, "continue again", w.Client.Continue(t.Context(), id, ari.ContinueRequest{}), ari.ErrNotInApplication)
	wantErr(t, "answer", w.Client.Answer(t.Context(), id), ari.ErrNotInApplication)
	wantErr(t, "music", w.Client.StartMusic(t.Context(), id, ""), ari.ErrNotInApplication)
	wantErr(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{Media: []string{"sound:hello"}})), ari.ErrNotInApplication)
	wantErr(t, "set a variable", w.Client.SetChannelVariable(t.Context(), id, "A", "b"), ari.ErrNotInApplication)
	must(t, "read a variable, from outside", second(w.Client.ChannelVariable(t.Context(), id, "HOLDLINE_STATUS")))
	if _, err := w.Client.Channel(t.Context(), id); err != nil {
		t.Errorf("the channel itself: %v", err)
	}
	must(t, "hang up from outside", w.Client.Hangup(t.Context(), id, ari.ReasonNormal))
}

// subscribed: without a subscription nothing more is told of a caller who went on.
func subscribed(t *testing.T, w World) {
	caller, id := answered(t, w)
	must(t, "subscribe", w.Client.Subscribe(t.Context(), App, id))
	must(t, "subscribe again", w.Client.Subscribe(t.Context(), App, id))
	wantErr(t, "subscribe to nobody", w.Client.Subscribe(t.Context(), App, NewID()), ari.ErrNotFound)
	must(t, "continue", w.Client.Continue(t.Context(), id, ari.ContinueRequest{Context: "far", Extension: "still", Priority: 1}))
	left(t, w, id)
	caller.HangUp(t)
	destroyed(t, w, id, ari.ReasonNormal)
	heard(t, w, id, ari.CallBroadcast, ari.StasisStart, "ChannelStateChange Up", ari.StasisEnd,
		"ChannelHangupRequest 16 soft=false", "ChannelHangupRequest 16 soft=true", "ChannelDestroyed 16")
}

func continuesElsewhere(t *testing.T, w World) {
	for _, c := range []struct {
		name, want string
		request    ari.ContinueRequest
	}{
		{"extension", "LEFT_BY_KEY", ari.ContinueRequest{Extension: "after", Priority: 1}},
		{"priority", "twenty", ari.ContinueRequest{Context: "far", Extension: "after", Priority: 20}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, id := answered(t, w)
			must(t, "set variable", w.Client.SetChannelVariable(t.Context(), id, "HOLDLINE_STATUS", "LEFT_BY_KEY"))
			must(t, "continue", w.Client.Continue(t.Context(), id, c.request))
			if got := caller.Became(t, "AFTER"); got != c.want {
				t.Errorf("the dialplan saw %q, want %q", got, c.want)
			}
		})
	}
}

func gone(t *testing.T, w World) {
	ctx, c, id := t.Context(), w.Client, NewID()
	for what, err := range map[string]error{
		"get":       second(c.Channel(ctx, id)),
		"answer":    c.Answer(ctx, id),
		"hangup":    c.Hangup(ctx, id, ari.ReasonNormal),
		"continue":  c.Continue(ctx, id, ari.ContinueRequest{}),
		"ring":      c.Ring(ctx, id),
		"stop ring": c.StopRing(ctx, id),
		"dtmf":      c.SendDTMF(ctx, id, "1"),
		"music":     c.StartMusic(ctx, id, ""),
		"no music":  c.StopMusic(ctx, id),
		"play":      second(c.Play(ctx, id, ari.PlayRequest{Media: []string{"sound:hello"}})),
		"read":      second(c.ChannelVariable(ctx, id, "A")),
		"read all":  second(c.ChannelVariables(ctx, id, "A", "B")),
		"set":       c.SetChannelVariable(ctx, id, "A", "b"),
		"set all":   c.SetChannelVariables(ctx, id, map[string]string{"A": "b"}),
		"dial":      c.Dial(ctx, id, "", Patience),
		"transfer":  c.TransferProgress(ctx, id, "channel_declined"),

		"bridge":          second(c.Bridge(ctx, id)),
		"delete bridge":   c.DeleteBridge(ctx, id),
		"add to bridge":   c.AddToBridge(ctx, id, id),
		"remove":          c.RemoveFromBridge(ctx, id, id),
		"bridge music":    c.StartBridgeMusic(ctx, id, ""),
		"no bridge music": c.StopBridgeMusic(ctx, id),
		"bridge play":     second(c.PlayOnBridge(ctx, id, ari.PlayRequest{Media: []string{"sound:hello"}})),

		"playback":      second(c.Playback(ctx, id)),
		"stop playback": c.StopPlayback(ctx, id),
		"application":   second(c.Application(ctx, id)),
		"filter":        second(c.SetEventFilter(ctx, id, nil, nil)),
		"claim":         c.Claim(ctx, id, App),
		"endpoint":      second(c.Endpoint(ctx, "PJSIP", id)),
		"technology":    second(c.Endpoint(ctx, id, id)),
	} {
		wantErr(t, what, err, ari.ErrNotFound)
	}
}

func denied(t *testing.T, w World) {
	wantErr(t, "wrong password", w.Nobody.Ping(t.Context()), ari.ErrDenied)
	if w.Reader == nil {
		return
	}
	must(t, "reader lists", second(w.Reader.Channels(t.Context())))
	wantErr(t, "reader sets", w.Reader.SetVariable(t.Context(), "A", "b"), ari.ErrDenied)
}

// second leaves the error of a call that returns two values.
func second[T any](_ T, err error) error { return err }
