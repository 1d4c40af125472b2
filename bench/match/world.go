package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"

	"holdline/queue"
)

const (
	skills = 50
	served = 100 // needs 1 to 100 have agents; 101 to 200 have none, so that who waits there stays
	needs  = 200
)

// world is a floor of agents with 1 to 8 of the skills, some much more common
// than others, and 200 needs of one or two skills.
type world struct {
	agents  [][]int // skills of each
	needs   [][]int // skills of each; index 0 is need 1
	places  [][]queue.Place
	staffed []int // the needs that a batch may ask for again and again: at least a fiftieth of the agents serve them
}

func newWorld(agents int) *world {
	r := rand.New(rand.NewPCG(22, 11)) //nolint:gosec // the same world every time
	// skill: low numbers are common, as 1/(k+1).
	skill := func() int {
		for {
			if k := r.IntN(skills); r.Float64() < 1/float64(k/4+1) {
				return k
			}
		}
	}
	several := func(n int) []int {
		seen := map[int]bool{}
		var out []int
		for len(out) < n {
			if k := skill(); !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
		return out
	}
	w := &world{}
	for range served {
		w.needs = append(w.needs, several(1+r.IntN(2)))
	}
	for range needs - served {
		w.needs = append(w.needs, []int{skills}) // a skill that nobody has
	}
	serving := make([]int, served+1)
	for range agents {
		has := several(1 + r.IntN(8))
		set := map[int]bool{}
		for _, k := range has {
			set[k] = true
		}
		var places []queue.Place
		for n, required := range w.needs[:served] {
			serves := true
			for _, k := range required {
				serves = serves && set[k]
			}
			if serves {
				places = append(places, queue.Place{Need: int64(n + 1)})
				serving[n+1]++
			}
		}
		w.agents = append(w.agents, has)
		w.places = append(w.places, places)
	}
	for n, count := range serving {
		if count >= agents/50 {
			w.staffed = append(w.staffed, n)
		}
	}
	return w
}

// asked is the need of the i-th caller.
func (w *world) asked(i int) int { return w.staffed[i%len(w.staffed)] }

// serves: is there a need that is asked for and that the agent serves?
func (w *world) serves(i int) bool {
	return slices.ContainsFunc(w.places[i], func(p queue.Place) bool { return slices.Contains(w.staffed, int(p.Need)) })
}

func agentID(i int) string { return fmt.Sprintf("a%06d", i) }

func queueName(need int) string { return "q" + strconv.Itoa(need) }

func (w *world) projection() queue.Projection {
	d := queue.Projection{Version: 1, Domain: "bench.test"}
	for n := range w.needs {
		// Timeouts and announcements as in a real queue: their keys and deadlines are part of the cost.
		d.Queues = append(d.Queues, queue.QueueSpec{
			Name: queueName(n + 1), Need: int64(n + 1), Open: true, Timeout: 3600e9, Announce: 3600e9, AnnounceFirst: 3600e9,
		})
		d.Needs = append(d.Needs, queue.NeedSpec{ID: int64(n + 1), Queue: queueName(n + 1), Steps: []queue.StepSpec{{MaxTier: 99}}})
	}
	for i, places := range w.places {
		d.Agents = append(d.Agents, queue.AgentSpec{ID: agentID(i), Name: "Agent " + strconv.Itoa(i), Places: places})
	}
	return d
}

// eight carries f out for each of n, eight at a time.
func eight(n int, f func(i int) error) error {
	var wait sync.WaitGroup
	failed := make(chan error, 8)
	for lane := range 8 {
		wait.Go(func() {
			for i := lane; i < n; i += 8 {
				if err := f(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(failed)
	return <-failed
}

// floor is a world in Redis.
type floor struct {
	*server
	*world
	pool *queue.Pool
	from queue.Origin
	n    int // channels so far
}

func newFloor(ctx context.Context, agents int) (*floor, error) {
	s, err := startServer(ctx)
	if err != nil {
		return nil, err
	}
	f := &floor{server: s, world: newWorld(agents), pool: queue.Open(s, "bench")}
	if _, err = f.pool.Project(ctx, f.projection()); err == nil {
		f.from, err = f.pool.NodeUp(ctx, "ast-1", "boot")
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return f, nil
}

func (f *floor) login(ctx context.Context) error {
	return eight(len(f.agents), func(i int) error {
		_, err := f.pool.SetMode(ctx, agentID(i), queue.ModeChange{Mode: queue.Ready})
		return err
	})
}

// arrive enqueues a caller for the need.
func (f *floor) arrive(ctx context.Context, need int, channel string) error {
	return f.arriveAt(ctx, queueName(need), channel)
}

func (f *floor) arriveAt(ctx context.Context, name, channel string) error {
	_, err := f.pool.Enqueue(ctx, f.from, queue.Arrival{
		Channel: channel, Queue: name, CallerName: "Alice Example", CallerNumber: "+4930123456",
	})
	return err
}

// starve adds contacts of needs that nobody serves, up to so many.
func (f *floor) starve(ctx context.Context, have, want int) error {
	return eight(want-have, func(i int) error {
		return f.arrive(ctx, served+1+(have+i)%(needs-served), fmt.Sprintf("w%d.%d", have+i, have+i))
	})
}

// lineOf is the line of the need, as queue names it.
func lineOf(need int) string { return fmt.Sprintf("av%05s00", strconv.FormatInt(int64(need), 36)) }
