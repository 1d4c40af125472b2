package callmanager

import (
	"context"
	"time"
)

// repeat does something at the end of each pause, until ctx ends.
func repeat(ctx context.Context, pause time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do(ctx)
		}
	}
}
