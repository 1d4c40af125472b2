//go:build stack

package test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
	"holdline/sim"
)

// Redis is stopped for ten seconds under a full crowd. Music and talks go on, who
// comes meanwhile is answered and has the place of their arrival.
func TestRedisStopped(t *testing.T) {
	s := NewShift(t, crowdQueue)
	c := gather(s)
	server := s.stack.replicas(t, "redis")[0]
	s.mend(server)
	s.Do(Docker("Redis stops", "stop", "--time", "5", server))
	fell := s.Last()
	ends := c.talking[0]
	s.Do(Behaves(ends.agent, "lets it ring", sim.NeverAnswer()), PutsDown(ends.agent))
	for range 3 {
		caller := c.next()
		c.comes(caller, c.door())
		s.Within(time.Second+usual, QueueAnswers(caller))
		c.waiting = append(c.waiting, caller)
	}
	c.At(fell.Add(10*time.Second).Sub(s.start), Starts(server))
	first := c.waiting[0]
	s.Within(10*time.Second, RingsWith(ends.agent, first), Ends(ends.caller))
	c.waiting, c.talking = c.waiting[1:], without(c.talking, ends)
	c.ringing = append(c.ringing, pair{ends.agent, first})
	s.Within(10*time.Second, Known(c.waiting...))
	c.unharmed(fell)
	c.turnOver(time.Now(), time.Second+usual)
	c.goHome()
}

// Redis loses everything: all that was in it is gone in one instant, or it comes
// back without its data. Within thirty seconds everybody is back in order.
func TestRedisLosesItsData(t *testing.T) {
	for _, row := range []struct {
		name string
		loss Action
	}{
		{"emptied", Empties()},
		{"restarted without its data", RestartsEmpty()},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := NewShift(t, crowdQueue)
			c := gather(s)
			s.mend(s.stack.replicas(t, "redis")[0])
			c.before = s.decided()
			s.Do(row.loss)
			fell := s.Last()
			s.Within(30*time.Second, Known(c.waiting...))
			c.unharmedButRinging(fell)

			// A phone that rang may have been stopped, and its caller be next: whoever
			// is free now is offered those who came first.
			s.Within(30*time.Second, Expectation{"five phones ring with the five who came first", func(s *Shift, _ time.Time) (time.Time, bool) {
				var ring []pair
				for _, p := range c.ringing {
					if call := s.who(p.agent).running(); call != nil && call.State() == sim.Ringing {
						ring = append(ring, pair{p.agent, call.From()})
					}
				}
				slices.SortFunc(ring, func(a, b pair) int { return slices.Compare([]string{a.caller}, []string{b.caller}) })
				for i, p := range ring {
					if p.caller != fmt.Sprintf("caller%03d", crowdTalks+i) {
						return time.Time{}, false
					}
				}
				if len(ring) == len(c.ringing) {
					c.ringing = ring
				}
				return time.Now(), len(ring) == len(c.ringing)
			}})
			c.turnOver(time.Now(), time.Second+usual)
			c.goHome()
		})
	}
}

// Known: each of them has a contact that waits, in the order of their arrival.
func Known(callers ...string) Expectation {
	return Expectation{fmt.Sprintf("%d callers wait in the order of their arrival", len(callers)), func(s *Shift, _ time.Time) (time.Time, bool) {
		all, err := s.desk.tenant.pool.Contacts(s.t.Context())
		if err != nil {
			return time.Time{}, false
		}
		slices.SortFunc(all, func(a, b queue.Contact) int { return a.Arrived.Compare(b.Arrived) })
		var waiting []string
		for _, k := range all {
			if k.Queue == s.desk.queue && slices.Contains(callers, k.CallerNumber) {
				waiting = append(waiting, k.CallerNumber)
			}
		}
		return time.Now(), slices.Equal(waiting, callers)
	}}
}

// Empties deletes every key in one step: nobody may FLUSHALL here, but a fault may.
func Empties() Action {
	return Action{"Redis is emptied", func(s *Shift) (time.Time, error) {
		rdb := redis.NewClient(&redis.Options{
			Addr: redisAddr, Username: "callmanager", Password: s.stack.secrets["REDIS_CALLMANAGER_PASSWORD"], DisableIdentity: true,
		})
		defer func() { _ = rdb.Close() }()
		const all = `local cursor = '0' repeat local page = redis.call('SCAN', cursor, 'COUNT', 1000)
			for _, key in ipairs(page[2]) do redis.call('DEL', key) end cursor = page[1] until cursor == '0'`
		err := rdb.Eval(s.t.Context(), all, nil).Err()
		if errors.Is(err, redis.Nil) {
			err = nil
		}
		return time.Now(), err
	}}
}

// RestartsEmpty stops Redis, removes its files, and starts it.
func RestartsEmpty() Action {
	return Action{"Redis is restarted without its data", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
		defer cancel()
		server := s.stack.replicas(s.t, "redis")[0]
		at := time.Now()
		if _, err := docker(ctx, "stop", "--time", "5", server); err != nil {
			return at, err
		}
		if _, err := docker(ctx, "run", "--rm", "--volumes-from", server, "--user", "0", "--entrypoint", "sh", "redis:8.2",
			"-c", "rm -rf /data/*"); err != nil {
			return at, err
		}
		_, err := startAgain(ctx, server)
		return at, err
	}}
}

// unharmedButRinging is unharmed for who waits and talks.
func (c *crowd) unharmedButRinging(since time.Time) {
	c.t.Helper()
	ringing := c.ringing
	c.ringing = nil
	c.unharmed(since)
	c.ringing = ringing
}
