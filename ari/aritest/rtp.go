package aritest

import (
	"testing"
	"time"

	"holdline/ari"
)

// sent: a channel's count of packets rises while something is played, and stands still in
// silence, which nothing else tells.
func sent(t *testing.T, w World) {
	_, id := answered(t, w)
	rises := func() bool {
		before, err := w.Client.RTPStatistics(t.Context(), id)
		must(t, "count", err)
		<-time.After(300 * time.Millisecond)
		after, err := w.Client.RTPStatistics(t.Context(), id)
		must(t, "count again", err)
		return after.Sent > before.Sent
	}
	silent := func(when string) { Eventually(t, when+": silence", func() bool { return !rises() }) }
	silent("answered")
	tone := NewID()
	must(t, "play", second(w.Client.Play(t.Context(), id, ari.PlayRequest{ID: tone, Media: []string{"tone:400"}})))
	Eventually(t, "a tone is sent", rises)
	must(t, "stop", w.Client.StopPlayback(t.Context(), tone))
	silent("over")
	must(t, "alone in a bridge", w.Client.AddToBridge(t.Context(), newBridge(t, w), id))
	silent("alone in a bridge")
	wantErr(t, "of nobody", second(w.Client.RTPStatistics(t.Context(), NewID())), ari.ErrNotFound)
}
