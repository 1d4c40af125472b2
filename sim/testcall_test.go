package sim_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/sim"
	"holdline/sim/testcall"
)

// center is a contact center of four phones: they answer the feature codes, and
// one plays the queue, which calls the agent from a second phone. Each has the
// tone of the other side, as if they were bridged.
type center struct {
	floor   *sim.Floor
	proxy   string
	contact string
	moments []testcall.Moment
	fail    error
}

// The first two tones that a test call's own floor gives to its phones.
const agentHz, callerHz = 1000, 1010

func newCenter(t *testing.T) *center {
	t.Helper()
	c := &center{floor: sim.NewFloor(sim.FloorOptions{}), proxy: sim.NewTestProxy(t), contact: "0123456789abcdef01234567"}
	t.Cleanup(func() {
		if err := c.floor.Close(); err != nil {
			t.Error(err)
		}
	})
	line := c.phone(t, "line", callerHz, nil)
	c.phone(t, "*45", 0, sim.Answer(0).HangUpAfter(50*time.Millisecond))
	c.phone(t, "*46", 0, sim.Answer(0).HangUpAfter(50*time.Millisecond))
	c.phone(t, "600", agentHz, func(ctx context.Context, in *sim.Call) {
		_ = in.Answer(ctx)
		out, err := line.Call(ctx, "201", sim.WithHeader("X-Holdline-Contact", c.contact))
		if err != nil {
			return
		}
		<-in.Done()
		hangUp, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = out.HangUp(hangUp)
	})
	return c
}

func (c *center) phone(t *testing.T, user string, hz int, b sim.Behaviour) *sim.Phone {
	t.Helper()
	p, err := c.floor.Phone(sim.PhoneOptions{
		User: user, Password: "secret of " + user, Domain: "test.invalid", Proxies: []string{c.proxy}, Tone: hz, OnCall: b,
	})
	if err == nil {
		err = p.Register(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (c *center) Moments(_ context.Context, contact string) ([]testcall.Moment, error) {
	if contact != c.contact {
		return nil, errors.New("asked for another contact")
	}
	return c.moments, c.fail
}

func (c *center) options() testcall.Options {
	return testcall.Options{
		Proxies: []string{c.proxy}, Domain: "test.invalid", Agent: "201", Password: "secret of 201",
		AnswerAfter: 20 * time.Millisecond, Talk: 300 * time.Millisecond, Patience: 5 * time.Second,
	}
}

func TestTestCall(t *testing.T) {
	t.Parallel()
	c := newCenter(t)
	now := time.Now()
	for _, event := range []string{"entered", "offered", "bridged", "ended"} {
		c.moments = append(c.moments, testcall.Moment{Event: event, At: now})
	}
	result, err := testcall.Run(t.Context(), c.options(), c)
	if err != nil {
		t.Fatalf("%v\n%s", err, result.Trace)
	}
	if missing := result.Missing(); len(missing) > 0 {
		t.Errorf("missing: %v\n%s", missing, result.Trace)
	}
	if result.Contact != c.contact {
		t.Errorf("contact %q", result.Contact)
	}
	var out strings.Builder
	if err := result.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"contact " + c.contact, "INVITE", "caller hears the agent", "agent hears the caller", "ended"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, &out)
		}
	}
}

func TestTestCallMissesWhatTheJournalLacks(t *testing.T) {
	t.Parallel()
	c := newCenter(t)
	c.moments = []testcall.Moment{{Event: "entered", At: time.Now()}, {Event: "ended", At: time.Now()}}
	result, err := testcall.Run(t.Context(), c.options(), c)
	if err != nil {
		t.Fatal(err)
	}
	if missing := result.Missing(); !slices.Equal(missing, []string{"offered", "bridged"}) {
		t.Errorf("missing: %v", missing)
	}
	var out strings.Builder
	if err := result.Write(&out); err != nil || strings.Count(out.String(), "MISSING") != 2 {
		t.Errorf("%v\n%s", err, &out)
	}
}

func TestTestCallFails(t *testing.T) {
	t.Parallel()
	c := newCenter(t)
	for name, row := range map[string]struct {
		change func(*testcall.Options)
		says   string
	}{
		"no password":    {func(o *testcall.Options) { o.Password = "" }, "are needed"},
		"wrong password": {func(o *testcall.Options) { o.Password = "guess" }, "401"},
		"no such code":   {func(o *testcall.Options) { o.LoginCode = "*99" }, "dial *99: refused"},
		"no such queue":  {func(o *testcall.Options) { o.Queue = "699" }, "404"},
	} {
		t.Run(name, func(t *testing.T) {
			o := c.options()
			row.change(&o)
			result, err := testcall.Run(t.Context(), o, nil)
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%v", err)
			}
			if name != "no password" && len(result.Missing()) == 0 {
				t.Error("nothing is missing from a call that failed")
			}
		})
	}
}
