package queue

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const byServiceLevel = "service-level"

// options renders the pool's settings for the scripts (lua/lib/core.lua).
func (p PoolSpec) options() string {
	var o string
	if p.Priority == "strict" {
		o += "s"
	}
	if p.Order == byServiceLevel {
		o += "l"
	}
	if p.PauseKeeps {
		o += "k"
	}
	return o
}

// check says all that makes no sense in a projection. Nothing of one that does not pass
// is written.
func (d Projection) check() error {
	var bad []error
	add := func(format string, args ...any) {
		bad = append(bad, fmt.Errorf("%w: "+format, append([]any{ErrSpec}, args...)...))
	}
	if d.Version < 1 {
		add("version %d", d.Version)
	}
	if !slices.Contains([]string{"", "credit", "strict"}, d.Pool.Priority) {
		add("pool: priority %q", d.Pool.Priority)
	}
	if !slices.Contains([]string{"", "arrival", byServiceLevel}, d.Pool.Order) {
		add("pool: order %q", d.Pool.Order)
	}
	needs, queues, agents := map[int64]NeedSpec{}, map[string]bool{}, map[string]bool{}
	names := map[[2]string]bool{}
	for _, n := range d.Needs {
		if _, twice := needs[n.ID]; twice || names[[2]string{n.Queue, n.Name}] {
			add("need %d (%q of queue %s) twice", n.ID, n.Name, n.Queue)
		}
		needs[n.ID], names[[2]string{n.Queue, n.Name}] = n, true
		bad = append(bad, n.check())
	}
	for _, q := range d.Queues {
		if queues[q.Name] {
			add("queue %s twice", q.Name)
		}
		queues[q.Name] = true
	}
	for _, q := range d.Queues {
		bad = append(bad, q.check(needs, queues))
	}
	for _, n := range d.Needs {
		if !queues[n.Queue] {
			add("need %d: no queue %q", n.ID, n.Queue)
		}
	}
	for _, a := range d.Agents {
		if agents[a.ID] {
			add("agent %s twice", a.ID)
		}
		agents[a.ID] = true
		bad = append(bad, a.check(needs))
	}
	return errors.Join(bad...)
}

func (n NeedSpec) check() error {
	switch {
	case n.ID < 1 || n.ID > needIDMax:
		return fmt.Errorf("%w: need id %d", ErrSpec, n.ID)
	case n.Name != "" && ValidName(n.Name) != nil:
		return fmt.Errorf("%w: need %d: %w", ErrSpec, n.ID, ValidName(n.Name))
	case len(n.Steps) > StepsMax:
		return fmt.Errorf("%w: need %d: %d steps, more than %d", ErrSpec, n.ID, len(n.Steps), StepsMax)
	}
	for i := 1; i < len(n.Steps); i++ {
		if n.Steps[i].After <= n.Steps[i-1].After {
			return fmt.Errorf("%w: need %d: step %d is not after step %d", ErrSpec, n.ID, i, i-1)
		}
	}
	if r := n.Reserve; r != nil && (r.Skill == "" || r.Keep < 1 || r.Keep > 99 || r.Until < time.Millisecond || r.Until > timeMax) {
		return fmt.Errorf("%w: need %d: reserve %+v: want a skill, 1 to 99 agents, a time", ErrSpec, n.ID, *r)
	}
	return nil
}

// StepsMax bounds the steps of a need; delays and reserves add to them, up to 100.
const StepsMax = 50

const timeMax = 7 * 24 * time.Hour

// EmptyRules are the words that QueueSpec.JoinEmpty and LeaveEmpty may have.
var EmptyRules = []string{"logged_out", "paused", "wrap_up", "not_responding", "busy", "later"}

func (q QueueSpec) check(needs map[int64]NeedSpec, queues map[string]bool) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: queue %s: "+format, append([]any{ErrSpec, q.Name}, args...)...)
	}
	if err := ValidName(q.Name); err != nil {
		return fmt.Errorf("%w: queue: %w", ErrSpec, err)
	}
	if n, ok := needs[q.Need]; !ok || n.Queue != q.Name {
		return bad("no need %d", q.Need)
	}
	if _, ok := strategies[q.Strategy]; !ok {
		return bad("strategy %q", q.Strategy)
	}
	if _, ok := mediumLetters[q.Medium]; !ok {
		return bad("medium %q", q.Medium)
	}
	if q.Connect != "" && q.Connect != "bridge" && q.Connect != "dialplan" {
		return bad("connect %q", q.Connect)
	}
	for _, t := range []time.Duration{q.Timeout, q.Announce, q.AnnounceFirst, q.AnnounceMin, q.RingTimeout, q.Retry, q.WrapUp,
		q.Redial, q.Target, q.OverflowAfter, q.CreditReturned, q.CreditMoved, q.CreditRedialled} {
		if t < 0 || t > timeMax {
			return bad("duration %s", t)
		}
	}
	if q.MaxWaiting < 0 || q.RingMost < 0 || q.RingMost > LegsPerOffer {
		return bad("%d may wait, %d ring at most", q.MaxWaiting, q.RingMost)
	}
	for _, word := range slices.Concat(q.JoinEmpty, q.LeaveEmpty) {
		if !slices.Contains(EmptyRules, word) {
			return bad("empty rule %q", word)
		}
	}
	if q.OverflowTo != "" && (!queues[q.OverflowTo] || q.OverflowTo == q.Name) {
		return bad("overflow to %q", q.OverflowTo)
	}
	if strings.Trim(q.ExitKeys, "0123456789*#ABCD") != "" {
		return bad("exit keys %q", q.ExitKeys)
	}
	return nil
}

func (a AgentSpec) check(needs map[int64]NeedSpec) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: agent %s: "+format, append([]any{ErrSpec, a.ID}, args...)...)
	}
	if err := ValidName(a.ID); err != nil {
		return fmt.Errorf("%w: agent: %w", ErrSpec, err)
	}
	for m, n := range a.Capacity {
		if _, ok := mediumLetters[m]; !ok || m == "" || n < 0 || n > 99 {
			return bad("capacity of %q %d", m, n)
		}
	}
	for _, m := range a.Beside {
		if _, ok := mediumLetters[m]; !ok || m == "" {
			return bad("beside %q", m)
		}
	}
	if r := a.Restore; r != nil && !slices.Contains([]Mode{Ready, Paused, NotResponding, LoggedOut}, r.Mode) {
		return bad("restored mode %q", r.Mode)
	}
	seen := map[int64]bool{}
	for _, p := range a.Places {
		n, ok := needs[p.Need]
		switch {
		case !ok:
			return bad("no need %d", p.Need)
		case seen[p.Need]:
			return bad("need %d twice", p.Need)
		case p.Tier < 0 || p.Tier > 99 || p.Step < 0 || p.Step >= max(1, len(n.Steps)):
			return bad("tier %d step %d of need %d", p.Tier, p.Step, p.Need)
		case p.Delay < 0 || p.Delay > timeMax || p.Priority < 0 || p.Priority > 99 || p.Weight < 0 || p.Weight > WeightMax ||
			p.Position < 0 || p.Position > 9999:
			return bad("place %+v", p)
		}
		seen[p.Need] = true
	}
	return nil
}

type queueRecord struct {
	ID              int64  `json:"id"`
	Need            string `json:"need"` // its line
	TimeoutMS       int64  `json:"timeout_ms"`
	AnnounceMS      int64  `json:"announce_ms"`
	AnnounceFirstMS int64  `json:"announce_first_ms"`
	AnnounceMinMS   int64  `json:"announce_min_ms"`
	RedialMS        int64  `json:"redial_ms"`
	TargetMS        int64  `json:"target_ms"`
	Strategy        string `json:"strategy"`
	Language        string `json:"language"`
	Open            bool   `json:"open"`
	MaxWaiting      int    `json:"max_waiting"`
	JoinEmpty       string `json:"join_empty"`
	LeaveEmpty      string `json:"leave_empty"`
	OverflowTo      string `json:"overflow_to"`
	OverflowMS      int64  `json:"overflow_ms"`
	ExitKeys        string `json:"exit_keys,omitempty"`
	CreditMoved     int64  `json:"credit_moved_ms"`
	CreditRedialled int64  `json:"credit_redialled_ms"`
}

// ringRecord is what an offer needs of its queue: it is read with each.
type ringRecord struct {
	RingMS         int64  `json:"ring_ms"`
	RetryMS        int64  `json:"retry_ms"`
	WrapUpMS       int64  `json:"wrap_up_ms"`
	MaxMisses      int    `json:"max_misses"`
	Connect        string `json:"connect,omitempty"`
	Music          string `json:"music"`
	RingMost       int    `json:"ring_most,omitempty"`
	CreditReturned int64  `json:"credit_ms,omitempty"`
}

func (q QueueSpec) ring() ringRecord {
	return ringRecord{
		RingMS: cmp.Or(q.RingTimeout.Milliseconds(), RingMS), RetryMS: cmp.Or(q.Retry.Milliseconds(), RetryMS),
		WrapUpMS: q.WrapUp.Milliseconds(), MaxMisses: q.MaxMisses, Connect: q.Connect, Music: cmp.Or(q.Music, "default"),
		RingMost: q.RingMost, CreditReturned: q.CreditReturned.Milliseconds(),
	}
}

func (q QueueSpec) record(line string) queueRecord {
	or := func(d time.Duration, ms int64) int64 { return cmp.Or(d.Milliseconds(), ms) }
	return queueRecord{
		ID: q.ID, Need: line, TimeoutMS: q.Timeout.Milliseconds(), AnnounceMS: q.Announce.Milliseconds(),
		AnnounceFirstMS: or(q.AnnounceFirst, AnnounceFirstMS), AnnounceMinMS: or(q.AnnounceMin, AnnounceMinMS),
		RedialMS: q.Redial.Milliseconds(), TargetMS: cmp.Or(q.Target, DefaultTarget).Milliseconds(),
		Strategy: q.Strategy, Language: q.Language, Open: q.Open, MaxWaiting: q.MaxWaiting, JoinEmpty: strings.Join(q.JoinEmpty, ","), LeaveEmpty: strings.Join(q.LeaveEmpty, ","),
		OverflowTo: Escape(q.OverflowTo), OverflowMS: q.OverflowAfter.Milliseconds(), ExitKeys: q.ExitKeys,
		CreditMoved: q.CreditMoved.Milliseconds(), CreditRedialled: q.CreditRedialled.Milliseconds(),
	}
}

// decodeQueue reads a queue's two records.
func decodeQueue(name, record, ring string) (QueueSpec, error) {
	var r queueRecord
	if err := parse(record, &r, "queue"); err != nil {
		return QueueSpec{}, err
	}
	var o ringRecord
	if err := parse(ring, &o, "ring"); err != nil {
		return QueueSpec{}, err
	}
	need, _ := needOfLine(r.Need)
	return QueueSpec{
		Name: Unescape(name), ID: r.ID, Need: need, Medium: mediumOfLine(r.Need), Timeout: ms(r.TimeoutMS),
		Announce: ms(r.AnnounceMS), AnnounceFirst: ms(r.AnnounceFirstMS), AnnounceMin: ms(r.AnnounceMinMS),
		RingTimeout: ms(o.RingMS), Retry: ms(o.RetryMS), WrapUp: ms(o.WrapUpMS), Redial: ms(r.RedialMS), Target: ms(r.TargetMS),
		MaxMisses: o.MaxMisses, Connect: o.Connect, Music: o.Music, Strategy: r.Strategy, RingMost: o.RingMost,
		Language: r.Language, Open: r.Open, MaxWaiting: r.MaxWaiting, JoinEmpty: split(r.JoinEmpty), LeaveEmpty: split(r.LeaveEmpty),
		OverflowTo: Unescape(r.OverflowTo), OverflowAfter: ms(r.OverflowMS), ExitKeys: r.ExitKeys,
		CreditReturned: ms(o.CreditReturned), CreditMoved: ms(r.CreditMoved), CreditRedialled: ms(r.CreditRedialled),
	}, nil
}
