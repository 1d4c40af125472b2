package callmanager

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
)

// Hints hears of TTL keys that an operator deleted, or that ran out early. A hint
// makes the sweep's second shorter and decides nothing: notifications are sent
// once and to nobody in particular, and the script looks for itself.
type Hints struct {
	Redis   redis.UniversalClient
	Open    func(pool string) HintTaker
	Log     zerolog.Logger
	Metrics *Metrics
}

// hinted are the keyspace channels of the TTL keys, in any database.
var hinted = []string{"__keyspace@*__:{*}:timeout:*", "__keyspace@*__:{*}:announce:*"}

// Run listens until ctx ends. The client subscribes again after a loss.
func (h *Hints) Run(ctx context.Context) error {
	heard := h.Redis.PSubscribe(ctx, hinted...)
	defer func() { _ = heard.Close() }()
	messages := heard.Channel()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-messages:
			if !ok {
				<-ctx.Done() // closed with the client: nothing is left to hear
				return nil
			}
			h.hear(ctx, m.Channel, m.Payload)
		}
	}
}

// hear looks at the key of one notification. Keys that are set are our own doing,
// and what a longer TTL means is found when the deadline is due.
func (h *Hints) hear(ctx context.Context, channel, event string) {
	if event != "del" && event != "expired" {
		return
	}
	_, key, _ := strings.Cut(channel, "__:")
	pool, _, ok := strings.Cut(strings.TrimPrefix(key, "{"), "}")
	if !ok {
		return
	}
	h.Metrics.hints.Inc()
	if err := h.Open(pool).Hint(ctx, key); err != nil && ctx.Err() == nil {
		h.Log.Debug().Err(err).Str("pool", pool).Msg("hint not followed; the sweep will")
	}
}
