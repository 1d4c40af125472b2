package fake

import "time"

// rtpStatistics counts what the channel would have sent: 50 packets a second between
// two questions, if it sounds at the second. Asterisk counts each; who asks twice
// learns the same from both.
func (n *Node) rtpStatistics(ch *channel, _ call) reply {
	now := time.Now()
	if len(ch.hears()) > 0 {
		ch.sent += 1 + int64(now.Sub(ch.asked)/(20*time.Millisecond))
	}
	ch.asked = now
	return ok(map[string]int64{"txcount": ch.sent, "rxcount": int64(now.Sub(ch.created) / (20 * time.Millisecond))})
}
