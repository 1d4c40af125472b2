//go:build stack

package aritest

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestRecorded: a real Asterisk does today what was recorded of one. On a machine that
// stalls it may do two things in another order, once; what has changed is different every
// time, and so there is a second try. With HOLDLINE_RECORD=n it is recorded: n times,
// which must all be alike.
func TestRecorded(t *testing.T) {
	w := NewRealWorld(t)
	times, _ := strconv.Atoi(os.Getenv("HOLDLINE_RECORD")) // not set: 0
	if times > 0 {
		removeStale(t)
	}
	for _, s := range Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			got := Play(t, w, s)
			if times == 0 {
				want := LoadTrace(t, Recorded, s.Name)
				if first := Differences(want, got); len(first) > 0 {
					t.Logf("the first try: %s", strings.Join(first, "\n"))
					compareTraces(t, want, Play(t, w, s))
				}
				return
			}
			for range times - 1 {
				compareTraces(t, got, Play(t, w, s))
			}
			if !t.Failed() {
				SaveTrace(t, Recorded, got)
			}
		})
	}
}

// removeStale removes what was recorded of scenarios that are no more.
func removeStale(t *testing.T) {
	t.Helper()
	there, err := filepath.Glob(filepath.Join(Recorded, "*.json"))
	must(t, "list recordings", err)
	for _, file := range there {
		if !slices.ContainsFunc(Scenarios(), func(s Scenario) bool { return tracePath(Recorded, s.Name) == file }) {
			must(t, "remove", os.Remove(file))
		}
	}
}

func compareTraces(t *testing.T, want, got Trace) {
	t.Helper()
	for _, difference := range Differences(want, got) {
		t.Error(difference)
	}
}
