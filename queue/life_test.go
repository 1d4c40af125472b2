package queue

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write life.md anew")

// TestLives: every table is a function of state and event, every state is
// reached, and every state but the last is left.
func TestLives(t *testing.T) {
	for name, life := range map[string][]Move{"contact": ContactLife, "offer": OfferLife, "agent": AgentLife} {
		reached, left, pairs := map[string]bool{none: true}, map[string]bool{over: true}, map[string]bool{}
		if name == "agent" {
			reached = map[string]bool{"logged_out": true} // as the directory makes them
			left = map[string]bool{}
		}
		for _, m := range life {
			reached[m.To] = true
			for _, from := range m.From {
				left[from] = true
				if pairs[m.On+" "+from] {
					t.Errorf("%s: %s from %s stands twice", name, m.On, from)
				}
				pairs[m.On+" "+from] = true
			}
		}
		for state := range reached {
			if !left[state] {
				t.Errorf("%s: nothing leads out of %s", name, state)
			}
		}
		for state := range left {
			if !reached[state] {
				t.Errorf("%s: nothing leads to %s", name, state)
			}
		}
	}
}

// TestEffects: every outcome of an offer but answered has its row.
func TestEffects(t *testing.T) {
	var have []string
	for _, e := range OfferEffects {
		have = append(have, e.Outcome)
		if !slices.Contains([]string{"keep", "restart", "guard"}, e.Availability) {
			t.Errorf("%s: availability %q", e.Outcome, e.Availability)
		}
	}
	want := []string{OfferNoAnswer, OfferBusy, OfferReject, OfferUnreachable, OfferSetupFailed, OfferCallerGone,
		OfferLostRace, OfferWithdrawn}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("effects of %v, outcomes are %v", have, want)
	}
}

// TestPicture: life.md shows the tables as they are. -update writes it.
func TestPicture(t *testing.T) {
	want := Picture()
	if *update {
		if err := os.WriteFile("life.md", []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("life.md")
	if err != nil || string(have) != want {
		t.Errorf("life.md is not what the tables say (%v): go test ./queue -run TestPicture -update", err)
	}
	if strings.Count(want, "mermaid") != 3 {
		t.Error("three lives, three pictures")
	}
}
