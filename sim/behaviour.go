package sim

import (
	"context"
	"time"
)

// A Behaviour is what a phone does with a call offered to it. It runs in its own
// goroutine; ctx ends with the call.
type Behaviour func(ctx context.Context, c *Call)

// NeverAnswer rings for ever.
func NeverAnswer() Behaviour {
	return func(_ context.Context, c *Call) { _ = c.Ring() }
}

// Answer rings for so long, then answers. What goes wrong is in the call's
// timeline.
func Answer(after time.Duration) Behaviour {
	return func(ctx context.Context, c *Call) {
		if c.Ring() == nil && pause(ctx, after) {
			_ = c.Answer(ctx)
		}
	}
}

// Reject rings for so long (not at all for 0), then rejects with the status.
func Reject(status int, after time.Duration) Behaviour {
	return func(ctx context.Context, c *Call) {
		if after > 0 && (c.Ring() != nil || !pause(ctx, after)) {
			return
		}
		_ = c.Reject(status)
	}
}

// Busy rejects with 486 at once.
func Busy() Behaviour { return Reject(486, 0) }

// Mute never gives a final response, nor rings. The SIP stack still sends 100
// after 200 ms; Phone.Unplug is for a phone that is gone.
func Mute() Behaviour { return func(context.Context, *Call) {} }

// HangUpAfter adds to a behaviour that answers: talk for so long, then hang up.
func (b Behaviour) HangUpAfter(talk time.Duration) Behaviour {
	return func(ctx context.Context, c *Call) {
		b(ctx, c)
		if c.State() == Established && pause(ctx, talk) {
			hangUp, cancel := context.WithTimeout(ctx, byeTimeout)
			defer cancel()
			_ = c.HangUp(hangUp)
		}
	}
}

// Then does b with the first call and next with those after it.
func (b Behaviour) Then(next Behaviour) Behaviour {
	first := make(chan struct{}, 1)
	first <- struct{}{}
	return func(ctx context.Context, c *Call) {
		select {
		case <-first:
			b(ctx, c)
		default:
			next(ctx, c)
		}
	}
}

// pause is a person's time: ringing before they answer, talking before they hang
// up. False means that the call ended in it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
