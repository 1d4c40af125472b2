package channelapi

import (
	"net/http"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"
)

// The next hop dies in the moment in which a leg goes out by it: the leg is ended
// as soon as the node's probes know, and the next one goes another way at once.
func TestLegWhoseRouteDiedIsEnded(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		phone fake.Behaviour
		other string
		want  bool // the leg is ended
	}{
		"nothing rings":                    {fake.Dead(), "online", true},
		"it rings: it was on its way":      {fake.Ring(), "online", false},
		"there is no other way to try":     {fake.Dead(), "offline", false},
		"who knows whether the other goes": {fake.Dead(), "unknown", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.asterisk.Phone("201", row.phone)
			for _, route := range []string{"kamailio-1", "kamailio-2"} {
				b.asterisk.Route(route, "online")
			}
			caller, leg := b.caller(), aritest.NewID()
			b.must(b.client.Connect(t.Context(), testNode, caller.ID(), ConnectRequest{Leg: leg, To: testTo, Timeout: time.Minute}))
			b.asterisk.Route("kamailio-1", "offline")
			b.asterisk.Route("kamailio-2", row.other)
			b.server.watches.wait.Wait()
			_, err := b.direct.Channel(t.Context(), leg)
			if ended := err != nil; ended != row.want {
				t.Fatalf("the leg has ended: %v (%v), want %v", ended, err, row.want)
			}
			if !row.want {
				return
			}
			for _, r := range b.asterisk.Requests() {
				if r.Method == http.MethodDelete && r.Path == "/channels/"+leg && r.Query.Get("reason_code") != "25" {
					t.Errorf("ended as %q, want %d", r.Query.Get("reason_code"), ari.ReasonRoute)
				}
			}
			next := aritest.NewID()
			b.must(b.client.Connect(t.Context(), testNode, caller.ID(), ConnectRequest{Leg: next, To: testTo, Timeout: time.Minute}))
			c, err := b.direct.Channel(t.Context(), next)
			b.must(err)
			if want := "PJSIP/kamailio-2"; len(c.Name) < len(want) || c.Name[:len(want)] != want {
				t.Errorf("the next leg goes by %s, want %s", c.Name, want)
			}
		})
	}
}
