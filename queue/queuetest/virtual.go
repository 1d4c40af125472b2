package queuetest

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// virtual is a shift on a clock of its own: it goes from one event to the next, whether
// that is a caller's, an agent's or a deadline of the pool. At each of them all work is
// done at once. Queues have no TTL keys there, which live by Redis's own clock.
type virtual struct {
	*shift
	now    time.Time
	began  time.Time
	events events
	rng    *rand.Rand

	rings func(queue.Offer)
	works func(queue.Work) // all that is no match
	after func()           // when nothing is left to do for now
}

// newVirtual opens a pool whose clock the shift turns.
func newVirtual(s *shift, seed uint64) *virtual {
	now, err := s.rdb.Time(s.ctx).Result()
	s.ok(err)
	if s.turn == nil {
		stopped := now
		s.turn = func(d time.Duration) {
			stopped = stopped.Add(d)
			s.ok(s.rdb.HSet(s.ctx, "{"+s.pool.Name()+"}:meta", "frozen", stopped.UnixMicro()).Err())
		}
	}
	s.turn(0)
	return &virtual{shift: s, now: now, began: now, rng: rand.New(rand.NewPCG(seed, 1)), after: func() {}}
}

// event is something that will happen.
type event struct {
	at   time.Time
	turn int // among those of one moment
	do   func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at.Before(e[j].at) || e[i].at.Equal(e[j].at) && e[i].turn < e[j].turn
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// in lets it happen after so much time.
func (v *virtual) in(d time.Duration, do func()) {
	heap.Push(&v.events, event{v.now.Add(d), v.rng.Int(), do})
}

// goes lets the shift go on until nothing is to happen any more.
func (v *virtual) goes() {
	for {
		due, err := v.rdb.ZRangeWithScores(v.ctx, "{"+v.pool.Name()+"}:deadlines", 0, 0).Result()
		v.ok(err)
		if len(due) == 0 && len(v.events) == 0 {
			return
		}
		if fires := len(due) > 0 && (len(v.events) == 0 || time.UnixMicro(int64(due[0].Score)).Before(v.events[0].at)); fires {
			v.turnTo(time.UnixMicro(int64(due[0].Score)))
			v.fire(due[0])
		} else {
			e := heap.Pop(&v.events).(event)
			v.turnTo(e.at)
			e.do()
		}
		v.settled()
	}
}

func (v *virtual) turnTo(at time.Time) {
	if at.After(v.now) {
		v.turn(at.Sub(v.now))
		v.now = at
	}
}

func (v *virtual) fire(d redis.Z) {
	v.ok(v.pool.Fire(v.ctx, queue.Deadline{Member: d.Member.(string)}))
}

// settled does all work, as callmanagers would at once.
func (v *virtual) settled() {
	for {
		work, err := v.pool.Take(v.ctx, "cm-1", 0, 100)
		v.ok(err)
		if len(work) == 0 {
			v.after()
			return
		}
		for _, w := range work {
			if w.Kind == queue.WorkMatch {
				offers, err := v.pool.Match(v.ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
				v.ok(err)
				for _, o := range offers {
					v.rings(o)
				}
			} else if v.works != nil {
				v.works(w)
			}
			v.done(w.ID)
		}
	}
}

// chance is true so often.
func (v *virtual) chance(p float64) bool { return v.rng.Float64() < p }

func (v *virtual) exp(mean time.Duration) time.Duration {
	return time.Duration(v.rng.ExpFloat64() * float64(mean))
}

// lognormal has that mean, and its standard deviation is as much.
func (v *virtual) lognormal(mean time.Duration) time.Duration {
	sigma := math.Sqrt(math.Ln2)
	return time.Duration(float64(mean) * math.Exp(sigma*v.rng.NormFloat64()-sigma*sigma/2))
}

func (v *virtual) between(least, most time.Duration) time.Duration {
	return least + time.Duration(v.rng.Int64N(int64(most-least)))
}

func pick[T any](v *virtual, all []T) T { return all[v.rng.IntN(len(all))] }

func nth(i int) string { return strconv.Itoa(i) }
