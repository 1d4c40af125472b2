package aritest

import (
	"context"
	"testing"
	"time"

	"holdline/ari"
)

func music(t *testing.T, w World) {
	_, id := answered(t, w)
	ctx, c := t.Context(), w.Client
	must(t, "start", c.StartMusic(ctx, id, "default"))
	must(t, "start again", c.StartMusic(ctx, id, "default"))
	must(t, "another class, that does not exist", c.StartMusic(ctx, id, "no-such-class"))
	must(t, "stop", c.StopMusic(ctx, id))
	must(t, "stop again", c.StopMusic(ctx, id))
	must(t, "ring", c.Ring(ctx, id))
	must(t, "stop ringing", c.StopRing(ctx, id))
	must(t, "still there", second(c.Channel(ctx, id)))
}

func play(id string) ari.PlayRequest {
	return ari.PlayRequest{ID: id, Media: []string{"sound:digits/1", "sound:digits/2"}, Language: "en"}
}

func playing(eventType, id string) func(ari.Event) bool {
	return func(e ari.Event) bool { return e.Type == eventType && e.Playback != nil && e.Playback.ID == id }
}

func playback(t *testing.T, w World) {
	_, id := answered(t, w)
	playbackID := NewID()
	got, err := w.Client.Play(t.Context(), id, play(playbackID))
	must(t, "play", err)
	if got.ID != playbackID || got.TargetURI != "channel:"+id || got.MediaURI != "sound:digits/1" || got.Language != "en" {
		t.Errorf("answer %+v", got)
	}
	w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, playbackID))
	var types []string
	for _, e := range w.Hear.All(func(e ari.Event) bool { return e.Playback != nil && e.Playback.ID == playbackID }) {
		types = append(types, e.Type+" "+e.Playback.State)
	}
	want := "[PlaybackStarted playing PlaybackContinuing continuing PlaybackStarted playing PlaybackFinished done]"
	if s := sprint(types); s != want {
		t.Errorf("heard %s, want %s", s, want)
	}
	wantErr(t, "ask when it is over", second(w.Client.Playback(t.Context(), playbackID)), ari.ErrNotFound)
	wantErr(t, "stop when it is over", w.Client.StopPlayback(t.Context(), playbackID), ari.ErrNotFound)
}

func stopPlayback(t *testing.T, w World) {
	_, id := answered(t, w)
	first, waiting := NewID(), NewID()
	long := ari.PlayRequest{ID: first, Media: []string{"tone:400"}}
	must(t, "play", second(w.Client.Play(t.Context(), id, long)))
	long.ID = waiting
	must(t, "queue another", second(w.Client.Play(t.Context(), id, long)))
	w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, first))
	queued, err := w.Client.Playback(t.Context(), waiting)
	must(t, "ask", err)
	if queued.State != "queued" {
		t.Errorf("the second one is %q, want queued", queued.State)
	}
	must(t, "music behind them", w.Client.StartMusic(t.Context(), id, ""))
	must(t, "stop the first", w.Client.StopPlayback(t.Context(), first))
	w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, first))
	w.Hear.Wait(t, "the second started", playing(ari.PlaybackStarted, waiting))
	must(t, "stop the second", w.Client.StopPlayback(t.Context(), waiting))
	w.Hear.Wait(t, "the second finished", playing(ari.PlaybackFinished, waiting))
}

func playTwice(t *testing.T, w World) {
	_, id := answered(t, w)
	playbackID := NewID()
	r := ari.PlayRequest{ID: playbackID, Media: []string{"sound:digits/1"}}
	must(t, "play", second(w.Client.Play(t.Context(), id, r)))
	must(t, "play again", second(w.Client.Play(t.Context(), id, r)))
	Eventually(t, "both finished", func() bool {
		return len(w.Hear.All(playing(ari.PlaybackFinished, playbackID))) == 2
	})
}

// commandsWait: a channel does one thing after the other. Some requests are answered
// when they are queued, others when they are done.
func commandsWait(t *testing.T, w World) {
	_, id := answered(t, w)
	b, playbackID := newBridge(t, w), NewID()
	c := w.Client
	must(t, "play", second(c.Play(t.Context(), id, ari.PlayRequest{ID: playbackID, Media: []string{"tone:400"}})))
	w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, playbackID))
	must(t, "music", c.StartMusic(t.Context(), id, ""))
	must(t, "digits", c.SendDTMF(t.Context(), id, "1"))
	must(t, "no music", c.StopMusic(t.Context(), id))
	must(t, "read a variable", second(c.ChannelVariable(t.Context(), id, "CALLERID(num)")))

	for what, wait := range map[string]func(context.Context) error{
		"answer":         func(ctx context.Context) error { return c.Answer(ctx, id) },
		"set a variable": func(ctx context.Context) error { return c.SetChannelVariable(ctx, id, "WAITED", "yes") },
		"bridge":         func(ctx context.Context) error { return c.AddToBridge(ctx, b, id) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		wantErr(t, what, wait(ctx), ari.ErrUnknown)
		cancel()
	}
	must(t, "stop", c.StopPlayback(t.Context(), playbackID))
	// What timed out is carried out all the same.
	w.Hear.Wait(t, "entered", bridged(ari.ChannelEnteredBridge, b, id))
	got, err := c.ChannelVariable(t.Context(), id, "WAITED")
	must(t, "read the variable", err)
	if got != "yes" {
		t.Errorf("the variable is %q", got)
	}
}

func playbackHangup(t *testing.T, w World) {
	caller, id := answered(t, w)
	playbackID := NewID()
	must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: playbackID, Media: []string{"tone:400"}})))
	w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, playbackID))
	caller.HangUp(t)
	e := w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, playbackID))
	if e.Playback.State != "failed" {
		t.Errorf("state %q, want failed", e.Playback.State)
	}
	left(t, w, id)
}

func playMissing(t *testing.T, w World) {
	_, id := answered(t, w)
	playbackID := NewID()
	r := ari.PlayRequest{ID: playbackID, Media: []string{"sound:there-is-no-such-sound"}}
	must(t, "play", second(w.Client.Play(t.Context(), id, r)))
	e := w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, playbackID))
	if e.Playback.State != "failed" {
		t.Errorf("state %q, want failed", e.Playback.State)
	}
	must(t, "the caller is still there", second(w.Client.Channel(t.Context(), id)))
}
