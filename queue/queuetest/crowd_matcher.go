package queuetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"holdline/queue"
)

// errLost: whether Redis did it is not known.
var errLost = errors.New("the answer was lost")

// lossy is a client some of whose scripts, one in 150, are lost on the way to Redis or back.
type lossy struct {
	redis.UniversalClient
	c *crowd
}

func (l lossy) EvalSha(ctx context.Context, sha string, keys []string, args ...any) *redis.Cmd {
	roll := l.c.roll(300)
	if roll > 1 {
		return l.UniversalClient.EvalSha(ctx, sha, keys, args...)
	}
	l.c.lostAnswers.Add(1)
	cmd := redis.NewCmd(ctx)
	if roll == 1 {
		cmd = l.UniversalClient.EvalSha(ctx, sha, keys, args...)
		if cmd.Err() != nil { // a script that Redis does not have yet
			return cmd
		}
	}
	cmd.SetErr(errLost)
	return cmd
}

// open gives the pool as a process has it.
func (c *crowd) open() *queue.Pool {
	return queue.Open(lossy{Client(c.t, c.addr), c}, c.pool.Name())
}

// harmless: the world has moved on.
func harmless(err error) bool {
	for _, known := range []error{queue.ErrNoOffer, queue.ErrNoContact, queue.ErrRefused, queue.ErrNoAgent} {
		if errors.Is(err, known) {
			return true
		}
	}
	return err == nil
}

// again repeats a command while its answer is lost; each attempt is one that may have
// happened. It gives the answer that came.
func (c *crowd) again(do func() error, lost func(called time.Time)) error {
	for {
		called := time.Now()
		err := do()
		if !errors.Is(err, errLost) {
			return err
		}
		if lost != nil {
			lost(called)
		}
	}
}

// matches is a callmanager. Now and then it dies: with entries that it took, or between
// the match and the phones; then it is another one, and the others take over.
func (c *crowd) matches(name string) {
	pool, life := c.open(), 0
	for turn := 0; ; turn++ {
		select {
		case <-c.over:
			return
		default:
		}
		if c.failed() {
			return
		}
		consumer := fmt.Sprintf("%s-%d", name, life)
		work, err := pool.Take(c.ctx, consumer, 20*time.Millisecond, 10)
		if err == nil && turn%16 == 0 {
			var more []queue.Work
			more, err = pool.Takeover(c.ctx, consumer, 200*time.Millisecond, 10)
			c.taken.Add(int64(len(more)))
			work = append(work, more...)
		}
		c.fail(err)
		if turn%8 == 0 {
			c.fires(pool)
		}
		for _, w := range work {
			if c.roll(100) == 0 {
				c.left.Add(1)
				life++
				break
			}
			c.still.RLock()
			err := c.does(pool, w, c.roll(100))
			c.still.RUnlock()
			if err != nil && !errors.Is(err, errLost) { // a lost one is taken over
				c.fail(err)
			}
		}
	}
}

func (c *crowd) fires(pool *queue.Pool) {
	c.still.RLock()
	defer c.still.RUnlock()
	due, _, err := pool.Due(c.ctx, 100)
	for _, d := range due {
		if err == nil {
			err = pool.Fire(c.ctx, d)
		}
	}
	if !errors.Is(err, errLost) {
		c.fail(err)
	}
}

// careful is the fate of one who neither dies nor does things twice.
const careful = 50

// does what an entry asks for; by its fate, 0 to 99, some of it is left undone, or done twice.
func (c *crowd) does(pool *queue.Pool, w queue.Work, fate int) error {
	switch w.Kind {
	case queue.WorkMatch:
		for range 1 + fate/98%2 { // 98, 99: twice
			offers, err := c.match(pool, w)
			if err != nil {
				return err
			}
			if fate == 0 { // between the match and the phones
				c.left.Add(1)
				return nil
			}
			for _, o := range offers {
				c.parts.Go(func() { c.phones(o) })
			}
		}
	case queue.WorkHangup:
		if c.roll(10) > 0 { // else nobody tells that they are silent
			for _, leg := range w.Legs {
				c.parts.Go(func() { c.legEnds(pool, w.Node, leg, w.Agent, 16) })
			}
		}
	case queue.WorkBridge:
		if err := c.again(func() error { return pool.Bridged(c.ctx, c.from(w.Node), w.Offer) }, nil); !harmless(err) {
			return err
		}
	case queue.WorkLeave:
		c.parts.Go(func() { c.gone(w.Node, w.Channel, w.Contact) })
	}
	if fate == 1 { // done, and nobody knows
		c.left.Add(1)
		return nil
	}
	for range 1 + fate/97%2 {
		if _, err := pool.Done(c.ctx, w.ID); err != nil {
			return err
		}
	}
	return nil
}

func (c *crowd) match(pool *queue.Pool, w queue.Work) ([]queue.Offer, error) {
	called := time.Now()
	offers, err := pool.Match(c.ctx, w.ID, queue.Subject{Agent: w.Agent, Line: w.Line})
	if err != nil {
		return nil, err
	}
	if len(offers) == 0 {
		c.nothing.Add(1)
	} else {
		c.made.Add(1)
	}
	for _, o := range offers {
		c.seen.note(c.seen.contacts, o.Contact, called, false, told{what: "offered", of: o.ID})
		for _, r := range o.Rings {
			c.seen.note(c.seen.agents, r.Agent, called, false, told{"offered", o.ID, c.room[r.Agent]})
		}
	}
	return offers, nil
}
