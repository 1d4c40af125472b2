package fake_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/ari/fake"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	t.Parallel()
	w := fakeWorld(t)
	aritest.Run(t, w)
	aritest.Covered(t, w)
}

// fakeWorld is the fake under the suite that a real Asterisk passes.
func fakeWorld(t *testing.T) aritest.World {
	t.Helper()
	w, _ := fakeNode(t)
	return w
}

func fakeNode(t *testing.T) (aritest.World, *fake.Node) {
	t.Helper()
	const name, password = "a1", "conformance-suite"
	hear := aritest.NewHearer(t, "127.0.0.1:0", name, password)
	node, err := fake.New(fake.Options{
		Node: name, EventURL: hear.URL(), EventPassword: password,
		User: "holdline", ReadOnlyUser: "watcher", Password: password, Application: aritest.App,
		MissingSounds: []string{"sound:there-is-no-such-sound"}, MissingRoutes: []string{"nobody"},
		Sound: 50 * time.Millisecond, Context: "far",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Close)
	performed := &aritest.Performed{}
	client := func(user, password string) *ari.Client {
		c := ari.New(node.URL(), ari.Options{User: user, Password: password, Application: aritest.App, Observe: performed.Observe})
		t.Cleanup(c.Close)
		return c
	}
	hear.Connected(t, 1)
	number := make(chan int, 1)
	number <- 10_000_000
	next := func() int { n := <-number; number <- n + 1; return n }
	world := aritest.World{
		Client: client("holdline", password), Reader: client("watcher", password), Nobody: client("holdline", "wrong"),
		Hear: hear, Node: name, PrefixIDs: true, Quiet: 50 * time.Millisecond, Performed: performed,
		ClientOf: func(transport http.RoundTripper, user, pass string) *ari.Client {
			return ari.New(node.URL(), ari.Options{
				User: user, Password: cmp.Or(pass, password), Application: aritest.App, Transport: transport, Timeout: aritest.Patience,
			})
		},
		Wire: func(does string) string {
			exten := fmt.Sprint(next())
			node.Phone(exten, wirePhone(does))
			return "PJSIP/wire/sip:" + exten + "@127.0.0.1"
		},
		Freeze: func(*testing.T) { node.Freeze() }, Thaw: func(*testing.T) { node.Thaw() },
		Phone: func(does aritest.Doing, after time.Duration) string {
			exten := fmt.Sprint(next())
			node.Phone(exten, map[aritest.Doing]fake.Behaviour{
				aritest.Answers: fake.Answer(after), aritest.Declines: declined(after), aritest.Busies: fake.Busy(after),
				aritest.Rings: fake.Ring(), aritest.Nowhere: fake.Unregistered(), aritest.Hanger: fake.AnswerAndHangUp(after),
			}[does])
			return "PJSIP/loop/sip:" + exten + "@127.0.0.1"
		},
		Call: func(t testing.TB, args string) aritest.Caller {
			t.Helper()
			c, err := node.Call(fake.CallRequest{Args: args, Name: "Some Body", Number: fmt.Sprint(next()), Exten: "call", Route: "loop", Timeout: 3 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			return &fakeCaller{node: node, Caller: c}
		},
	}
	return world, node
}

// wirePhone is a phone of World.Wire.
func wirePhone(does string) fake.Behaviour {
	switch does {
	case "silent":
		return fake.Dead()
	case "rings":
		return fake.Ring()
	case "answers":
		return fake.AnswerAndVanish(0)
	}
	status, err := strconv.Atoi(does)
	if err != nil {
		panic("no such phone: " + does)
	}
	return fake.Refuse(status)
}

// declined is how Asterisk's own dialplan declines (403), which plays the phone of the real world.
func declined(after time.Duration) fake.Behaviour {
	return fake.Behaviour{After: after, Status: 403}
}

type fakeCaller struct {
	*fake.Caller
	node *fake.Node
}

func (c *fakeCaller) HangUp(testing.TB)                 { c.Caller.HangUp() }
func (c *fakeCaller) Press(_ testing.TB, digits string) { c.Caller.Press(digits) }

// Became does what the dialplan of the real world does.
func (c *fakeCaller) Became(t testing.TB, variable string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aritest.Patience)
	defer cancel()
	if err := c.node.Wait(ctx, func() bool { return c.State() == fake.Dialplan }); err != nil {
		t.Fatal(err)
	}
	if variable != "AFTER" {
		return c.Variable(variable)
	}
	place := c.Place()
	switch {
	case place.Exten != "after":
		return "at " + place.Exten
	case place.Priority == 20:
		return "twenty"
	}
	return c.Variable("HOLDLINE_STATUS")
}
