package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"holdline/queue"
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

// complete fails the test when something that so many operations meet never happened.
func (t *tally) complete(tb testing.TB, ops int64, ttl bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []string
	if ops >= 40_000 {
		all = met()
		if ttl {
			all = append(all, "operator deletes", "operator lengthens")
		}
	}
	if ops >= 1_000_000 {
		all = append(all, "circle", "bridge given up")
	}
	for _, what := range all {
		if t.count[what] == 0 {
			tb.Errorf("it never happened: %s", what)
		}
	}
}

// met is what every run of some ten thousand operations meets.
func met() []string {
	all := strings.Split(`agent removed; answered too late; hush; silent; match again; need edited; next mode chosen;
next mode taken; one of several fails; overflow at the door; overflow waits; overflow; pause keeps; preferred; readopted;
readopted who waited; redial; refused again; retry; returned; ring-all: one each; service level; tiers; reserve: spare true;
reserve: spare false; left empty; left to be dialled for; given waiting; given offered; moved waiting; moved offered;
arrival told again; directory edited; emptied; better position said; one too many; timed out while it rang; takeover; agent's priority; queue removed; node up, boot anew true`, ";")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	add := func(prefix string, words ...string) {
		for _, w := range words {
			all = append(all, prefix+w)
		}
	}
	add("strategy ", queue.Strategies()...)
	add("ends ", queue.OutcomeAnswered, queue.OutcomeAbandoned, queue.OutcomeTimedOut, queue.OutcomeLeftByKey, queue.OutcomeOverflowed,
		queue.OutcomeWithdrawn, queue.OutcomeLostWithNode)
	for _, e := range queue.OfferEffects {
		add("offer ", e.Outcome)
	}
	for _, m := range queue.AgentLife {
		for _, from := range m.From {
			if from != m.To || m.To == "paused" || m.To == "wrap_up" {
				add("mode ", from+" to "+m.To)
			}
		}
	}
	add("fired ", "setup", "ring", "bridge", "dialplan", "wrapup", "limit", "guard", "device", "step", "prefer", "overflow", "arm", "queue",
		"redial", "refused", "hold")
	for _, k := range []queue.WorkKind{queue.WorkHangup, queue.WorkLeave, queue.WorkMusic, queue.WorkBridge, queue.WorkAnnounce} {
		add("work ", string(k))
	}
	for _, e := range refusals {
		add("refused: ", e.Error())
	}
	return all
}
