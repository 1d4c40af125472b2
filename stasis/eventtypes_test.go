package stasis

import (
	"slices"
	"testing"

	"holdline/ari/aritest"
)

// What a session handles, a real Asterisk and the fake have both been looked at for.
func TestEventsAreVouchedFor(t *testing.T) {
	for _, eventType := range eventTypes {
		if !slices.Contains(aritest.Vouched, eventType) {
			t.Errorf("no case of the conformance suite looks at %s", eventType)
		}
	}
}
