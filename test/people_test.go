//go:build stack

package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdline/queue"
	"holdline/sim"
)

// person is a caller or an agent with a phone.
type person struct {
	name  string
	id    string // of an agent, also the phone's user
	phone *sim.Phone
	calls []*sim.Call // made by them
}

// patience bounds what a test prepares.
const patience = 10 * time.Second

func (s *Shift) who(name string) *person {
	s.t.Helper()
	p := s.people[name]
	if p == nil {
		s.t.Fatalf("nobody is called %s on this shift", name)
	}
	return p
}

// Staff hires agents of the test's queue, with phones that are registered at
// turns at the two Kamailios and answer at once.
func (s *Shift) Staff(names ...string) {
	s.t.Helper()
	for i, name := range names {
		s.Hire(name, []string{kamailio2, kamailio1}[i%2], true)
	}
}

// Hire hires one agent, registered at the proxy, who serves the queue if member.
func (s *Shift) Hire(name, proxy string, member bool) {
	s.t.Helper()
	id := s.desk.exten + "-" + name
	s.desk.hire(s.t, id, member)
	s.enter(name, id, proxy)
}

// enter gives an agent of the directory a phone that answers at once.
func (s *Shift) enter(name, id, proxy string) {
	s.t.Helper()
	password := passwordOf(id)
	phone := s.phone(sim.PhoneOptions{User: id, Password: password, Proxies: []string{proxy}, OnCall: sim.Answer(0)})
	s.people[name] = &person{name: name, id: id, phone: phone}
	// Each Kamailio reads the directory by itself: both must know the agent
	// before anybody rings them.
	for _, other := range []string{kamailio1, kamailio2} {
		if other == proxy {
			continue
		}
		phone := s.phone(sim.PhoneOptions{User: id, Password: password, Proxies: []string{other}})
		s.register(phone)
		if err := errors.Join(phone.Unregister(s.t.Context()), phone.Close()); err != nil {
			s.t.Fatal(err)
		}
		s.bound(phone, false)
	}
	s.register(phone)
}

// host is where the phones are that go through a certain edge, if not here.
type host struct {
	edge, ip string
	listen   sim.ListenFunc
}

func (h *host) move(o sim.PhoneOptions) sim.PhoneOptions {
	if h != nil && o.Proxies[0] == h.edge {
		o.LocalIP, o.Listen = h.ip, h.listen
	}
	return o
}

// phone puts a phone of the pool's domain on the floor.
func (s *Shift) phone(o sim.PhoneOptions) *sim.Phone {
	s.t.Helper()
	o.Domain = s.desk.tenant.domain
	return s.open(o)
}

// open gives the phone the next tone of the shift's own, if it has some.
func (s *Shift) open(o sim.PhoneOptions) *sim.Phone {
	s.t.Helper()
	if len(s.tones) > 0 {
		o.Tone, s.tones = s.tones[0], s.tones[1:]
	}
	phone, err := s.floor.Phone(s.elsewhere.move(o))
	if err != nil {
		s.t.Fatal(err)
	}
	return phone
}

// register tries until Kamailio knows the agent, which an edit of the directory
// promises within two seconds.
func (s *Shift) register(phone *sim.Phone) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	var last error
	if err := every(ctx, 100*time.Millisecond, func() bool {
		last = phone.Register(ctx)
		return last == nil
	}); err != nil {
		s.t.Fatal(errors.Join(err, last))
	}
	s.bound(phone, true)
}

// bound waits until both Kamailios have heard of a registration, or of its end:
// the one that took it tells the other.
func (s *Shift) bound(phone *sim.Phone, want bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	for _, proxy := range []string{kamailio1, kamailio2} {
		var last error
		if err := every(ctx, 10*time.Millisecond, func() bool {
			var found bool
			found, last = s.stack.located(ctx, proxy, phone.User()+"@"+s.desk.tenant.domain)
			return last == nil && found == want
		}); err != nil {
			s.t.Fatalf("Kamailio %s, agent %s bound %v: %v %v", proxy, phone.User(), want, err, last)
		}
	}
}

// caller gives the phone of a caller from outside the pool.
func (s *Shift) caller(name, proxy string) *person {
	s.t.Helper()
	if p := s.people[name]; p != nil {
		p.phone.UseProxy(proxy)
		return p
	}
	phone := s.open(sim.PhoneOptions{User: name, Name: name, Domain: "caller.invalid", Proxies: []string{proxy}, Tape: true})
	p := &person{name: name, phone: phone}
	s.people[name] = p
	return p
}

// call is the last call that the person made.
func (p *person) call() *sim.Call {
	if len(p.calls) == 0 {
		return nil
	}
	return p.calls[len(p.calls)-1]
}

// dial makes the person call; its moment is the INVITE's.
func (s *Shift) dial(p *person, target string) (time.Time, error) {
	c, err := p.phone.Call(s.t.Context(), target)
	if err != nil {
		return time.Time{}, err
	}
	p.calls = append(p.calls, c)
	e, _ := c.First(sim.EvInvite)
	return e.At, nil
}

// CallerArrives calls the test's queue through the first Kamailio.
func CallerArrives(name string) Action { return CallerArrivesAt(name, kamailio1) }

// CallerArrivesAt calls the test's queue through a given Kamailio.
func CallerArrivesAt(name, proxy string) Action {
	return Action{name + " calls the queue", func(s *Shift) (time.Time, error) {
		return s.dial(s.caller(name, proxy), "sip:"+s.desk.exten+"@"+s.desk.tenant.domain)
	}}
}

// CallersArrive lets several arrive in this order, each answered by the queue
// before the next one calls, so that their order is beyond doubt.
func CallersArrive(names ...string) Action { return callersArriveAt(names, kamailio1) }

// CallersAlternate is CallersArrive through both Kamailios at turns.
func CallersAlternate(names ...string) Action { return callersArriveAt(names, kamailio1, kamailio2) }

func callersArriveAt(names []string, proxies ...string) Action {
	return Action{fmt.Sprintf("%d callers arrive", len(names)), func(s *Shift) (at time.Time, err error) {
		for i, name := range names {
			if at, err = CallerArrivesAt(name, proxies[i%len(proxies)]).do(s); err != nil {
				return at, err
			}
			ctx, cancel := context.WithTimeout(s.t.Context(), patience)
			err = errors.Join(s.who(name).call().WaitAnswered(ctx), s.entered(ctx, name))
			cancel()
			if err != nil {
				return at, err
			}
		}
		return at, nil
	}}
}

// entered waits until the caller's contact is in the pool.
func (s *Shift) entered(ctx context.Context, name string) error {
	return until(ctx, func() bool {
		contacts, err := s.desk.tenant.pool.Contacts(ctx)
		return err == nil && slices.ContainsFunc(contacts, func(c queue.Contact) bool {
			return c.Queue == s.desk.queue && c.CallerNumber == name
		})
	})
}

// LogsIn dials the feature code.
func LogsIn(agent string) Action { return feature(agent, "logs in", "*45") }

// LogsOut dials the feature code.
func LogsOut(agent string) Action { return feature(agent, "logs out", "*46") }

// Pauses dials the feature code with a reason.
func Pauses(agent, reason string) Action { return feature(agent, "pauses", "*47*"+reason) }

// Unpauses dials the feature code.
func Unpauses(agent string) Action { return feature(agent, "un-pauses", "*48") }

func feature(agent, what, code string) Action {
	return Action{agent + " " + what, func(s *Shift) (time.Time, error) { return s.dial(s.who(agent), code) }}
}

// AllLoggedIn logs the agents in, in this order, and waits for each until they
// are ready and off the phone.
func AllLoggedIn(agents ...string) Action {
	return Action{fmt.Sprintf("%d agents log in", len(agents)), func(s *Shift) (at time.Time, err error) {
		for _, name := range agents {
			if at, err = LogsIn(name).do(s); err != nil {
				return at, err
			}
			ctx, cancel := context.WithTimeout(s.t.Context(), patience)
			end, err := s.who(name).call().WaitEnded(ctx)
			err = errors.Join(err, s.waitMode(ctx, name, queue.Ready))
			cancel()
			if err != nil {
				return at, fmt.Errorf("%w; the call ended %+v", err, end)
			}
		}
		return at, nil
	}}
}

func (s *Shift) waitMode(ctx context.Context, name string, mode queue.Mode) error {
	id := s.who(name).id
	var a queue.Agent
	if err := until(ctx, func() bool {
		var err error
		a, err = s.desk.tenant.pool.Agent(ctx, id)
		return err == nil && a.Mode == mode
	}); err != nil {
		return fmt.Errorf("wait until %s is %s (is %s): %w", name, mode, a.Mode, err)
	}
	return nil
}

// HangsUp ends the person's running call, whoever began it. Its moment is that of
// the BYE or CANCEL.
func HangsUp(name string) Action {
	return Action{name + " hangs up", func(s *Shift) (time.Time, error) {
		p := s.who(name)
		c := p.running()
		if c == nil {
			return time.Time{}, errors.New("no call is running")
		}
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		if err := c.HangUp(ctx); err != nil {
			return time.Time{}, err
		}
		for _, k := range s.floor.Wire().Packets() {
			if k.Phone == p.phone.User() && k.CallID == c.ID() && k.Out && k.Status == 0 && (k.Method == "BYE" || k.Method == "CANCEL") {
				return k.At, nil
			}
		}
		return time.Time{}, errors.New("neither BYE nor CANCEL was sent")
	}}
}

// running is the person's latest call that has not ended.
func (p *person) running() *sim.Call {
	for _, c := range slices.Backward(append(slices.Clone(p.calls), p.phone.Incoming()...)) {
		if c.State() != sim.Ended {
			return c
		}
	}
	return nil
}

// Behaves changes what the agent's phone does with calls from now on.
func Behaves(agent, how string, b sim.Behaviour) Action {
	return Action{agent + " " + how, func(s *Shift) (time.Time, error) {
		s.who(agent).phone.OnCall(b)
		return time.Now(), nil
	}}
}

// Unregisters takes the agent's phone out of the location table.
func Unregisters(agent string) Action {
	return Action{agent + " unregisters", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		phone := s.who(agent).phone
		if err := phone.Unregister(ctx); err != nil {
			return time.Time{}, err
		}
		s.bound(phone, false)
		return time.Now(), nil
	}}
}

// Registers undoes it.
func Registers(agent string) Action {
	return Action{agent + " registers", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		return time.Now(), s.who(agent).phone.Register(ctx)
	}}
}
