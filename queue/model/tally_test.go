package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tally counts what happened in all runs: a machine that never reaches a rule proves nothing.
type tally struct {
	mu    sync.Mutex
	count map[string]int
}

func (t *tally) saw(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count[what]++
}

func (t *tally) print(tb testing.TB) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(t.count)) {
		fmt.Fprintf(&b, "%8d %s\n", t.count[what], what)
	}
	tb.Logf("what happened:\n%s", b.String())
}
