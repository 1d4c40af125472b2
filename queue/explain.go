package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ContactExplanation says why a contact stands where it stands. Why is the answer in a
// sentence, Cause the same in a word; what they are drawn from follows. Durations are in
// milliseconds.
type ContactExplanation struct {
	Contact  string    `json:"contact"`
	State    string    `json:"state"` // a ContactState, or ended
	Cause    string    `json:"cause"` // one of the causes below; else the state, or of the ended the outcome
	Why      string    `json:"why"`
	Queue    string    `json:"queue"`
	Need     string    `json:"need,omitempty"` // by name
	Medium   Medium    `json:"medium,omitempty"`
	Strategy string    `json:"strategy,omitempty"`
	Arrived  time.Time `json:"arrived"`
	WaitMS   int64     `json:"wait_ms"` // until the answer or the end; else until now

	Place  *Standpoint   `json:"place,omitempty"`  // of one that waits or is offered
	Steps  []StepOpening `json:"steps,omitempty"`  // of its need, when it waits
	Agents []Candidate   `json:"agents,omitempty"` // who could serve it now or later, as they would be asked
	Offers []OfferTold   `json:"offers,omitempty"` // as far as the journal goes back
	Story  []Told        `json:"story,omitempty"`  // the same
}

// The causes for which a contact waits.
const (
	CauseHold        = "hold"         // the pool came back empty, and waits for its callers
	CauseGiven       = "given"        // to an agent, who cannot take it yet
	CausePreferred   = "preferred"    // it is for an agent, who cannot take it yet
	CauseNobody      = "nobody"       // no agent has what it asks, now or later
	CauseNotAdmitted = "not_admitted" // the open steps admit nobody
	CauseHeldBack    = "held_back"    // a reserve keeps those who could
	CauseUnavailable = "unavailable"  // those who are admitted can take nothing now
	CauseSkipped     = "skipped"      // of those, who is available did not take it a moment ago
	CauseDue         = "due"          // somebody is about to be asked
	CauseEarlier     = "earlier"      // who is available is about to be asked for another
)

// Standpoint is a contact's place in its queue.
type Standpoint struct {
	Position int    `json:"position"` // 1 is next
	Without  int    `json:"position_by_arrival"`
	Priority int    `json:"priority"`
	CreditMS int64  `json:"credit_ms"` // counts as waited, in minutes of priority too unless that is strict
	Strict   bool   `json:"strict"`    // priority is a class of its own
	Order    string `json:"order"`     // arrival, or service-level
	Step     int    `json:"step"`
}

// StepOpening is a step of a need's line. Its steps are those of the need and, besides,
// the delays of single agents and the end of a reserve.
type StepOpening struct {
	Step    int      `json:"step"`
	Asks    string   `json:"asks,omitempty"`
	AfterMS int64    `json:"after_ms"` // the arrival
	Open    bool     `json:"open"`
	InMS    int64    `json:"opens_in_ms,omitempty"`
	Admits  []string `json:"admits"` // besides those of the steps before
}

// Candidate is an agent who could serve a contact.
type Candidate struct {
	Agent    string `json:"agent"`
	Name     string `json:"name"`
	Tier     int    `json:"tier"`
	Step     int    `json:"step"` // that admits them
	Admitted bool   `json:"admitted"`
	Turn     int    `json:"turn,omitempty"` // 1 is asked first; 0: not available, or not admitted. Chance may choose otherwise
	Standing
	score string
}

// ExplainContact says why a contact waits, why it is with this agent, or how it ended. It
// writes nothing. What it reads is not of one moment. Of one that is over only the journal
// tells; ErrNoContact when that does not reach back so far. For a contact that waits it
// looks at what the directory says of every agent: it is for people, not for programs that
// ask often.
func (p *Pool) ExplainContact(ctx context.Context, id string) (ContactExplanation, error) {
	s, err := p.survey(ctx)
	if err != nil {
		return ContactExplanation{}, err
	}
	what := "explain contact " + id
	if len(id) != contactLen || !isHex(id) {
		return ContactExplanation{}, fmt.Errorf("explain contact %.40q: an id is %d hexadecimal digits, as in a list of contacts: %w", id, contactLen, ErrNoContact)
	}
	told, since, err := s.story(ctx, id)
	if err != nil {
		return ContactExplanation{}, fmt.Errorf("%s: %w", what, err)
	}
	if err := s.loadContacts(ctx, id); err != nil {
		return ContactExplanation{}, fmt.Errorf("%s: %w", what, err)
	}
	c := s.contacts[id]
	if c == nil && len(told.entries) == 0 {
		reaches := "is empty"
		if !since.IsZero() {
			reaches = "reaches back to " + since.UTC().Format(time.RFC3339)
		}
		return ContactExplanation{}, fmt.Errorf("%s: it is not live, and the journal, which %s, does not have it: %w", what, reaches, ErrNoContact)
	}
	e := told.explanation(id)
	if c == nil {
		return e, nil
	}
	if err := s.live(ctx, &e, c); err != nil {
		return e, fmt.Errorf("%s: %w", what, err)
	}
	return e, nil
}

// live adds what the records say of a contact that is not over.
func (s *survey) live(ctx context.Context, e *ContactExplanation, c *contactRecord) error {
	if err := errors.Join(s.loadQueues(ctx, c.Queue), s.loadLines(ctx, c.Need)); err != nil {
		return err
	}
	e.State, e.Queue, e.Medium, e.Arrived = c.State, Unescape(c.Queue), mediumOfLine(c.Need), c.At.time()
	until := s.now
	if !c.AnsweredAt.time().IsZero() {
		until = c.AnsweredAt.time()
	}
	e.WaitMS = whole(until.Sub(e.Arrived))
	if l := s.lines[c.Need]; l != nil {
		e.Need = l.Need
	}
	if q := s.queues[c.Queue]; q != nil {
		e.Strategy = q.strategy()
	}
	if ContactState(c.State).Placed() {
		if err := s.standpoint(ctx, e, c); err != nil {
			return err
		}
	}
	if c.State != string(Waiting) {
		e.Cause, e.Why = c.State, e.withWhom(s, c)
		return nil
	}
	if err := s.candidates(ctx, e, c); err != nil {
		return err
	}
	return s.waits(ctx, e, c)
}

func (s *survey) standpoint(ctx context.Context, e *ContactExplanation, c *contactRecord) error {
	e.Place = &Standpoint{Priority: c.Priority, CreditMS: c.CreditMS, Strict: s.strict, Order: "arrival", Step: c.Step}
	if !s.strict {
		e.Place.CreditMS += int64(c.Priority) * time.Minute.Milliseconds()
	}
	if s.targets {
		e.Place.Order = byServiceLevel
	}
	place := func(score string) (int, error) { // behind the others with a lower one
		n, err := s.p.rdb.ZLexCount(ctx, s.p.keys["order"], "["+c.Queue+"|", "("+c.Queue+"|"+score+"|"+c.ID).Result()
		if c.Score < score {
			n-- // itself
		}
		return int(n) + 1, err
	}
	var failed error
	if e.Place.Position, failed = place(c.Score); failed == nil {
		e.Place.Without, failed = place(fmt.Sprintf("50%016d", c.At.time().UnixMicro())) // as order_score in lua/lib/contact.lua
	}
	if failed != nil {
		return fmt.Errorf("read place: %w", failed)
	}
	return nil
}

// candidates finds who could serve a contact that waits, and what keeps them from it.
func (s *survey) candidates(ctx context.Context, e *ContactExplanation, c *contactRecord) error {
	ids, err := s.serving(ctx, c.Need)
	if err != nil {
		return err
	}
	if c.Line != "" && !slices.Contains(ids, c.Prefer) {
		ids = append(ids, c.Prefer)
	}
	if err := s.loadPeople(ctx, ids...); err != nil {
		return err
	}
	members, err := s.lex(ctx, "available", c.Need, 0)
	if err != nil {
		return err
	}
	scores := map[string]string{}
	for _, m := range members { // line|step|tier|score|agent
		if len(m) > 37 {
			scores[m[37:]] = m[16:36]
		}
	}
	for _, id := range ids {
		a := s.people[id]
		if a == nil {
			continue
		}
		st, err := s.between(ctx, a, c)
		if err != nil {
			return err
		}
		if st.Word == StandOtherNeed {
			continue
		}
		at, tier, _ := a.place(c.Need)
		agent := Candidate{Agent: a.name(), Name: a.Name, Tier: tier, Step: at, Standing: st,
			Admitted: st.Word != StandHeldBack && (at <= c.Step || st.askable())}
		if st.askable() {
			agent.score = scores[id]
		}
		e.Agents = append(e.Agents, agent)
	}
	slices.SortStableFunc(e.Agents, func(a, b Candidate) int {
		return cmp.Or(first(a.askable(), b.askable()), first(a.Admitted, b.Admitted), atStep(a, b), cmp.Compare(a.Tier, b.Tier),
			cmp.Compare(a.score, b.score), cmp.Compare(a.Agent, b.Agent))
	})
	for i := range e.Agents {
		if e.Agents[i].askable() {
			e.Agents[i].Turn = i + 1
		}
	}
	e.steps(s, c)
	return nil
}

// first sorts what is true before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// atStep: a step orders only those whom none admits yet.
func atStep(a, b Candidate) int {
	if a.Admitted && b.Admitted {
		return 0
	}
	return cmp.Compare(a.Step, b.Step)
}

// askable says whether the contact's next offer may be the agent's, once it comes to that.
func (s Standing) askable() bool { return s.Word == StandDue || s.Word == StandEarlier }

func (e *ContactExplanation) steps(s *survey, c *contactRecord) {
	line := s.lines[c.Need]
	if line == nil {
		return
	}
	asked := ""
	for n := range line.Last + 1 {
		opens := line.opens(c, n)
		o := StepOpening{Step: n, AfterMS: opens.Sub(c.At.time()).Milliseconds(), Open: n <= c.Step, Admits: []string{}}
		if asks := line.asks(n); asks != asked {
			o.Asks, asked = asks, asks
		}
		if !o.Open {
			o.InMS = whole(opens.Sub(s.now))
		}
		for _, a := range e.Agents {
			if _, _, serves := s.people[Escape(a.Agent)].place(c.Need); serves && a.Step == n {
				o.Admits = append(o.Admits, a.Agent)
			}
		}
		e.Steps = append(e.Steps, o)
	}
}

// waits says why nobody has the contact now.
func (s *survey) waits(ctx context.Context, e *ContactExplanation, c *contactRecord) error {
	told := func(cause, format string, args ...any) error {
		e.Cause, e.Why = cause, fmt.Sprintf(format, args...)
		return nil
	}
	if s.hold.After(s.now) {
		return told(CauseHold, "The pool came back empty: it makes no offers for another %s, until its callers are back.", span(s.hold.Sub(s.now)))
	}
	if c.Line != "" {
		until, err := s.deadline(ctx, "prefer|"+c.ID)
		if err != nil {
			return err
		}
		cause, how := CausePreferred, "is for"
		if c.Given == 1 {
			cause, how = CauseGiven, "was given to"
		}
		what := "gone"
		for _, a := range e.Agents {
			if a.Agent == Unescape(c.Prefer) {
				what = a.Text
			}
		}
		return told(cause, "It %s %s alone, for another %s: %s.", how, Unescape(c.Prefer), span(until.Sub(s.now)), what)
	}
	by := map[string][]string{}
	var admitted, later []string
	for _, a := range e.Agents {
		by[a.Word] = append(by[a.Word], a.Agent)
		switch {
		case a.Admitted:
			admitted = append(admitted, a.Agent)
		case a.Word != StandHeldBack:
			later = append(later, a.Agent)
		}
	}
	next := e.nextStep()
	switch {
	case len(e.Agents) == 0:
		return told(CauseNobody, "No agent has what it asks, now or later.")
	case by[StandDue] != nil:
		return told(CauseDue, "%s about to be asked: a match is on its way.", are(by[StandDue]))
	case by[StandEarlier] != nil:
		return told(CauseEarlier, "%s about to be asked for somebody who comes before.", are(by[StandEarlier]))
	case len(admitted) == 0 && by[StandHeldBack] == nil:
		return told(CauseNotAdmitted, "Its need admits nobody yet.%s", next)
	case len(admitted) == 0:
		return told(CauseHeldBack, "%s held back for another %s.%s", are(by[StandHeldBack]), span(ms(e.find(StandHeldBack).OverMS)), next)
	}
	cause, held := CauseUnavailable, ""
	if by[StandSkipped] != nil {
		cause = CauseSkipped
	}
	if h := by[StandHeldBack]; h != nil {
		cause, held = CauseHeldBack, fmt.Sprintf(" %s held back for another %s.", are(h), span(ms(e.find(StandHeldBack).OverMS)))
	}
	if len(later) == 0 {
		next = ""
	}
	return told(cause, "Of those whom its need admits by now: %s.%s%s", tally(e.Agents), held, next)
}

func (e *ContactExplanation) find(word string) Candidate {
	i := slices.IndexFunc(e.Agents, func(a Candidate) bool { return a.Word == word })
	return e.Agents[i]
}

// nextStep says when the next step opens that admits anybody.
func (e *ContactExplanation) nextStep() string {
	for _, o := range e.Steps {
		var whom []string
		for _, a := range e.Agents {
			if a.Step == o.Step && !a.Admitted && a.Word != StandHeldBack {
				whom = append(whom, a.Agent)
			}
		}
		if !o.Open && len(whom) > 0 {
			return fmt.Sprintf(" The next step opens in %s, to %s.", span(ms(o.InMS)), names(whom))
		}
	}
	return ""
}

// tally counts the admitted by what they do.
func tally(all []Candidate) string {
	var words []string
	count := map[string]int{}
	for _, a := range all {
		if a.Admitted {
			if count[a.Word] == 0 {
				words = append(words, a.Word)
			}
			count[a.Word]++
		}
	}
	slices.Sort(words)
	for i, w := range words {
		words[i] = fmt.Sprintf("%d %s", count[w], plain(w))
	}
	return strings.Join(words, ", ")
}

// named is how many a sentence names.
const named = 5

func names(all []string) string {
	switch n := len(all); {
	case n > named:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:named], ", "), n-named)
	case n > 1:
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	return strings.Join(all, "")
}

func are(all []string) string {
	if len(all) > 1 {
		return names(all) + " are"
	}
	return names(all) + " is"
}
