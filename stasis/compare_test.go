package stasis_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"holdline/ari"
	"holdline/ari/fake"
	"holdline/queue"
	"holdline/stasis"
)

// desk is one node, one stasis and one pool without a call manager: what one would
// do is done by hand, and so is what should never happen.
type desk struct {
	t     *testing.T
	mini  *miniredis.Miniredis
	pool  *queue.Pool
	reg   *queue.Registry
	node  *fake.Node
	asks  *ari.Client
	tells *prometheus.Registry
	loses atomic.Pointer[string] // a type of event that gets lost on its way
}

func (d *desk) Pools(ctx context.Context) ([]string, error)        { return d.reg.Pools(ctx) }
func (d *desk) PutNode(ctx context.Context, n queue.Node) error    { return d.reg.PutNode(ctx, n) }
func (d *desk) Pool(context.Context, string) (stasis.Queue, error) { return d.pool, nil }
func (d *desk) Asterisk(rest string) stasis.Asterisk               { return d.client(rest) }
func (d *desk) client(rest string) *ari.Client {
	return ari.New(rest, ari.Options{User: "holdline", Password: "secret", Application: stasis.Application, Timeout: 2 * time.Second})
}

type lossy struct {
	*ari.Session
	loses *atomic.Pointer[string]
}

func (l lossy) Next(ctx context.Context) (ari.Event, error) {
	for {
		ev, err := l.Session.Next(ctx)
		if lost := l.loses.Load(); err != nil || lost == nil || *lost != ev.Type {
			return ev, err
		}
	}
}

// open starts a desk whose stasis compares this often.
func open(t *testing.T, every time.Duration) *desk {
	t.Helper()
	d := &desk{t: t, mini: miniredis.RunT(t), tells: prometheus.NewRegistry()}
	rdb := queue.NewClient(queue.Options{Addrs: []string{d.mini.Addr()}, Timeout: 5 * time.Second})
	t.Cleanup(func() { _ = rdb.Close() })
	d.pool, d.reg = queue.Open(rdb, "demo"), queue.NewRegistry(rdb)
	d.project(nil)
	service := stasis.New(stasis.Options{
		Directory: d, Asterisk: d.Asterisk, Log: zerolog.Nop(), Metrics: stasis.NewMetrics(d.tells),
		SightingGap: 100 * time.Millisecond, CompareEvery: every,
	})
	server := ari.NewEventServer(ari.EventServerOptions{
		Authenticate: func(string, string) bool { return true },
		Serve: func(ctx context.Context, s *ari.Session) {
			hello, err := stasis.ParseHello(s.Query(), s.User())
			if err != nil {
				t.Errorf("the node was refused: %v", err)
				return
			}
			_ = service.Serve(ctx, hello, lossy{s, &d.loses})
		},
	})
	events := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Errorf("stasis did not end: %v", err)
		}
		events.Close()
	})
	node, err := fake.New(fake.Options{
		Node: "ast-1", Boot: "boot-1", User: "holdline", Password: "secret", EventPassword: "any",
		EventURL: "ws" + events.URL[len("http"):] + "/events?sip=sip:10.0.0.1:5060", Sound: prompt,
	})
	d.ok(err)
	t.Cleanup(node.Close)
	d.node, d.asks = node, d.client(node.URL())
	d.within("the node is registered", func() bool { _, err := d.reg.Node(t.Context(), "ast-1"); return err == nil })
	return d
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// project applies the directory: the queue support, and agent 201 who serves it.
func (d *desk) project(restore *queue.RestoredMode) {
	d.t.Helper()
	d.ok(d.reg.AddPool(d.t.Context(), "demo"))
	_, err := d.pool.Project(d.t.Context(), queue.Projection{
		Version: 1, Domain: "demo.test",
		Queues: []queue.QueueSpec{{Name: "support", ID: 1, Need: 1, Open: true}},
		Needs:  []queue.NeedSpec{{ID: 1, Queue: "support", Name: "default"}},
		Agents: []queue.AgentSpec{{ID: "201", Places: []queue.Place{{Need: 1}}, Restore: restore}},
	})
	d.ok(err)
}

func (d *desk) within(what string, is func() bool) {
	d.t.Helper()
	over, look := time.After(8*time.Second), time.NewTicker(2*time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-over:
			d.t.Fatalf("not within 8 s: %s", what)
		case <-look.C:
		}
	}
}

// calls lets somebody call, and waits until they wait.
func (d *desk) calls() (*fake.Caller, queue.Contact) {
	d.t.Helper()
	caller, err := d.node.Call(fake.CallRequest{Args: "pool=demo:queue=support", Number: "555"})
	d.ok(err)
	var c queue.Contact
	d.within("the caller waits", func() bool {
		c, err = d.pool.ByChannel(d.t.Context(), caller.ID(), "ast-1")
		return err == nil && hears(caller, "music:") && caller.Variable("HOLDLINE_ARRIVAL") != ""
	})
	return caller, c
}

func hears(caller *fake.Caller, what string) bool {
	return slices.ContainsFunc(caller.Hears(), func(s string) bool { return strings.HasPrefix(s, what) })
}

// rings makes the offer that is there to be made, and rings the agent's phone.
func (d *desk) rings() queue.Offer {
	d.t.Helper()
	_, err := d.pool.SetMode(d.t.Context(), "201", queue.ModeChange{Mode: queue.Ready})
	d.ok(err)
	var offers []queue.Offer
	d.within("an offer is made", func() bool {
		offers, err = d.pool.Match(d.t.Context(), "", queue.Subject{Agent: "201"})
		d.ok(err)
		return len(offers) == 1
	})
	d.leg(offers[0].ID, offers[0].Channel)
	return offers[0]
}

func (d *desk) leg(offer, caller string) {
	d.t.Helper()
	_, err := d.asks.Originate(d.t.Context(), ari.OriginateRequest{
		ID: queue.LegID(offer, 0), Endpoint: "PJSIP/kamailio-1/sip:201@demo.test", Timeout: 10 * time.Second,
		AppArgs: "pool=demo,leg=" + offer, Originator: caller,
		Variables: map[string]string{"CHANNEL(accountcode)": "demo", "HOLDLINE_AGENT": "201"},
	})
	d.ok(err)
}

// talks lets the agent answer, and waits until the two talk.
func (d *desk) talks(caller *fake.Caller) (queue.Offer, *fake.Phone) {
	d.t.Helper()
	phone := d.node.Phone("201", fake.Answer(10*time.Millisecond))
	o := d.rings()
	d.within("they talk", func() bool { return onlyTalks(caller) })
	return o, phone
}

func onlyTalks(caller *fake.Caller) bool {
	h := caller.Hears()
	return len(h) == 1 && strings.HasPrefix(h[0], "bridge:")
}

// mends waits until a repair of the kind was counted, and told with the contact.
func (d *desk) mends(kind, contact string) {
	d.t.Helper()
	d.within("a repair "+kind+" of "+contact+" is told", func() bool {
		all, err := d.pool.Repairs(d.t.Context(), 10)
		return err == nil && slices.ContainsFunc(all, func(r queue.Repair) bool { return r.Kind == kind && r.Contact == contact })
	})
	d.within("a repair "+kind+" is counted", func() bool { return d.counted(kind) > 0 })
}

func (d *desk) counted(kind string) float64 {
	d.t.Helper()
	families, err := d.tells.Gather()
	d.ok(err)
	for _, f := range families {
		if f.GetName() != "holdline_repairs_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == kind {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func (d *desk) lose(event string) { d.loses.Store(&event) }

func (d *desk) gone(contact string) func() bool {
	return func() bool {
		_, err := d.pool.Contact(d.t.Context(), contact)
		return errors.Is(err, queue.ErrNoContact)
	}
}

const often = 200 * time.Millisecond

// prompt is how long an announcement lasts.
const prompt = 100 * time.Millisecond

func TestALostCallerIsFound(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	d.lose(ari.StasisEnd)
	caller.HangUp()
	d.within("the contact has ended", d.gone(c.ID))
	d.mends("lost_caller", c.ID)
}

func TestACallerWhoLeftTheApplicationIsLostToo(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	d.lose(ari.StasisEnd)
	d.ok(d.asks.Continue(t.Context(), caller.ID(), ari.ContinueRequest{}))
	d.within("the contact has ended", d.gone(c.ID))
	d.mends("lost_caller", c.ID)
}

func TestAForgottenCallerIsThemselvesAgain(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	d.mini.FlushAll()
	d.project(nil)
	d.mends("forgotten_caller", c.ID)
	again, err := d.pool.ByChannel(t.Context(), caller.ID(), "ast-1")
	d.ok(err)
	if again.ID != c.ID || !again.Arrived.Equal(c.Arrived) || again.CallerNumber != "555" {
		t.Errorf("back as %+v, was %+v", again, c)
	}
	d.within("they hear music", func() bool { return hears(caller, "music:") })
}

func TestAClaimIsNoForgottenCaller(t *testing.T) {
	d := open(t, often)
	d.lose(ari.CallBroadcast)
	caller, err := d.node.Call(fake.CallRequest{Args: "pool=demo:queue=support", Number: "555", Timeout: 700 * time.Millisecond})
	d.ok(err)
	d.within("nobody claimed the call", func() bool { return caller.State() == fake.Dialplan })
	if n := d.counted("forgotten_caller"); n != 0 {
		t.Errorf("%v callers were entered who are not inside", n)
	}
}

func TestASilentCallerHearsMusicAgain(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	d.ok(d.asks.StopMusic(t.Context(), caller.ID()))
	d.within("music", func() bool { return hears(caller, "music:") })
	d.mends("silent_caller", c.ID)
}

func TestMusicFollowsAnAnnouncementWhoseCommanderDied(t *testing.T) {
	d := open(t, time.Hour)
	caller, c := d.calls()
	started := time.Now()
	_, err := d.asks.Play(t.Context(), caller.ID(), ari.PlayRequest{ID: queue.PlaybackID(c.ID), Media: []string{"sound:queue-youarenext"}})
	d.ok(err)
	d.mends("silent_caller", c.ID)
	d.within("music", func() bool { return hears(caller, "music:") })
	if silence := time.Since(started) - prompt; silence > 2*time.Second {
		t.Errorf("silence of %v", silence)
	}
}

func TestAClosedLegIsHungUp(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	phone := d.node.Phone("201", fake.Behaviour{NoRing: true})
	d.leg(c.ID+"000000000000ff", caller.ID())
	d.within("the phone is left alone", func() bool { return len(phone.Calls()) == 1 && !phone.Calls()[0].Ended.IsZero() })
	d.mends("closed_leg", c.ID)
}

// Redis comes back without its memory, the registry of the pools too: the first leg
// that is looked at makes the pool known, and counts as much as the others.
func TestEveryLegOfAPoolThatWasForgottenIsHungUp(t *testing.T) {
	d := open(t, time.Hour)
	caller, c := d.calls()
	phone := d.node.Phone("201", fake.Behaviour{NoRing: true})
	for _, attempt := range []string{"000000000000f1", "000000000000f2", "000000000000f3", "000000000000f4"} {
		d.leg(c.ID+attempt, caller.ID())
	}
	d.within("four legs are out", func() bool { return len(phone.Calls()) == 4 })
	d.mini.FlushAll()
	d.within("the phone is left alone", func() bool {
		return !slices.ContainsFunc(phone.Calls(), func(leg fake.Call) bool { return leg.Ended.IsZero() })
	})
}

func TestAnUnclaimedAnswerIsClaimed(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	phone := d.node.Phone("201", fake.Ring())
	d.rings()
	d.within("it rings", func() bool { return len(phone.Calls()) == 1 })
	d.lose(ari.StasisStart)
	d.ok(phone.Answer())
	d.within("they talk", func() bool { return onlyTalks(caller) })
	d.mends("unclaimed_answer", c.ID)
}

func TestALostLegEndsItsCall(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	_, phone := d.talks(caller)
	d.lose(ari.ChannelDestroyed)
	d.ok(phone.HangUp())
	d.mends("lost_leg", c.ID)
	left, err := d.pool.Contact(t.Context(), c.ID)
	d.ok(err)
	if left.State != queue.Leaving {
		t.Errorf("the contact is %s", left.State)
	}
}

func TestAHalfBuiltBridgeIsBuilt(t *testing.T) {
	for name, who := range map[string]func(o queue.Offer) []string{
		"the caller is not in it": func(o queue.Offer) []string { return []string{o.Channel} },
		"the agent is not in it":  func(o queue.Offer) []string { return []string{queue.LegID(o.ID, 0)} },
		"neither is":              func(o queue.Offer) []string { return []string{o.Channel, queue.LegID(o.ID, 0)} },
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, often)
			caller, c := d.calls()
			o, phone := d.talks(caller)
			d.ok(d.asks.RemoveFromBridge(t.Context(), o.Bridge, who(o)...))
			d.within("they talk", func() bool { return onlyTalks(caller) })
			d.mends("half_built_bridge", c.ID)
			if len(phone.Calls()) != 1 {
				t.Errorf("the agent was rung %d times", len(phone.Calls()))
			}
		})
	}
}

func TestABridgeThatNobodyNeedsIsDeleted(t *testing.T) {
	d := open(t, often)
	contact := queue.NewContactID()
	bridge := queue.BridgeID(contact + "00000000000001")
	_, err := d.asks.CreateBridge(t.Context(), bridge, ari.BridgeMixing, "")
	d.ok(err)
	_, err = d.asks.CreateBridge(t.Context(), "somebody-elses", ari.BridgeMixing, "")
	d.ok(err)
	d.within("it is gone", func() bool {
		_, err := d.asks.Bridge(t.Context(), bridge)
		return errors.Is(err, ari.ErrNotFound)
	})
	if _, err := d.asks.Bridge(t.Context(), "somebody-elses"); err != nil {
		t.Errorf("a bridge of somebody else's: %v", err)
	}
}

func TestACallerAloneInABridgeIsTakenOut(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	bridge := queue.BridgeID(c.ID + "00000000000001")
	_, err := d.asks.CreateBridge(t.Context(), bridge, ari.BridgeMixing, "")
	d.ok(err)
	d.ok(d.asks.StopMusic(t.Context(), caller.ID()))
	d.ok(d.asks.AddToBridge(t.Context(), bridge, caller.ID()))
	d.mends("half_built_bridge", c.ID)
	d.within("music, and the bridge is gone", func() bool {
		_, err := d.asks.Bridge(t.Context(), bridge)
		return errors.Is(err, ari.ErrNotFound) && hears(caller, "music:")
	})
}

func TestACallGoesOnWhenRedisForgetsIt(t *testing.T) {
	d := open(t, often)
	caller, c := d.calls()
	o, phone := d.talks(caller)
	d.mini.FlushAll()
	d.project(&queue.RestoredMode{Mode: queue.Ready, Since: c.Arrived})
	d.mends("readopted_call", c.ID)
	back, err := d.pool.Contact(t.Context(), c.ID)
	d.ok(err)
	a, err := d.pool.Agent(t.Context(), "201")
	d.ok(err)
	if back.State != queue.Connected || back.Offer != o.ID || !back.Arrived.Equal(c.Arrived) || a.Load() != 1 {
		t.Errorf("contact %+v, agent %+v", back, a)
	}
	if !onlyTalks(caller) || len(phone.Calls()) != 1 || !phone.Calls()[0].Ended.IsZero() {
		t.Errorf("the caller hears %v", caller.Hears())
	}
	if n := d.counted("forgotten_caller") + d.counted("closed_leg"); n != 0 {
		t.Errorf("%v other repairs", n)
	}
	caller.HangUp()
	d.within("the contact has ended", d.gone(c.ID))
}

// A stasis whose node has a newer connection somewhere does nothing to its channels.
func TestWhoWasReplacedLeavesTheChannelsAlone(t *testing.T) {
	d := open(t, often)
	waits, c := d.calls()
	phone := d.node.Phone("201", fake.Answer(50*time.Millisecond))
	d.rings()
	connects := d.node.Connects()
	_, err := d.pool.NodeUp(t.Context(), "ast-1", "boot-1") // by another
	d.ok(err)
	comes, err := d.node.Call(fake.CallRequest{Args: "pool=demo:queue=support", Number: "556"})
	d.ok(err)
	d.within("the connection was given up and made anew", func() bool { return d.node.Connects() > connects })
	d.within("the answer is taken all the same", func() bool { return onlyTalks(waits) })
	d.within("who came has a record", func() bool {
		if comes.State() == fake.Dialplan { // as the dialplan does when nobody claims a call
			d.ok(comes.Enter("pool=demo:queue=support"))
		}
		_, err := d.pool.ByChannel(t.Context(), comes.ID(), "ast-1")
		return err == nil && comes.State() == fake.Inside && hears(comes, "music:")
	})
	if status := comes.Variable("HOLDLINE_STATUS"); status != "" {
		t.Errorf("who came was sent on with %s", status)
	}
	if calls := phone.Calls(); len(calls) != 1 || !calls[0].Ended.IsZero() {
		t.Errorf("the agent's phone: %+v", calls)
	}
	if got, err := d.pool.Contact(t.Context(), c.ID); err != nil || got.State != queue.Connected {
		t.Errorf("contact %+v, %v", got, err)
	}
}
