package queuetest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdline/queue"
)

// A version is the directory for a time. While one is being applied the one before may
// decide, too.
type version struct {
	queue.Projection
	from, until time.Time // on the pool's clock; until zero: it is the last
	serve       map[string][]service
	queues      map[string]queue.QueueSpec
	specs       map[string]queue.AgentSpec
	ranks       bool // some agent has an order of their own
}

// service is what an agent does for a need.
type service struct {
	need     int64
	admitted time.Duration // after the arrival, in whole milliseconds
	rank     int           // the agent's own order
	tier     int
}

func newVersion(d queue.Projection) version {
	v := version{Projection: d, serve: map[string][]service{}, queues: map[string]queue.QueueSpec{}, specs: map[string]queue.AgentSpec{}}
	steps := map[int64][]queue.StepSpec{}
	for _, n := range d.Needs {
		steps[n.ID] = n.Steps
	}
	for _, q := range d.Queues {
		v.queues[q.Name] = q
	}
	for _, a := range d.Agents {
		v.specs[a.ID] = a
		for _, p := range a.Places {
			s := service{p.Need, p.Delay, p.Priority, p.Tier}
			if p.Step < len(steps[p.Need]) {
				s.admitted = max(s.admitted, steps[p.Need][p.Step].After)
			}
			s.admitted = (s.admitted + time.Millisecond - 1).Truncate(time.Millisecond)
			v.ranks = v.ranks || s.rank != 0
			v.serve[a.ID] = append(v.serve[a.ID], s)
		}
	}
	return v
}

// edited begins another version; applied says that it is the only one from now on.
func (r *replay) edited(d queue.Projection, now time.Time) {
	v := newVersion(d)
	v.from = now
	r.versions = append(r.versions, v)
}

func (r *replay) applied(now time.Time) { r.versions[len(r.versions)-2].until = now }

// at gives the versions by which was decided then.
func (r *replay) at(then time.Time) (all []version) {
	for _, v := range r.versions {
		if !then.Before(v.from) && (v.until.IsZero() || !then.After(v.until)) {
			all = append(all, v)
		}
	}
	return all
}

func (r *replay) medium(name string) queue.Medium {
	for _, v := range r.versions {
		if q, is := v.queues[name]; is && q.Medium != "" {
			return q.Medium
		}
	}
	return queue.Voice
}

// ranked is the agent's rank for the contact; sure when they may serve it whichever
// version decides.
func (r *replay) ranked(id string, c *life, versions []version) (rank int, sure bool) {
	if !r.fits(id, c, versions[0]) {
		return 0, false
	}
	if c.only != "" {
		return 0, c.only == id
	}
	for i, v := range versions {
		j := slices.IndexFunc(v.serve[id], func(s service) bool { return s.need == c.need })
		if j < 0 || c.looked.Before(c.arrived.Add(v.serve[id][j].admitted)) || i > 0 && v.serve[id][j].rank != rank {
			return 0, false
		}
		rank = v.serve[id][j].rank
	}
	return rank, !c.skip[id]
}

// fits: the agent has room for one more of the contact's medium. Capacities are not edited.
func (r *replay) fits(id string, c *life, v version) bool {
	m, spec, held, others := r.medium(c.queue), v.specs[id], 0, 0
	for _, of := range r.agent(id).calls {
		if of == m {
			held++
		} else {
			others++
		}
	}
	room := spec.Capacity[m]
	if spec.Capacity == nil && m == queue.Voice {
		room = 1
	}
	return held < room && (others == 0 || slices.Contains(spec.Beside, m))
}

// offered checks that the agent may be asked, and that no other contact comes first.
func (r *replay) offered(e queue.Entry) error {
	c, a := r.contacts[e.Contact], r.agent(e.Agent)
	if c == nil || c.state != "waiting" && c.offer != e.Offer {
		return errors.New("offered while it does not wait")
	}
	if c.offer != e.Offer {
		c.offer, c.winner, c.rings = e.Offer, "", map[string]bool{}
		r.offers++
	}
	if _, twice := c.rings[e.Agent]; twice {
		return errors.New("asked twice")
	}
	c.rings[e.Agent] = true
	versions := r.at(e.At)
	if err := r.mayBeAsked(e, c, a, versions); err != nil {
		return err
	}
	if c.skip[e.Agent] { // all were tried
		c.skip = map[string]bool{}
	}
	a.offer = e.Offer
	rank, sure := r.ranked(e.Agent, c, versions)
	if !sure || len(versions) > 1 && versions[0].ranks {
		return nil // by an older version's steps, or one of several that decide now
	}
	for _, first := range r.first(e.Agent, versions) {
		other, _ := r.ranked(e.Agent, first, versions)
		if cmp.Or(other-rank, first.before(c)) < 0 {
			return fmt.Errorf("the contact %+v comes first", first)
		}
	}
	return r.lowerTier(e, c, versions)
}

// lowerTier says who was to be asked before. Where agents have orders of their own, two
// who each want what the other is asked for are served crosswise.
func (r *replay) lowerTier(e queue.Entry, c *life, versions []version) error {
	if !r.punctual || len(versions) > 1 || versions[0].ranks || c.only != "" {
		return nil
	}
	tier := func(id string) int {
		i := slices.IndexFunc(versions[0].serve[id], func(s service) bool { return s.need == c.need })
		return versions[0].serve[id][i].tier
	}
	for id, a := range r.agents {
		if _, may := r.ranked(id, c, versions); may && a.free(e.At) && tier(id) < tier(e.Agent) {
			return fmt.Errorf("agent %s has a lower tier: %+v", id, a)
		}
	}
	return nil
}

// free: for sure.
func (a *worker) free(now time.Time) bool {
	return a.mode == queue.Ready && !a.next && a.offer == "" && now.After(a.quietAt)
}

// first gives those whom the agent may be asked for, the first of each line.
func (r *replay) first(id string, versions []version) (all []*life) {
	lines := []line{{only: id}}
	for _, s := range versions[0].serve[id] {
		lines = append(lines, line{need: s.need})
	}
	for _, l := range lines {
		for _, c := range r.waiting[l] {
			if _, is := r.ranked(id, c, versions); is {
				all = append(all, c)
				break
			}
		}
	}
	return all
}

func serves(id string, need int64, versions []version) bool {
	return slices.ContainsFunc(versions, func(v version) bool {
		return slices.ContainsFunc(v.serve[id], func(s service) bool { return s.need == need })
	})
}

func (r *replay) mayBeAsked(e queue.Entry, c *life, a *worker, versions []version) error {
	var retry time.Duration = 1 << 62
	for _, v := range versions {
		retry = min(retry, v.queues[c.queue].Retry.Truncate(time.Millisecond))
	}
	switch {
	case a.offer != "":
		return fmt.Errorf("a second offer beside %s", a.offer)
	case a.mode != queue.Ready:
		return fmt.Errorf("the agent is %s", a.mode)
	case !r.fits(e.Agent, c, versions[0]):
		return fmt.Errorf("the agent has %v", a.calls)
	case c.only == "" && !serves(e.Agent, c.need, versions):
		return errors.New("the agent does not serve the need")
	case c.only != "" && c.only != e.Agent:
		return fmt.Errorf("it waits for %s alone", c.only)
	case c.only == "" && !r.everAdmitted(e, c):
		return errors.New("no step admits the agent so soon")
	case c.skip[e.Agent] && e.At.Before(c.missed.Add(retry)):
		return fmt.Errorf("the agent missed it at %s", c.missed)
	}
	return nil
}

// everAdmitted: what widened once does not narrow.
func (r *replay) everAdmitted(e queue.Entry, c *life) bool {
	return slices.ContainsFunc(r.versions, func(v version) bool {
		return slices.ContainsFunc(v.serve[e.Agent], func(s service) bool {
			return s.need == c.need && !e.At.Before(c.arrived.Add(s.admitted))
		})
	})
}

// skipping are the outcomes after which the contact skips the agent; guarding those
// after which the phone may be away.
var (
	skipping = []string{queue.OfferNoAnswer, queue.OfferReject, queue.OfferBusy, queue.OfferUnreachable, queue.OfferSetupFailed}
	guarding = []string{queue.OfferBusy, queue.OfferUnreachable}
)

// closed follows the end of an offer for one agent.
func (r *replay) closed(e queue.Entry) error {
	c, a := r.contacts[e.Contact], r.agent(e.Agent)
	if c == nil || c.offer != e.Offer || !c.rings[e.Agent] || (c.winner == e.Agent) != (e.Outcome == queue.OfferOutcomeAnswered) {
		return errors.New("closed for one who is not asked")
	}
	c.rings[e.Agent] = false
	keeps := queue.HushMS * time.Millisecond
	if slices.Contains(guarding, e.Outcome) || e.Reason == "device_lost" {
		keeps = queue.GuardMS * time.Millisecond
	}
	if over := e.At.Add(keeps); over.After(a.quietAt) {
		a.quietAt = over
	}
	if _, talks := a.calls[e.Offer]; talks {
		delete(a.calls, e.Offer)
	} else if a.offer == e.Offer {
		a.offer = ""
	}
	if !slices.Contains(skipping, e.Outcome) {
		return nil
	}
	c.skip[e.Agent], c.missed = true, e.At
	if c.only != "" {
		if c.state == "waiting" {
			return errors.New("missed while it waits")
		}
		c.only, c.given, c.looked = "", false, e.At
	}
	return nil
}

// rest says whom everybody forgot, at a moment in which all work is done.
func (r *replay) rest(now time.Time) error {
	versions := r.at(now)
	for id, a := range r.agents {
		if !a.free(now) {
			continue
		}
		if forgotten := r.first(id, versions); len(forgotten) > 0 {
			return fmt.Errorf("contact %+v waits, and agent %s is available: %+v", forgotten[0], id, a)
		}
	}
	return nil
}
