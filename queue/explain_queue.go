package queue

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// QueueExplanation says whether a queue would take a caller now, by which rule if not, and
// who is there to serve it.
type QueueExplanation struct {
	Queue      string `json:"queue"`
	Why        string `json:"why"`
	Enters     string `json:"enters,omitempty"`  // the queue that a caller would wait in: this one, or the one that it overflows to; "": refused
	Refuses    string `json:"refuses,omitempty"` // closed, full or empty: why not this one
	Leaving    bool   `json:"leave_when_empty"`  // who waits leaves now, since nobody counts who could serve them
	Open       bool   `json:"open"`
	Medium     Medium `json:"medium"`
	Strategy   string `json:"strategy"`
	Need       string `json:"need"` // its own, by name
	Waiting    int    `json:"waiting"`
	MaxWaiting int    `json:"max_waiting"` // 0: no bound
	LongestMS  int64  `json:"longest_wait_ms"`
	// Agents are those who serve its own need: all of them, those logged in by mode, and how
	// many could be offered somebody now.
	Agents    int          `json:"agents"`
	Modes     map[Mode]int `json:"modes"`
	Available int          `json:"available"`
}

// ExplainQueue says whether a queue would take a caller who came now and asks for its own
// need. It writes nothing. ErrNoQueue.
func (p *Pool) ExplainQueue(ctx context.Context, name string) (QueueExplanation, error) {
	e, err := p.explainQueue(ctx, name)
	if err != nil {
		return e, fmt.Errorf("explain queue %.80q: %w", name, err)
	}
	return e, nil
}

func (p *Pool) explainQueue(ctx context.Context, name string) (QueueExplanation, error) {
	s, err := p.survey(ctx)
	if err != nil {
		return QueueExplanation{}, err
	}
	id := Escape(name)
	if err := s.loadQueues(ctx, id); err != nil {
		return QueueExplanation{}, err
	}
	q := s.queues[id]
	if q == nil {
		return QueueExplanation{}, ErrNoQueue
	}
	if err := s.loadLines(ctx, q.Need); err != nil {
		return QueueExplanation{}, err
	}
	e := QueueExplanation{Queue: name, Open: q.Open, Medium: mediumOfLine(q.Need), Strategy: q.strategy(), MaxWaiting: q.MaxWaiting, Modes: map[Mode]int{}}
	if l := s.lines[q.Need]; l != nil {
		e.Need = l.Need
	}
	if e.Waiting, err = s.waiting(ctx, id); err != nil {
		return e, err
	}
	if e.LongestMS, err = s.longest(ctx, id); err != nil {
		return e, err
	}
	if err := s.staff(ctx, q.Need, &e); err != nil {
		return e, err
	}
	if e.Leaving, err = s.nobody(ctx, q.Need, q.LeaveEmpty); err != nil {
		return e, err
	}
	return e, s.door(ctx, id, &e)
}

// longest is the longest wait among those at the head of the queue's order: credit and
// priority may have put others before them. In milliseconds.
func (s *survey) longest(ctx context.Context, queue string) (int64, error) {
	ids, err := s.contactsIn(ctx, "order", queue)
	if err != nil {
		return 0, err
	}
	var longest int64
	for _, id := range ids {
		if c := s.contacts[id]; c != nil && c.State == string(Waiting) {
			longest = max(longest, whole(s.now.Sub(c.At.time())))
		}
	}
	return longest, nil
}

// staff counts who serves the line.
func (s *survey) staff(ctx context.Context, line string, e *QueueExplanation) error {
	ids, err := s.serving(ctx, line)
	if err != nil {
		return err
	}
	if err := s.loadPeople(ctx, ids...); err != nil {
		return err
	}
	for _, id := range ids {
		a := s.people[id]
		if a == nil {
			continue
		}
		if _, _, is := a.place(line); !is {
			continue
		}
		e.Agents++
		if a.Mode != string(LoggedOut) {
			e.Modes[Mode(a.Mode)]++
		}
		if s.doing(a, mediumOfLine(line)).Word == StandAvailable {
			e.Available++
		}
	}
	return nil
}

// door follows a caller from the queue to the one that would take them, as takes in
// lua/lib/door.lua.
func (s *survey) door(ctx context.Context, id string, e *QueueExplanation) error {
	var way []string
	for range OverflowHops {
		if err := s.loadQueues(ctx, id); err != nil {
			return err
		}
		q := s.queues[id]
		if q == nil {
			break
		}
		shut, why, err := s.shut(ctx, id, q)
		if err != nil {
			return err
		}
		if shut == "" {
			e.Enters = Unescape(id)
			break
		}
		if len(way) == 0 {
			e.Refuses = shut
		}
		way = append(way, Unescape(id)+" "+why)
		if q.OverflowTo == "" {
			break
		}
		id = q.OverflowTo
	}
	switch {
	case len(way) == 0:
		e.Why = "A caller would wait here."
	case e.Enters != "":
		e.Why = fmt.Sprintf("A caller would wait in %s: %s.", e.Enters, strings.Join(way, ", "))
	default:
		e.Why = fmt.Sprintf("A caller would be refused: %s.", strings.Join(way, ", "))
	}
	if e.Leaving && e.Waiting > 0 {
		e.Why += " Who waits leaves, since nobody counts who could serve them."
	}
	return nil
}

// shut is why a queue takes nobody, in a word and in a phrase; "" when it does.
func (s *survey) shut(ctx context.Context, id string, q *queueRecord) (word, why string, err error) {
	if !q.Open {
		return "closed", "is closed", nil
	}
	n, err := s.lexCount(ctx, "order", id)
	if err != nil {
		return "", "", err
	}
	if q.MaxWaiting > 0 && n >= q.MaxWaiting {
		return "full", fmt.Sprintf("is full (%d of %d)", n, q.MaxWaiting), nil
	}
	empty, err := s.nobody(ctx, q.Need, q.JoinEmpty)
	if empty {
		return "empty", fmt.Sprintf("is empty (by join_empty %q nobody counts)", q.JoinEmpty), err
	}
	return "", "", err
}

// dutyLetters are the modes' in duty, with the word that leaves each uncounted.
var dutyLetters = []struct{ letter, word string }{
	{"r", "busy"}, {"w", "wrap_up"}, {"p", "paused"}, {"n", "not_responding"},
}

// nobody says whether no agent of the line counts, by these words, as in lua/lib/door.lua.
func (s *survey) nobody(ctx context.Context, line, words string) (bool, error) {
	if words == "" {
		return false, nil
	}
	rules := split(words)
	later, busy := slices.Contains(rules, "later"), slices.Contains(rules, "busy")
	first := ""
	if later {
		first = "|00"
	}
	for _, d := range dutyLetters {
		if slices.Contains(rules, d.word) {
			continue
		}
		if n, err := s.lexCount(ctx, "duty", line+"|"+d.letter+first); n > 0 || err != nil {
			return false, err
		}
	}
	if !busy {
		return true, nil
	}
	n, err := s.lexCount(ctx, "available", line+first)
	return n == 0, err
}
