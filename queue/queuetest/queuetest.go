// Package queuetest is the conformance suite of queue: what every Redis that a
// pool may live on must let it do. Each test is a small shift in a contact
// center, and reads like one.
//
// The suite runs on an embedded Redis, whose clock it turns, and on real ones,
// where it waits for each deadline.
package queuetest

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Backend is a Redis to run on.
type Backend struct {
	Client  redis.UniversalClient
	Advance func(time.Duration) // turns the clock; nil: it turns by itself
}

// Run runs the suite. open gives the Redis of one test; tests use pools of
// their own, so all may share one.
func Run(t *testing.T, open func(*testing.T) Backend) {
	t.Helper()
	for _, chapter := range []struct {
		name  string
		tests []shiftTest
	}{
		{"entering", enteringTests},
		{"matching", matchingTests},
		{"strategies", strategyTests},
		{"relaxing", relaxingTests},
		{"ordering", orderingTests},
		{"preferring", preferringTests},
		{"media", mediaTests},
		{"limits", limitTests},
		{"steering", steeringTests},
		{"outcomes", outcomeTests},
		{"ring-all", ringAllTests},
		{"dialplan", dialplanTests},
		{"ends", endTests},
		{"modes", modeTests},
		{"deadlines", deadlineTests},
		{"nodes", nodeTests},
		{"projection", projectionTests},
		{"work", workTests},
		{"redial", redialTests},
		{"recovery", recoveryTests},
	} {
		t.Run(chapter.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range chapter.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					s := newShift(t, open(t))
					test.run(s)
					s.promises()
				})
			}
		})
	}
}

type shiftTest struct {
	name string
	run  func(*shift)
}

// Eventually waits for the thing, up to ten seconds.
func Eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	over := time.After(10 * time.Second)
	for !is() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("ten seconds and not: %s", what)
		}
	}
}
