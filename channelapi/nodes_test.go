package channelapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"
)

func TestLegsTakeTheRoutesThatAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		states [2]string
		want   []string // of four legs
	}{
		"both in turn":                   {[2]string{"online", "online"}, []string{"kamailio-1", "kamailio-2", "kamailio-1", "kamailio-2"}},
		"the one that is online":         {[2]string{"offline", "online"}, slices.Repeat([]string{"kamailio-2"}, 4)},
		"the one that is not offline":    {[2]string{"unknown", "offline"}, slices.Repeat([]string{"kamailio-1"}, 4)},
		"both, when both are offline":    {[2]string{"offline", "offline"}, []string{"kamailio-1", "kamailio-2", "kamailio-1", "kamailio-2"}},
		"both, when nothing is known":    {[2]string{"unknown", "unknown"}, []string{"kamailio-1", "kamailio-2", "kamailio-1", "kamailio-2"}},
		"online before what is unknown ": {[2]string{"unknown", "online"}, slices.Repeat([]string{"kamailio-2"}, 4)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.asterisk.Phone("201", fake.Ring())
			b.asterisk.Route("kamailio-1", c.states[0])
			b.asterisk.Route("kamailio-2", c.states[1])
			caller := b.caller()
			var got []string
			for range c.want {
				b.must(b.client.Connect(t.Context(), testNode, caller.ID(), ConnectRequest{Leg: aritest.NewID(), To: testTo, Timeout: time.Second}))
			}
			asked := 0
			for _, r := range b.asterisk.Requests() {
				if endpoint := r.Query.Get("endpoint"); endpoint != "" {
					got = append(got, strings.Split(endpoint, "/")[1])
				}
				if strings.HasPrefix(r.Path, "/endpoints/") {
					asked++
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("took %q, want %q", got, c.want)
			}
			if asked != 2 {
				t.Errorf("asked for states %d times, want once each", asked)
			}
		})
	}
}

// states answers for endpoints; it stands for a node in tests of time.
type states struct {
	mu    sync.Mutex
	of    map[string]string
	asked int
	deaf  bool
	Legs
}

func (s *states) Endpoint(ctx context.Context, _, name string) (ari.Endpoint, error) {
	s.mu.Lock()
	s.asked++
	state, deaf := s.of[name], s.deaf
	s.mu.Unlock() // before waiting: a bubble's clock stands still while a lock is waited for
	if deaf {
		<-ctx.Done()
		return ari.Endpoint{}, ctx.Err()
	}
	return ari.Endpoint{State: state}, nil
}

func TestStatesOfRoutesAreBelievedForASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &states{of: map[string]string{"a": "online", "b": "offline"}}
		c := newChooser(s, []string{"a", "b"})
		for range 5 {
			if got := c.order(t.Context()); !slices.Equal(got, []string{"a", "b"}) {
				t.Fatalf("order %q", got)
			}
		}
		if s.asked != 2 {
			t.Errorf("asked %d times in a second, want 2", s.asked)
		}
		s.of["a"], s.of["b"] = "offline", "online"
		<-time.After(routesFresh)
		if got := c.order(t.Context()); got[0] != "b" {
			t.Errorf("a second later, order %q", got)
		}
		// A node that does not say holds a leg up for a moment, not for its time-out.
		s.deaf = true
		<-time.After(routesFresh)
		began := time.Now()
		if got := c.order(t.Context()); len(got) != 2 {
			t.Errorf("order %q", got)
		}
		if took := time.Since(began); took > routesWait {
			t.Errorf("waited %s", took)
		}
	})
}

func TestNodesAreFoundAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &list{nodes: map[string]string{"n1": "http://a"}}
		var made []*client
		a := newAddresses(l, func(n Node) Telephony {
			made = append(made, &client{url: n.URL})
			return made[len(made)-1]
		}, []string{"r"})
		find := func(name string) (string, error) {
			got, _, err := a.find(t.Context(), name)
			if err != nil {
				return "", err
			}
			return got.(*client).url, nil
		}
		expect := func(name, want string, wantErr error) {
			t.Helper()
			got, err := find(name)
			if got != want || !errors.Is(err, wantErr) {
				t.Errorf("found %q %v, want %q %v", got, err, want, wantErr)
			}
		}
		expect("n1", "http://a", nil)
		expect("n1", "http://a", nil)
		if len(made) != 1 || l.asked != 1 {
			t.Errorf("%d clients, asked %d times", len(made), l.asked)
		}
		expect("n2", "", ErrNoNode)

		// It moves: seen within a second; the old client is let go.
		l.set(func(l *list) { l.nodes["n1"] = "http://b" })
		expect("n1", "http://a", nil)
		<-time.After(addressFresh)
		expect("n1", "http://b", nil)
		if !made[0].closed {
			t.Error("the old client is kept")
		}
		// The list cannot be read: who was known stays known.
		l.set(func(l *list) { l.broken = errStoreDown })
		<-time.After(addressFresh)
		expect("n1", "http://b", nil)
		expect("n2", "", ErrNodesUnknown)
		// It is gone for good.
		l.set(func(l *list) { l.broken = nil; delete(l.nodes, "n1") })
		<-time.After(addressFresh)
		expect("n1", "", ErrNoNode)
		if !made[1].closed {
			t.Error("the client of a node that is gone is kept")
		}
		expect("n1", "", ErrNoNode)
	})
}

// client is nobody's: it says whether it was let go.
type client struct {
	Telephony
	url    string
	closed bool
}

func (c *client) Close() { c.closed = true }

func TestManyCommandsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.asterisk.Phone("201", fake.Ring())
	var wait sync.WaitGroup
	for range 20 {
		caller, leg := b.caller(), aritest.NewID()
		for range 2 { // each twice, at one moment
			wait.Go(func() {
				r := ConnectRequest{Leg: leg, To: testTo, Timeout: time.Minute}
				if err := b.client.Connect(t.Context(), testNode, caller.ID(), r); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	all, err := b.direct.Channels(t.Context())
	b.must(err)
	if len(all) != 40 {
		t.Errorf("%d channels, want 20 callers and 20 legs", len(all))
	}
	if n := testutil.CollectAndCount(b.registry, "holdline_channelapi_command_seconds"); n != 1 {
		t.Errorf("%d series of one operation that went well", n)
	}
}
