package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// AgentExplanation says what an agent does; of one who is available, why none of those who
// wait is for them. Why is the answer in a sentence, Cause the same in a word.
type AgentExplanation struct {
	Agent  string        `json:"agent"`
	Name   string        `json:"name"`
	Mode   Mode          `json:"mode"`
	Cause  string        `json:"cause"` // a word of Standing; of who is available: nobody_waits, no_queue, due, not_for_them
	Why    string        `json:"why"`
	Doing  []MediumDoing `json:"doing"`
	Served int           `json:"served"` // contacts since the login
	Misses int           `json:"misses"`
	Queues []ServedQueue `json:"queues"` // that they serve, by name
}

// The causes for which an agent who is available has nobody.
const (
	CauseNobodyWaits = "nobody_waits"
	CauseNoQueue     = "no_queue" // they serve none
	CauseNotForThem  = "not_for_them"
)

// MediumDoing is what the agent does, as far as a contact of the medium goes.
type MediumDoing struct {
	Medium   Medium `json:"medium"`
	Held     int    `json:"held"`
	Capacity int    `json:"capacity"`
	Standing
}

// ServedQueue is a queue that an agent serves, and what is between them and those who
// wait there.
type ServedQueue struct {
	Queue    string       `json:"queue"`
	Medium   Medium       `json:"medium"`
	Needs    []ServedNeed `json:"needs"`
	Waiting  int          `json:"waiting"`  // in the queue, whatever they ask
	Contacts []PassedBy   `json:"contacts"` // the first of them, PassedMost at most
}

// ServedNeed is the agent's place in a need.
type ServedNeed struct {
	Need string `json:"need"`
	Tier int    `json:"tier"`
	Step int    `json:"step"` // that admits them
}

// PassedBy is a contact that waits, and why it is not the agent's.
type PassedBy struct {
	Waiting string `json:"id"`
	WaitMS  int64  `json:"wait_ms"`
	Step    int    `json:"step"`
	Standing
}

// PassedMost bounds the contacts of a queue that an explanation looks at.
const PassedMost = 100

// ExplainAgent says what an agent does and, when they are available, why none of those who
// wait is for them. It writes nothing. What it reads is not of one moment. ErrNoAgent.
func (p *Pool) ExplainAgent(ctx context.Context, id string) (AgentExplanation, error) {
	e, err := p.explainAgent(ctx, id)
	if err != nil {
		return e, fmt.Errorf("explain agent %.80q: %w", id, err)
	}
	return e, nil
}

func (p *Pool) explainAgent(ctx context.Context, id string) (AgentExplanation, error) {
	s, err := p.survey(ctx)
	if err != nil {
		return AgentExplanation{}, err
	}
	key := Escape(id)
	if err := s.loadPeople(ctx, key); err != nil {
		return AgentExplanation{}, err
	}
	a := s.people[key]
	if a == nil {
		return AgentExplanation{}, ErrNoAgent
	}
	e := AgentExplanation{Agent: id, Name: a.Name, Mode: Mode(a.Mode), Served: a.Served, Misses: a.Misses,
		Doing: s.media(a), Queues: []ServedQueue{}}
	lines := make([]string, 0, len(a.spec.Places))
	for _, place := range a.spec.Places {
		if n, _ := needOfLine(placeLine(place)); n > 0 {
			lines = append(lines, placeLine(place))
		}
	}
	if err := s.loadLines(ctx, lines...); err != nil {
		return e, err
	}
	queues := map[string]*ServedQueue{} // by escaped name
	for _, line := range lines {
		if l := s.lines[line]; l != nil {
			if queues[l.Queue] == nil {
				queues[l.Queue] = &ServedQueue{Queue: Unescape(l.Queue), Medium: mediumOfLine(line), Contacts: []PassedBy{}}
			}
			step, tier, _ := a.place(line)
			queues[l.Queue].Needs = append(queues[l.Queue].Needs, ServedNeed{l.Need, tier, step})
		}
	}
	for name, q := range queues {
		if err := s.passes(ctx, a, name, q); err != nil {
			return e, err
		}
		e.Queues = append(e.Queues, *q)
	}
	if err := s.theirs(ctx, a, &e); err != nil {
		return e, err
	}
	slices.SortFunc(e.Queues, func(a, b ServedQueue) int { return strings.Compare(a.Queue, b.Queue) })
	e.why(s.hold, s.now)
	return e, nil
}

// media is what the agent does, by the media that they take; by voice when they take none.
func (s *survey) media(a *person) []MediumDoing {
	var all []MediumDoing
	for _, m := range Media {
		held, capacity := a.load(m)
		if capacity > 0 || held > 0 {
			all = append(all, MediumDoing{m, held, capacity, s.doing(a, m)})
		}
	}
	if all == nil {
		all = []MediumDoing{{Medium: Voice, Standing: s.doing(a, Voice)}}
	}
	return all
}

// passes looks at those who wait in the queue, in their order.
func (s *survey) passes(ctx context.Context, a *person, queue string, q *ServedQueue) error {
	if err := s.loadQueues(ctx, queue); err != nil {
		return err
	}
	ids, err := s.contactsIn(ctx, "order", queue)
	if err != nil {
		return err
	}
	if q.Waiting, err = s.waiting(ctx, queue); err != nil {
		return err
	}
	return s.passed(ctx, a, q, ids...)
}

// theirs adds those who wait for this agent alone, from queues that they do not serve.
func (s *survey) theirs(ctx context.Context, a *person, e *AgentExplanation) error {
	if a.spec.Line == "" {
		return nil
	}
	ids, err := s.contactsIn(ctx, "waiting", a.spec.Line)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c := s.contacts[id]
		if c == nil || Unescape(c.Prefer) != a.name() {
			continue
		}
		name := Unescape(c.Queue)
		i := slices.IndexFunc(e.Queues, func(q ServedQueue) bool { return q.Queue == name })
		if i < 0 {
			n, err := s.waiting(ctx, c.Queue)
			if err != nil {
				return err
			}
			e.Queues, i = append(e.Queues, ServedQueue{Queue: name, Medium: mediumOfLine(c.Need), Needs: []ServedNeed{}, Waiting: n}), len(e.Queues)
		}
		if slices.ContainsFunc(e.Queues[i].Contacts, func(p PassedBy) bool { return p.Waiting == id }) {
			continue
		}
		if err := s.passed(ctx, a, &e.Queues[i], id); err != nil {
			return err
		}
	}
	return nil
}

func (s *survey) passed(ctx context.Context, a *person, q *ServedQueue, ids ...string) error {
	for _, id := range ids {
		c := s.contacts[id]
		if c == nil || c.State != string(Waiting) {
			continue
		}
		st, err := s.between(ctx, a, c)
		if err != nil {
			return err
		}
		q.Contacts = append(q.Contacts, PassedBy{id, whole(s.now.Sub(c.At.time())), c.Step, st})
	}
	return nil
}

// waiting is how many of a queue (escaped) wait, and are offered to nobody.
func (s *survey) waiting(ctx context.Context, queue string) (int, error) {
	n, err := s.lexCount(ctx, "order", queue)
	if err != nil {
		return 0, err
	}
	counts, err := s.p.rdb.HMGet(ctx, s.p.keys["counts"], queue+"|"+string(Offered), queue+"|"+string(InDialplan)).Result()
	if err != nil {
		return 0, fmt.Errorf("read counts of %s: %w", queue, err)
	}
	for _, v := range counts {
		if text, is := v.(string); is {
			n -= int(fields{"n": text}.int("n"))
		}
	}
	return max(0, n), nil
}

func (e *AgentExplanation) why(hold, now time.Time) {
	free := slices.IndexFunc(e.Doing, func(d MediumDoing) bool { return d.Word == StandAvailable })
	if free < 0 {
		e.Cause, e.Why = e.Doing[0].Word, e.Agent+": "+e.Doing[0].Text+"."
		return
	}
	state := e.Agent + " is " + e.Doing[free].Text
	served := make([]string, 0, len(e.Queues))
	by, total := map[string]int{}, 0
	var soonest *PassedBy
	for _, q := range e.Queues {
		served, total = append(served, q.Queue), total+len(q.Contacts)
		for i := range q.Contacts {
			c := &q.Contacts[i]
			by[c.Word]++
			if c.OverMS > 0 && (soonest == nil || c.OverMS < soonest.OverMS) {
				soonest = c
			}
		}
	}
	switch {
	case len(e.Queues) == 0:
		e.Cause, e.Why = CauseNoQueue, state+", and serves no queue: the directory gives them none."
	case total == 0:
		e.Cause, e.Why = CauseNobodyWaits, state+": nobody waits in "+names(served)+"."
	case hold.After(now):
		e.Cause, e.Why = CauseHold, state+": the pool came back empty, and makes no offers for another "+span(hold.Sub(now))+"."
	case by[StandDue] > 0:
		e.Cause, e.Why = CauseDue, state+", and about to be asked: a match is on its way."
	default:
		var words []string
		for w, n := range by {
			words = append(words, fmt.Sprintf("%d %s", n, plain(w)))
		}
		slices.Sort(words)
		e.Cause, e.Why = CauseNotForThem, fmt.Sprintf("%s; of those who wait in %s none is for them: %s.", state, names(served), strings.Join(words, ", "))
		if soonest != nil {
			e.Why += fmt.Sprintf(" That may change in %s, for %s.", span(ms(soonest.OverMS)), soonest.Waiting)
		}
	}
}
