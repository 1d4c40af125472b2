package logging_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"holdline/internal/logging"
)

type writes struct {
	mu  sync.Mutex
	all []string
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, string(p))
	return len(p), nil
}

func (w *writes) lines() (n []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.all {
		n = append(n, strings.Count(p, "\n"))
	}
	return n
}

func TestLinesAreHandedOnTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out writes
		lines := logging.NewLines(&out)
		log, _, err := logging.New(logging.Options{Output: lines})
		if err != nil {
			t.Fatal(err)
		}
		want := func(when string, want ...int) {
			t.Helper()
			if got := out.lines(); len(got) != len(want) || len(want) > 0 && got[len(got)-1] != want[len(want)-1] {
				t.Errorf("%s: lines by write %v, want %v", when, got, want)
			}
		}
		log.Info().Msg("one")
		log.Info().Msg("two")
		want("at once")
		<-time.After(101 * time.Millisecond) // of the test's own clock
		want("a tenth of a second later", 2)
		log.Info().Msg("three")
		log.Warn().Msg("four")
		want("a warning", 2, 2)
		<-time.After(time.Second)
		want("nothing more", 2, 2)
		log.Info().Msg("five")
		if err := lines.Close(); err != nil {
			t.Error(err)
		}
		want("closed", 2, 2, 1)
		log.Info().Msg("six")
		want("after that each by itself", 2, 2, 1, 1)
	})
}
