//go:build stack

package test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"holdline/sim"
)

// A Shift is one test's timeline. At and Do say what people do, Within what must
// be seen, counted from the last thing that was done.
type Shift struct {
	t       *testing.T
	stack   *stack
	desk    *desk
	floor   *sim.Floor
	report  *report
	start   time.Time
	since   time.Time
	people  map[string]*person
	journal string // its last entry before the shift
	// elsewhere is another host with phones; nil: all are here.
	elsewhere *host
	// tones for the next phones; empty: the floor chooses.
	tones []int
}

// grace is how long after its bound a thing is still waited for, so that the
// report says how late it came.
const grace = 5 * time.Second

// NewShift opens a queue of the test's own.
func NewShift(t *testing.T, q Queue) *Shift {
	t.Helper()
	return newShift(t, theStack.demo, "", q)
}

// newShift is NewShift in any pool; an extension that is not given is made up.
func newShift(t *testing.T, in tenant, exten string, q Queue) *Shift {
	t.Helper()
	s := &Shift{t: t, stack: theStack, report: newReport(t, theStack.root), people: map[string]*person{}}
	s.floor = sim.NewFloor(sim.FloorOptions{})
	t.Cleanup(func() {
		if err := s.floor.Close(); err != nil {
			t.Errorf("close the floor: %v", err)
		}
	})
	s.desk = newDesk(t, s.stack, in, exten, q)
	s.journal = s.lastEntry()
	t.Cleanup(s.finish)
	s.start = time.Now()
	s.since = s.start
	return s
}

// An Action is something a person does. It gives the moment at which it was done,
// on the wire where it leaves a trace there.
type Action struct {
	name string
	do   func(s *Shift) (time.Time, error)
}

// An Expectation is something that must be seen. seen gives its moment, or false
// as long as it has not happened.
type Expectation struct {
	name string
	seen func(s *Shift, since time.Time) (time.Time, bool)
}

// At does the actions at a time of the shift.
func (s *Shift) At(offset time.Duration, actions ...Action) {
	s.t.Helper()
	timer := time.NewTimer(time.Until(s.start.Add(offset)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.t.Context().Done():
		s.t.Fatal(s.t.Context().Err())
	}
	s.Do(actions...)
}

// Do does the actions now, one after the other.
func (s *Shift) Do(actions ...Action) {
	s.t.Helper()
	for _, a := range actions {
		at, err := a.do(s)
		if err != nil {
			s.t.Fatalf("%s: %v", a.name, err)
		}
		s.since = at
		s.t.Logf("%8.0f ms  %s", ms(at.Sub(s.start)), a.name)
	}
}

// Passes does nothing: a time of the shift has come.
func Passes() Action {
	return Action{"time passes", func(*Shift) (time.Time, error) { return time.Now(), nil }}
}

// Last is the moment of the last action.
func (s *Shift) Last() time.Time { return s.since }

// From makes the next bounds count from another moment than the last action.
func (s *Shift) From(at time.Time) *Shift {
	s.since = at
	return s
}

// Within waits until all is seen, each at most limit after the last action.
func (s *Shift) Within(limit time.Duration, expectations ...Expectation) {
	s.t.Helper()
	s.Between(0, limit, expectations...)
}

// Between is Within with an earliest time: what comes too early is wrong too.
func (s *Shift) Between(earliest, limit time.Duration, expectations ...Expectation) {
	s.t.Helper()
	since := s.since
	ctx, cancel := context.WithDeadline(s.t.Context(), since.Add(limit+grace))
	defer cancel()
	var wait sync.WaitGroup
	moments := make([]time.Time, len(expectations))
	for i, e := range expectations {
		wait.Go(func() {
			_ = until(ctx, func() bool {
				at, ok := e.seen(s, since)
				if ok {
					moments[i] = at
				}
				return ok
			})
		})
	}
	wait.Wait()
	missing := false
	for i, e := range expectations {
		row := row{What: e.name, BoundMS: ms(limit), EarliestMS: ms(earliest)}
		if moments[i].IsZero() {
			missing = true
			row.MeasuredMS = -1
		} else {
			took := moments[i].Sub(since)
			row.MeasuredMS = ms(took)
			row.OK = took <= limit && took >= earliest
		}
		s.report.add(row)
	}
	if missing {
		s.t.FailNow() // what follows would only fail because of it
	}
}

// quietly is Within for what is repeated so often that only its failure, and a
// figure over all, is worth a line.
func (s *Shift) quietly(limit time.Duration, expectations ...Expectation) {
	s.t.Helper()
	since := s.since
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	for _, e := range expectations {
		if until(ctx, func() bool { _, ok := e.seen(s, since); return ok }) != nil {
			s.report.add(row{What: e.name, BoundMS: ms(limit), MeasuredMS: -1})
			s.t.FailNow()
		}
	}
}

// Never watches that none of it is seen for so long after the last action.
func (s *Shift) Never(span time.Duration, expectations ...Expectation) {
	s.t.Helper()
	since := s.since
	ctx, cancel := context.WithDeadline(s.t.Context(), since.Add(span))
	defer cancel()
	for _, e := range expectations {
		var at time.Time
		err := until(ctx, func() (ok bool) { at, ok = e.seen(s, since); return ok })
		row := row{What: "never: " + e.name, BoundMS: ms(span), OK: err != nil, MeasuredMS: -1}
		if err == nil {
			row.MeasuredMS = ms(at.Sub(since))
		}
		s.report.add(row)
	}
}

// Measure reports a figure with its bound.
func (s *Shift) Measure(what string, measured, bound time.Duration) {
	s.t.Helper()
	s.report.add(row{What: what, BoundMS: ms(bound), MeasuredMS: ms(measured), OK: measured <= bound})
}

// Check reports something that is so or not.
func (s *Shift) Check(ok bool, format string, args ...any) {
	s.t.Helper()
	s.report.add(row{What: fmt.Sprintf(format, args...), OK: ok, MeasuredMS: -1})
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
