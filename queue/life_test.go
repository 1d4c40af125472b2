package queue

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what docs/matching.md shows of the code anew")

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

// TestPicture: docs/matching.md shows the tables, the keys and the scripts as they are.
// -update writes it.
func TestPicture(t *testing.T) {
	const path = "../docs/matching.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, keys, _ := strings.Cut(string(doc), "// # Keys\n")
	keys, _, _ = strings.Cut(keys, "// # Time\n")
	keys = strings.ReplaceAll(strings.ReplaceAll(keys, "//\t", "    "), "// ", "")
	want := string(text)
	for name, made := range map[string]string{"lives": Picture(), "scripts": Commands(), "keys": strings.ReplaceAll(keys, "//\n", "\n")} {
		before, rest, found := strings.Cut(want, "<!-- "+name+": made from the code -->\n")
		_, after, ends := strings.Cut(rest, "<!-- end of "+name+" -->\n")
		if !found || !ends {
			t.Fatalf("%s has no place for %s", path, name)
		}
		want = before + "<!-- " + name + ": made from the code -->\n" + made + "\n<!-- end of " + name + " -->\n" + after
	}
	if want == string(text) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the code says: go test ./queue -run TestPicture -update", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
		t.Fatal(err)
	}
}
