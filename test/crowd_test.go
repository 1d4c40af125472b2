//go:build stack

package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdline/sim"
)

// A crowd is a shift in full swing: callers who wait, pairs who talk, phones that
// ring. It survives what a test does to the parts, and after each such thing is as
// it was: as many wait, talk and ring.
type crowd struct {
	*Shift
	waiting []string          // in the order of their arrival
	talking []pair            // longest first
	ringing []pair            // likewise
	came    int               // callers so far
	doors   map[string]string // of the callers: the Kamailio that they came through
	// order is the one in which all must have been offered, if it is not that of their
	// arrival; before are those whose offers a journal had that is gone.
	order, before []string
	marks         map[*sim.Call]mark
	// away is the Kamailio that new callers cannot use now.
	away string
}

type pair struct{ agent, caller string }

// What a crowd is made of (issue: 20 wait, 10 talk, 5 ring).
const (
	crowdWaits, crowdTalks, crowdRings = 20, 10, 5
)

// gather opens a queue whose phones ring long enough for everything that a test
// does, and fills it.
func gather(s *Shift) *crowd {
	s.t.Helper()
	c := &crowd{Shift: s, doors: map[string]string{}}
	agents := names("agent", 0, crowdTalks+crowdRings)
	s.Crew(agents...)
	s.Do(Musters(agents...))
	for i, agent := range agents {
		if i == crowdTalks { // the first ten talk
			for _, rings := range agents[crowdTalks:] {
				s.Do(Behaves(rings, "lets it ring", sim.NeverAnswer()))
			}
		}
		caller := c.next()
		c.comes(caller, doorOf(i))
		s.Within(time.Second, RingsWith(agent, caller))
		if i < crowdTalks {
			c.talking = append(c.talking, pair{agent, caller})
		} else {
			c.ringing = append(c.ringing, pair{agent, caller})
		}
	}
	for range crowdWaits {
		c.waiting = append(c.waiting, c.next())
	}
	s.Do(callersArriveAt(c.waiting, kamailio1, kamailio1, kamailio2, kamailio2))
	for i, caller := range c.waiting {
		c.doors[caller] = doorOf(i)
	}
	s.Within(4*time.Second, allTalk(c.talking))
	c.mark()
	return c
}

// allTalk: in each pair both hear the other.
func allTalk(pairs []pair) Expectation {
	return Expectation{fmt.Sprintf("%d pairs hear each other", len(pairs)), func(s *Shift, since time.Time) (time.Time, bool) {
		for _, p := range pairs {
			for _, e := range []Expectation{Hears(p.caller, p.agent), Hears(p.agent, p.caller)} {
				if _, ok := e.seen(s, since); !ok {
					return time.Time{}, false
				}
			}
		}
		return time.Now(), true
	}}
}

// crowdQueue is what the queue of a crowd is set to.
var crowdQueue = Queue{"announce": 0, "wrap_up": 0, "ring_time": 600, "max_misses": 0, "retry": 1}

func (c *crowd) next() string {
	c.came++
	return fmt.Sprintf("caller%03d", c.came-1)
}

// doorOf is the Kamailio of the i-th caller: agents are rung through both at turns,
// so that every combination occurs.
func doorOf(i int) string { return []string{kamailio1, kamailio1, kamailio2, kamailio2}[i%4] }

// comes lets a caller arrive.
func (c *crowd) comes(caller, door string) {
	c.t.Helper()
	c.doors[caller] = door
	c.Do(CallerArrivesAt(caller, door))
}

// door is where the next caller comes in: not at a Kamailio that is away.
func (c *crowd) door() string {
	switch c.away {
	case kamailio1:
		return kamailio2
	case kamailio2:
		return kamailio1
	}
	return doorOf(c.came)
}

// goesOn does something to the parts and then, at once, what people do: a talk ends
// and its agent must ring with the first who waits, a ringing phone is picked up, a
// caller arrives. Each must be served within the bound, counted from the fault;
// whoever talks goes on hearing the other, whoever waits the music.
func (c *crowd) goesOn(fault Action, bound time.Duration) (fell time.Time) {
	c.t.Helper()
	c.Do(fault)
	fell = c.Last()
	c.turnOver(fell, bound)
	c.unharmed(fell)
	return fell
}

// turnOver is what people do during a fault.
func (c *crowd) turnOver(fell time.Time, bound time.Duration) {
	c.t.Helper()
	ends, answers, first, arrives := c.pick(c.talking), c.pick(c.ringing), c.waiting[0], c.next()
	c.Do(Behaves(ends.agent, "lets it ring", sim.NeverAnswer()), HangsUp(ends.agent))
	c.Do(PicksUp(answers.agent))
	c.comes(arrives, c.door())
	seen := []Expectation{RingsWith(ends.agent, first), BeginsToHear(answers.caller, answers.agent),
		BeginsToHear(answers.agent, answers.caller), QueueAnswers(arrives)}
	if c.doors[ends.caller] != c.away {
		seen = append(seen, Ends(ends.caller))
	}
	c.From(fell).Within(bound, seen...)
	c.waiting = append(c.waiting[1:], arrives)
	c.talking = append(without(c.talking, ends), answers)
	c.ringing = append(without(c.ringing, answers), pair{ends.agent, first})
}

func without(pairs []pair, p pair) []pair {
	return slices.DeleteFunc(pairs, func(q pair) bool { return p == q })
}

// pick is the oldest of the pairs whose agent is reached through a Kamailio that is
// there.
func (c *crowd) pick(pairs []pair) pair {
	c.t.Helper()
	for _, p := range pairs {
		if c.routeOf(p) != c.away {
			return p
		}
	}
	c.t.Fatal("all agents are reached through the Kamailio that is away")
	return pair{}
}

// routeOf is the Kamailio through which the pair's agent was rung.
func (c *crowd) routeOf(p pair) string {
	offers := c.offers(p.agent)
	return offers[len(offers)-1].Peer.String()
}

// PicksUp answers the phone that rings; the ACK may take as long as the fault.
func PicksUp(agent string) Action {
	return background(agent+" picks up", agent, (*sim.Call).Answer)
}

// PutsDown hangs up; the other side may hear of it when the fault is over.
func PutsDown(name string) Action {
	return background(name+" puts down", name, (*sim.Call).HangUp)
}

func background(what, name string, do func(*sim.Call, context.Context) error) Action {
	return Action{what, func(s *Shift) (time.Time, error) {
		call := s.who(name).running()
		if call == nil {
			return time.Time{}, errors.New("no call is running")
		}
		ctx, done := s.t.Context(), make(chan struct{})
		go func() { defer close(done); _ = do(call, ctx) }()
		s.t.Cleanup(func() { <-done })
		return time.Now(), nil
	}}
}

// What a fault may cost those whom it does not concern: a few packets that a busy
// machine has not delivered yet, and for who waits no more than design 5 says.
const (
	dropout = 400 * time.Millisecond
	silence = 2 * time.Second
)

// unharmed: since the fault nobody was lost, no tone broke off, no music stopped,
// no phone that rang rang anew or stopped.
func (c *crowd) unharmed(since time.Time) {
	c.t.Helper()
	var lost []string
	var missing, quiet time.Duration
	var wrong []string
	for _, p := range c.talking {
		for _, side := range []struct{ hears, other string }{{p.agent, p.caller}, {p.caller, p.agent}} {
			call := c.who(side.hears).running()
			if call == nil {
				lost = append(lost, side.hears)
				continue
			}
			was, ok := c.marks[call]
			if !ok {
				continue // talks only since the fault
			}
			missing = max(missing, c.missing(call, was))
			now := time.Now()
			if heard := call.Heard(c.who(side.other).phone.Hz()) - was.heard; heard < now.Sub(was.at)/3 {
				wrong = append(wrong, fmt.Sprintf("%s %v of %v", side.hears, heard, now.Sub(was.at)))
			}
		}
	}
	for _, name := range c.waiting {
		call := c.who(name).call()
		if call.State() != sim.Established {
			lost = append(lost, name)
			continue
		}
		answered, _ := call.First(sim.EvAnswered)
		quiet = max(quiet, call.LongestSilence(maxTime(since, answered.At)))
	}
	for _, p := range c.ringing {
		// An INVITE is on the wire a moment before the phone has made a call of it.
		ctx, cancel := context.WithTimeout(c.t.Context(), 200*time.Millisecond)
		err := every(ctx, time.Millisecond, func() bool {
			call := c.who(p.agent).running()
			return call != nil && call.State() <= sim.Ringing && call.From() == p.caller && c.who(p.caller).running() != nil
		})
		cancel()
		if err != nil {
			lost = append(lost, p.agent+" who rang with "+p.caller)
		}
	}
	c.Check(len(lost) == 0, "nobody of %d waiting, %d talking, %d ringing is lost: %v", len(c.waiting), len(c.talking), len(c.ringing), lost)
	c.Check(len(wrong) == 0, "whoever talks hears the other's tone: %v", wrong)
	c.Measure("audio that is missing to one of those who talk, at worst", missing, dropout)
	c.Measure("longest silence of those who wait", quiet, silence)
	c.mark()
}

// A mark is what somebody who talks had received when it was made. Packets are
// counted, not their moments: on a busy machine audio comes late, in bunches.
type mark struct {
	at      time.Time
	packets int64
	heard   time.Duration
}

// missing is the audio that has not come. What is late comes still, and is waited
// for; what was not sent or was lost never does.
func (c *crowd) missing(call *sim.Call, was mark) (least time.Duration) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
	defer cancel()
	least = time.Hour
	_ = every(ctx, 20*time.Millisecond, func() bool {
		came := time.Duration(call.Reception().Received-was.packets) * 20 * time.Millisecond
		least = min(least, max(0, time.Since(was.at)-came))
		return least <= dropout
	})
	return least
}

func (c *crowd) mark() {
	c.marks = map[*sim.Call]mark{}
	for _, p := range c.talking {
		for _, side := range []struct{ hears, other string }{{p.agent, p.caller}, {p.caller, p.agent}} {
			if call := c.who(side.hears).running(); call != nil {
				c.marks[call] = mark{time.Now(), call.Reception().Received, call.Heard(c.who(side.other).phone.Hz())}
			}
		}
	}
}

// BeginsToHear is Hears with the moment at which it began.
func BeginsToHear(name, other string) Expectation {
	return Expectation{fmt.Sprintf("%s begins to hear %s", name, other), func(s *Shift, since time.Time) (time.Time, bool) {
		c := s.who(name).running()
		hz := s.who(other).phone.Hz()
		if c == nil || c.Heard(hz) < Talk {
			return time.Time{}, false
		}
		for _, h := range c.Stretches() {
			if h.Kind == sim.Tone && h.Hz == hz {
				return h.From, true
			}
		}
		return time.Time{}, false
	}}
}

// goHome serves everybody who is left: those who ring are answered, every talk is
// short from now on, and the last one who waits is served in turn.
func (c *crowd) goHome() {
	c.t.Helper()
	c.From(time.Now())
	var left []string
	for _, p := range append(slices.Clone(c.talking), c.ringing...) {
		c.Do(Behaves(p.agent, "talks for half a second", sim.Answer(0).HangUpAfter(time.Second/2)))
		left = append(left, p.caller)
	}
	left = append(left, c.waiting...)
	for _, p := range c.ringing {
		c.Do(PicksUp(p.agent))
	}
	c.Within(4*time.Second, allTalk(c.ringing))
	for _, p := range append(slices.Clone(c.talking), c.ringing...) {
		c.Do(HangsUp(p.agent))
	}
	c.Within(20*time.Second, Served(left...))
	all := c.order
	if all == nil {
		for i := range c.came {
			all = append(all, fmt.Sprintf("caller%03d", i))
		}
	}
	decided := c.before
	for _, name := range c.decided() {
		if !slices.Contains(decided, name) {
			decided = append(decided, name)
		}
	}
	c.Check(slices.Equal(decided, all), "all %d were offered in the order of their arrival: %v", c.came, inOrder(decided, all))
	c.nobodyRungTwice()
}

// inOrder is "exact", or what was seen instead.
func inOrder(got, want []string) any {
	if slices.Equal(got, want) {
		return "exact"
	}
	return got
}
