package fake_test

import (
	"testing"

	"holdline/ari/aritest"
)

// TestRecorded: the fake leaves the traces that a real Asterisk left.
func TestRecorded(t *testing.T) {
	t.Parallel()
	for _, s := range aritest.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			want := aritest.LoadTrace(t, "testdata/recorded", s.Name)
			for _, difference := range aritest.Differences(want, aritest.Play(t, fakeWorld(t), s)) {
				t.Error(difference)
			}
		})
	}
}
