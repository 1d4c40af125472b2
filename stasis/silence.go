package stasis

import (
	"context"
	"strings"
	"time"

	"holdline/ari"
	"holdline/queue"
)

// Asterisk does not tell whether a channel hears music. It tells what it has sent:
// 50 packets a second while anything is played, none in silence (seen on 22.10). So
// a caller who waits and has been sent nothing between two looks is in silence.

// settling is how long music may take to begin behind an announcement, and
// listening the time in which a packet is to be sent then. Both together keep a
// silence below two seconds.
const (
	settling  = 400 * time.Millisecond
	listening = 500 * time.Millisecond
)

// announced looks whether music follows the announcement that has just ended. It
// does not when whoever commanded both died between the two.
func (s *session) announced(ctx context.Context, ev ari.Event) {
	channel, onChannel := strings.CutPrefix(ev.Playback.TargetURI, "channel:")
	contact := strings.TrimSuffix(strings.TrimPrefix(ev.Playback.ID, legPrefix), "-announce")
	k, known := s.recall(channel)
	if !onChannel || !known || queue.PlaybackID(contact) != ev.Playback.ID {
		return
	}
	s.strands.do("silence "+channel, func() {
		if !pause(ctx, settling) {
			return
		}
		before, err := s.asterisk.RTPStatistics(ctx, channel)
		if err != nil || !pause(ctx, listening) {
			return
		}
		after, err := s.asterisk.RTPStatistics(ctx, channel)
		if err == nil && after.Sent == before.Sent {
			s.mend(ctx, difference{silentCaller, channel}, s.silent(ctx, k.pool, contact, ari.Channel{ID: channel, State: ari.StateUp}))
		}
	})
}
