package aritest

import (
	"errors"
	"slices"
	"testing"

	"holdline/ari"
)

func newBridge(t *testing.T, w World) string {
	t.Helper()
	id := NewID()
	b, err := w.Client.CreateBridge(t.Context(), id, ari.BridgeMixing, "offer")
	must(t, "create bridge", err)
	if b.ID != id || b.Type != ari.BridgeMixing || b.Name != "offer" || len(b.Channels) != 0 {
		t.Errorf("created %+v", b)
	}
	return id
}

func members(t *testing.T, w World, bridge string, want ...string) {
	t.Helper()
	b, err := w.Client.Bridge(t.Context(), bridge)
	must(t, "ask for the bridge", err)
	slices.Sort(b.Channels)
	slices.Sort(want)
	if !slices.Equal(b.Channels, want) {
		t.Errorf("members %q, want %q", b.Channels, want)
	}
}

func bridged(eventType, bridge, channel string) func(ari.Event) bool {
	return func(e ari.Event) bool {
		return e.Type == eventType && e.Bridge.ID == bridge && e.ChannelID() == channel
	}
}

// connect makes a bridge of a caller and an agent's leg.
func connect(t *testing.T, w World) (caller Caller, callerID, legID, bridgeID string) {
	t.Helper()
	caller, callerID = answered(t, w)
	legID, bridgeID = answeredLeg(t, w), newBridge(t, w)
	must(t, "add", w.Client.AddToBridge(t.Context(), bridgeID, callerID, legID))
	w.Hear.Wait(t, "caller entered", bridged(ari.ChannelEnteredBridge, bridgeID, callerID))
	w.Hear.Wait(t, "leg entered", bridged(ari.ChannelEnteredBridge, bridgeID, legID))
	return caller, callerID, legID, bridgeID
}

func bridge(t *testing.T, w World) {
	_, callerID, legID, id := connect(t, w)
	members(t, w, id, callerID, legID)
	all, err := w.Client.Bridges(t.Context())
	must(t, "list", err)
	if !slices.ContainsFunc(all, func(b ari.Bridge) bool { return b.ID == id }) {
		t.Error("the bridge is not listed")
	}
	must(t, "remove", w.Client.RemoveFromBridge(t.Context(), id, legID))
	w.Hear.Wait(t, "leg left", bridged(ari.ChannelLeftBridge, id, legID))
	members(t, w, id, callerID)
	must(t, "the leg is still ours", w.Client.StartMusic(t.Context(), legID, ""))
}

func addedAgain(t *testing.T, w World) {
	_, callerID, legID, id := connect(t, w)
	must(t, "add again", w.Client.AddToBridge(t.Context(), id, legID))
	Eventually(t, "entered again", func() bool {
		return len(w.Hear.All(bridged(ari.ChannelEnteredBridge, id, legID))) == 2
	})
	w.Hear.Wait(t, "left", bridged(ari.ChannelLeftBridge, id, legID))
	members(t, w, id, callerID, legID)
}

func bridgeMoves(t *testing.T, w World) {
	_, callerID, legID, id := connect(t, w)
	other := newBridge(t, w)
	must(t, "add to another", w.Client.AddToBridge(t.Context(), other, legID))
	w.Hear.Wait(t, "left", bridged(ari.ChannelLeftBridge, id, legID))
	w.Hear.Wait(t, "entered", bridged(ari.ChannelEnteredBridge, other, legID))
	members(t, w, id, callerID)
	members(t, w, other, legID)
	must(t, "continue", w.Client.Continue(t.Context(), legID, ari.ContinueRequest{Context: "far", Extension: "after", Priority: 1}))
	w.Hear.Wait(t, "left", bridged(ari.ChannelLeftBridge, other, legID))
	w.Hear.Channel(t, ari.StasisEnd, legID)
	members(t, w, other)
}

func takenBridge(t *testing.T, w World) {
	id := newBridge(t, w)
	_, err := w.Client.CreateBridge(t.Context(), id, ari.BridgeMixing, "again")
	wantErr(t, "create again", err, ari.ErrExists)
	must(t, "delete", w.Client.DeleteBridge(t.Context(), id))
	wantErr(t, "delete again", w.Client.DeleteBridge(t.Context(), id), ari.ErrNotFound)
}

func cannotBridge(t *testing.T, w World) {
	_, callerID := answered(t, w)
	id, ctx := newBridge(t, w), t.Context()
	wantErr(t, "add nobody", w.Client.AddToBridge(ctx, id, NewID()), ari.ErrNotFound)
	wantErr(t, "add one of two", w.Client.AddToBridge(ctx, id, callerID, NewID()), ari.ErrNotFound)
	members(t, w, id)
	ringing := leg(t, w, Rings, 0)
	w.Hear.Wait(t, "ringing", stateIs(ringing, ari.StateRinging))
	wantErr(t, "add who is not in the application", w.Client.AddToBridge(ctx, id, ringing), ari.ErrNotInApplication)
	wantErr(t, "remove who is not in it", w.Client.RemoveFromBridge(ctx, id, callerID), ari.ErrNotFound)
	wantErr(t, "remove nobody", w.Client.RemoveFromBridge(ctx, id, NewID()), ari.ErrNotFound)
	must(t, "hang up", w.Client.Hangup(ctx, ringing, ari.ReasonNormal))
}

func bridgeMembers(t *testing.T, w World) {
	caller, callerID, legID, id := connect(t, w)
	caller.HangUp(t)
	w.Hear.Wait(t, "caller left", bridged(ari.ChannelLeftBridge, id, callerID))
	left(t, w, callerID)
	members(t, w, id, legID)
	now, err := w.Client.Channel(t.Context(), legID)
	must(t, "the leg stays", err)
	if now.State != ari.StateUp {
		t.Errorf("the leg is %q", now.State)
	}
	must(t, "hang up the leg", w.Client.Hangup(t.Context(), legID, ari.ReasonNormal))
	destroyed(t, w, legID, ari.ReasonNormal)
	members(t, w, id)
}

func bridgeDeleted(t *testing.T, w World) {
	_, callerID, legID, id := connect(t, w)
	must(t, "delete", w.Client.DeleteBridge(t.Context(), id))
	for _, ch := range []string{callerID, legID} {
		w.Hear.Wait(t, "member left", bridged(ari.ChannelLeftBridge, id, ch))
	}
	Eventually(t, "it is forgotten", func() bool { // a moment after it was told
		return errors.Is(second(w.Client.Bridge(t.Context(), id)), ari.ErrNotFound)
	})
	for _, ch := range []string{callerID, legID} {
		must(t, "still in the application", w.Client.StartMusic(t.Context(), ch, ""))
	}
}

func bridgeMusic(t *testing.T, w World) {
	_, callerID := answered(t, w)
	id, ctx := newBridge(t, w), t.Context()
	must(t, "add", w.Client.AddToBridge(ctx, id, callerID))
	w.Hear.Wait(t, "entered", bridged(ari.ChannelEnteredBridge, id, callerID))
	must(t, "music", w.Client.StartBridgeMusic(ctx, id, ""))
	playbackID := NewID()
	p, err := w.Client.PlayOnBridge(ctx, id, ari.PlayRequest{ID: playbackID, Media: []string{"sound:digits/1"}})
	must(t, "play", err)
	if p.TargetURI != "bridge:"+id {
		t.Errorf("plays to %q", p.TargetURI)
	}
	w.Hear.Wait(t, "finished", playing(ari.PlaybackFinished, playbackID))
	must(t, "no music", w.Client.StopBridgeMusic(ctx, id))
	wantErr(t, "no music again", w.Client.StopBridgeMusic(ctx, id), ari.ErrNotInApplication)
}

func bridgeFromMusic(t *testing.T, w World) {
	_, callerID := answered(t, w)
	must(t, "music", w.Client.StartMusic(t.Context(), callerID, ""))
	legID, id := answeredLeg(t, w), newBridge(t, w)
	must(t, "add", w.Client.AddToBridge(t.Context(), id, callerID, legID))
	w.Hear.Wait(t, "entered", bridged(ari.ChannelEnteredBridge, id, callerID))
	Eventually(t, "both are in", func() bool {
		b, err := w.Client.Bridge(t.Context(), id)
		return err == nil && len(b.Channels) == 2
	})
	must(t, "a prompt for one of them", second(w.Client.Play(t.Context(), legID, ari.PlayRequest{Media: []string{"sound:digits/1"}})))
}
