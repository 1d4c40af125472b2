package people

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"holdline/ari/fake"
)

// Agents are all who answer: a phone for each, which any node reaches.
type Agents struct {
	nodes []*fake.Node
	pool  string
	// Quick is how soon a phone is picked up at the earliest, Slow at the latest.
	quick, slow time.Duration

	mu     sync.Mutex
	does   map[string]fake.Behaviour // of those who do not simply answer
	phones map[string][]*fake.Phone  // one on each node
}

// NewAgents gives nobody yet.
func NewAgents(nodes []*fake.Node, pool string, quick, slow time.Duration) *Agents {
	return &Agents{nodes: nodes, pool: pool, quick: quick, slow: slow,
		does: map[string]fake.Behaviour{}, phones: map[string][]*fake.Phone{}}
}

// Sit gives an agent a phone. Repeated it does nothing.
func (a *Agents) Sit(id string) (fresh bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phones[id] != nil {
		return false
	}
	a.set(id)
	return true
}

// Behave makes an agent's phone do something else than answering; nil: it answers again.
// Who has none yet will have one that does so.
func (a *Agents) Behave(id string, does *fake.Behaviour) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.does, id)
	if does != nil {
		a.does[id] = *does
	}
	if a.phones[id] != nil {
		a.set(id)
	}
}

func (a *Agents) set(id string) {
	does, special := a.does[id]
	if !special {
		does = fake.Answer(a.quick + rand.N(a.slow-a.quick+1)) //nolint:gosec // nothing to guess
	}
	phones := make([]*fake.Phone, len(a.nodes))
	for i, n := range a.nodes {
		phones[i] = n.Phone(id, does) // the same one as before, if there was one
	}
	a.phones[id] = phones
}

// Run varies how soon each picks up, until ctx ends.
func (a *Agents) Run(ctx context.Context) {
	ticker := time.NewTicker(2 * time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			a.mu.Lock()
			for id := range a.phones {
				a.set(id)
			}
			a.mu.Unlock()
		}
	}
}

var errNoNode = errors.New("no node is up")

// Dial lets an agent dial a feature code: login, logout, pause, unpause. Reason is a
// pause's. It returns the mode that Holdline gave.
func (a *Agents) Dial(ctx context.Context, id, feature, reason string) (mode string, err error) {
	args := "pool=" + a.pool + ":feature=" + feature + ":agent=" + id
	if reason != "" {
		args += ":reason=" + reason
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, i := range rand.Perm(len(a.nodes)) { //nolint:gosec // nothing to guess
		line, err := a.nodes[i].Call(fake.CallRequest{Args: args, Number: id})
		if err != nil {
			continue // down
		}
		if mode, err = a.listen(ctx, line, args); err != nil {
			return "", fmt.Errorf("agent %s dials %s: %w", id, feature, err)
		}
		if mode != "" {
			return mode, nil
		}
	}
	return "", fmt.Errorf("agent %s dials %s: %w", id, feature, errNoNode)
}

// listen waits for the dialplan to read the mode; "": the node died meanwhile.
func (a *Agents) listen(ctx context.Context, line *fake.Caller, args string) (mode string, err error) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	defer line.HangUp()
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-ticker.C:
		}
		switch line.State() {
		case fake.Gone:
			return "", nil
		case fake.Dialplan:
			switch status := line.Variable("HOLDLINE_STATUS"); status {
			case "OK":
				return line.Variable("HOLDLINE_MODE"), nil
			case "":
				if err := line.Enter(args); err != nil {
					return "", err
				}
			default:
				return "", fmt.Errorf("the dialplan reads %s", status)
			}
		}
	}
}

// PickedUp says when a phone was picked up for a caller, by the caller's number.
func (a *Agents) PickedUp() map[string][]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[string][]time.Time{}
	for _, phones := range a.phones {
		for _, p := range phones {
			for _, call := range p.Calls() {
				if !call.Answered.IsZero() {
					_, number, _ := strings.Cut(call.CallerID, "<")
					number = strings.TrimSuffix(number, ">")
					all[number] = append(all[number], call.Answered)
				}
			}
		}
	}
	return all
}
