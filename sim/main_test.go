package sim

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// sipgo v1.7 keeps its sockets by peer: of two made to one peer at once it forgets the first when it closes.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/emiago/sipgo/sip.(*TransportUDP).readUDPConnection"))
}

// patience is how long a test waits for something that must come. It bounds
// failures only.
const patience = 15 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// setup is a floor with a record-routing proxy that registers alice and bob.
type setup struct {
	floor      *Floor
	proxy      *testProxy
	alice, bob *Phone
}

func newSetup(t *testing.T) *setup {
	t.Helper()
	s := &setup{floor: NewFloor(FloorOptions{}), proxy: newTestProxy(t)}
	t.Cleanup(func() {
		if err := s.floor.Close(); err != nil {
			t.Errorf("close floor: %v", err)
		}
	})
	s.alice, s.bob = s.phone(t, "alice"), s.phone(t, "bob")
	must(t, s.bob.Register(within(t)))
	return s
}

func (s *setup) phone(t *testing.T, user string) *Phone {
	t.Helper()
	p, err := s.floor.Phone(PhoneOptions{
		User: user, Password: "secret of " + user, Domain: "test.invalid",
		Proxies: []string{s.proxy.address()}, LocalIP: "127.0.0.1", Tape: true,
	})
	must(t, err)
	return p
}

// call makes alice call bob, and gives both ends, ringing or answered as bob is
// told.
func (s *setup) call(t *testing.T, bob Behaviour) (a, b *Call) {
	t.Helper()
	s.bob.OnCall(bob)
	a, err := s.alice.Call(within(t), "bob")
	must(t, err)
	b, err = s.bob.WaitCall(within(t))
	must(t, err)
	return a, b
}

// talk is call with an answer.
func (s *setup) talk(t *testing.T) (a, b *Call) {
	t.Helper()
	a, b = s.call(t, Answer(0))
	must(t, a.WaitAnswered(within(t)))
	must(t, b.WaitAnswered(within(t)))
	return a, b
}

func ended(t *testing.T, c *Call, by EndedBy, status int) End {
	t.Helper()
	e, err := c.WaitEnded(within(t))
	must(t, err)
	if e.By != by || e.Status != status {
		t.Errorf("ended by %s with %d, want by %s with %d\n%s", e.By, e.Status, by, status, c.Timeline())
	}
	return e
}

func contextWithCancel(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// eventually polls a condition that no channel tells of.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx := within(t); !ok(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("it did not happen in time")
		}
	}
}
