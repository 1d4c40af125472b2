package supervise

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdline/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAWatchGoesOnAfterAFailureAndEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	tick := make(chan time.Time, 3)
	for range 3 {
		tick <- time.Now()
	}
	looks, complaints := 0, 0
	err := Watch(ctx, tick, func(context.Context) error {
		looks++
		switch looks {
		case 2:
			return errors.New("redis is away")
		case 4:
			cancel()
		}
		return nil
	}, func(error) { complaints++ })
	if err != nil || looks != 4 || complaints != 1 {
		t.Errorf("%v after %d looks and %d complaints", err, looks, complaints)
	}
	first := errors.New("no such pool")
	if err := Watch(t.Context(), tick, func(context.Context) error { return first }, nil); !errors.Is(err, first) {
		t.Errorf("a first look that fails gave %v", err)
	}
}

func TestLinesAreWrittenForWhatHasChanged(t *testing.T) {
	var out strings.Builder
	l := NewLines(&out)
	lines := func(want int, what string) {
		t.Helper()
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("%s: %d lines, want %d:\n%s", what, got, want, &out)
		}
	}
	now := time.Now()
	write := func(q queue.QueueGlance, a queue.AgentGlance) {
		t.Helper()
		if err := errors.Join(l.Queues(now, []queue.QueueGlance{q}), l.Agents(now, []queue.AgentGlance{a})); err != nil {
			t.Fatal(err)
		}
	}
	q := queue.QueueGlance{Queue: "support", Waiting: 1, LongestMS: 1000}
	a := queue.AgentGlance{Agent: "201", Standing: queue.Standing{Word: "available", Text: "available for 1s", ForMS: 1000}}
	write(q, a)
	lines(2, "at first")
	q.LongestMS, a.Text, a.ForMS = 2000, "available for 2s", 2000
	write(q, a)
	lines(2, "only time went by")
	q.Waiting, a.Word = 2, "ringing"
	write(q, a)
	lines(4, "both changed")
	if !strings.Contains(out.String(), `"waiting":2`) || !strings.Contains(out.String(), `"standing":"ringing"`) || !strings.Contains(out.String(), `"at":"`) {
		t.Error(out.String())
	}
}
