package aritest

import (
	"context"
	"errors"
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
	Eventually(t, "it is forgotten", func() bool { // a moment after it was told
		return errors.Is(second(w.Client.Playback(t.Context(), playbackID)), ari.ErrNotFound)
	})
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

// states lists what was heard of a playback: "Started sound:a".
func states(w World, playbackID string) []string {
	var states []string
	for _, e := range w.Hear.All(func(e ari.Event) bool { return e.Playback != nil && e.Playback.ID == playbackID }) {
		states = append(states, e.Type[len("Playback"):]+" "+e.Playback.MediaURI+" "+e.Playback.State)
	}
	return states
}

func playMissing(t *testing.T, w World) {
	const missing = "sound:there-is-no-such-sound"
	for _, c := range []struct {
		name  string
		media []string
		want  string
	}{
		{"alone", []string{missing}, "[Started " + missing + " playing Finished " + missing + " failed]"},
		{"first", []string{missing, "sound:digits/1"}, "[Started " + missing + " playing Continuing " + missing + " continuing " +
			"Started sound:digits/1 playing Finished sound:digits/1 done]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, id := answered(t, w)
			playbackID := NewID()
			must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: playbackID, Media: c.media})))
			w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, playbackID))
			if got := sprint(states(w, playbackID)); got != c.want {
				t.Errorf("heard %s\n want %s", got, c.want)
			}
			must(t, "the caller is still there", second(w.Client.Channel(t.Context(), id)))
		})
	}
}

// unstoppable: only sounds, recordings and tones can be stopped, and only they make the
// playback listen to it.
func unstoppable(t *testing.T, w World) {
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		_, id := answered(t, w)
		playbackID := NewID()
		must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: playbackID, Media: []string{"number:1234"}})))
		w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, playbackID))
		wantErr(t, "stop", w.Client.StopPlayback(t.Context(), playbackID), ari.ErrInvalid)
		e := w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, playbackID))
		if e.Playback.State != "done" {
			t.Errorf("state %q, want done", e.Playback.State)
		}
	})
	t.Run("after a sound", func(t *testing.T) {
		t.Parallel()
		_, id := answered(t, w)
		playbackID := NewID()
		r := ari.PlayRequest{ID: playbackID, Media: []string{"sound:digits/1", "digits:123", "sound:digits/2"}}
		must(t, "play", second(w.Client.Play(t.Context(), id, r)))
		w.Hear.Wait(t, "digits", func(e ari.Event) bool {
			return playing(ari.PlaybackStarted, playbackID)(e) && e.Playback.MediaURI == "digits:123"
		})
		must(t, "stop", w.Client.StopPlayback(t.Context(), playbackID))
		w.Hear.Wait(t, "the sound after it", func(e ari.Event) bool {
			return playing(ari.PlaybackFinished, playbackID)(e) && e.Playback.MediaURI == "sound:digits/2" && e.Playback.State == "done"
		})
	})
}

func playNonsense(t *testing.T, w World) {
	for _, media := range []string{"nonsense:x", "number:x", "recording:there-is-none"} {
		t.Run(media, func(t *testing.T) {
			t.Parallel()
			_, id := answered(t, w)
			playbackID := NewID()
			must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: playbackID, Media: []string{media}})))
			w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, playbackID))
			must(t, "the channel goes on", w.Client.SetChannelVariable(t.Context(), id, "A", "b"))
			must(t, "hang up", w.Client.Hangup(t.Context(), id, ari.ReasonNormal))
			left(t, w, id)
			if got, want := sprint(states(w, playbackID)), "[Started "+media+" playing]"; got != want {
				t.Errorf("heard %s, want %s", got, want)
			}
		})
	}
}

func takenBack(t *testing.T, w World) {
	_, id := answered(t, w)
	first, middle, last := NewID(), NewID(), NewID()
	must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: first, Media: []string{"tone:400"}})))
	for _, p := range []string{middle, last} {
		must(t, "queue", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: p, Media: []string{"sound:digits/1"}})))
	}
	must(t, "take back", w.Client.StopPlayback(t.Context(), middle))
	w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, first))
	must(t, "stop", w.Client.StopPlayback(t.Context(), first))
	w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, last))
	if got, want := sprint(states(w, middle)), "[Finished sound:digits/1 done]"; got != want {
		t.Errorf("heard %s, want %s", got, want)
	}
}

// waitForGone: of requests that wait for a channel that hangs up, only one says that it
// was not carried out.
func waitForGone(t *testing.T, w World) {
	for _, c := range []struct {
		name string
		ask  func(ctx context.Context, id, bridge string) error
		want error
	}{
		{"answer", func(ctx context.Context, id, _ string) error { return w.Client.Answer(ctx, id) }, ari.ErrNotInApplication},
		{"set a variable", func(ctx context.Context, id, _ string) error { return w.Client.SetChannelVariable(ctx, id, "A", "b") }, nil},
		{"bridge", func(ctx context.Context, id, bridge string) error { return w.Client.AddToBridge(ctx, bridge, id) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, id := answered(t, w)
			bridgeID, playbackID := newBridge(t, w), NewID()
			must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: playbackID, Media: []string{"tone:400"}})))
			w.Hear.Wait(t, "started", playing(ari.PlaybackStarted, playbackID))
			answer := make(chan error, 1)
			go func() { answer <- c.ask(t.Context(), id, bridgeID) }()
			select {
			case err := <-answer:
				t.Fatalf("answered while it waits: %v", err)
			case <-time.After(150 * time.Millisecond): // long enough to have arrived
			}
			caller.HangUp(t)
			if err := <-answer; !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
}
