package directory

import (
	"slices"
	"strings"
	"time"

	"holdline/queue"
)

const (
	// byMembers and bySkills are the values of queues.membership.
	byMembers = "members"
	bySkills  = "skills"

	// byBridge and byDialplan are the values of queues.connect.
	byBridge   = "bridge"
	byDialplan = "dialplan"

	defaultStrategy = "longest-available"
	exitKeys        = "0123456789*#ABCD"
	maxWaiting      = 1_000_000
	maxMisses       = 100
	maxWeight       = 1000
)

// serving is what a queue says about who serves it.
type serving struct {
	membership string
	weight     int
}

func projectQueue(row queueRow, needs []queue.NeedSpec, problems *Problems) (spec queue.QueueSpec, rule serving, ok bool) {
	spec, rule = row.spec, serving{row.membership, row.weight}
	if err := queue.ValidName(spec.Name); err != nil {
		problems.add("queues", spec.Name, "left out: %v", err)
		return spec, rule, false
	}
	for _, n := range needs {
		if n.Name == defaultNeed {
			spec.Need = n.ID
		}
	}
	if spec.Need == 0 {
		problems.add("queues", spec.Name, "left out: it has no usable need %q; INSERT it into needs", defaultNeed)
		return spec, rule, false
	}
	r := correction{"queues", spec.Name, problems}
	r.word("medium", (*string)(&spec.Medium), string(queue.Voice), string(queue.Chat))
	r.word("strategy", &spec.Strategy, defaultStrategy, queue.Strategies()...)
	r.word("connect", &spec.Connect, byBridge, byDialplan)
	// Of the two the narrower: nobody is rung who was not named.
	r.word("membership", &rule.membership, byMembers, bySkills)
	r.number("weight", &rule.weight, 0, maxWeight)
	r.number("ring_most", &spec.RingMost, 1, queue.LegsPerOffer)
	r.number("max_misses", &spec.MaxMisses, 0, maxMisses)
	r.number("max_waiting", &spec.MaxWaiting, 0, maxWaiting)
	for _, t := range []struct {
		column string
		value  *time.Duration
	}{
		{"timeout", &spec.Timeout}, {"announce", &spec.Announce}, {"announce_first", &spec.AnnounceFirst},
		{"announce_min", &spec.AnnounceMin}, {"ring_time", &spec.RingTimeout}, {"retry", &spec.Retry},
		{"wrap_up", &spec.WrapUp}, {"redial_s", &spec.Redial}, {"target", &spec.Target}, {"overflow_after", &spec.OverflowAfter},
		{"credit_returned", &spec.CreditReturned}, {"credit_moved", &spec.CreditMoved}, {"credit_redialled", &spec.CreditRedialled},
	} {
		r.time(t.column, t.value)
	}
	spec.JoinEmpty = only(r, "join_empty", spec.JoinEmpty, queue.EmptyRules)
	spec.LeaveEmpty = only(r, "leave_empty", spec.LeaveEmpty, queue.EmptyRules)
	spec.ExitKeys = strings.Join(only(r, "exit_keys", strings.Split(spec.ExitKeys, ""), strings.Split(exitKeys, "")), "")
	return spec, rule, true
}

// projectOverflow takes away overflows that lead nowhere. It sees all queues, because
// one that was left out takes nobody.
func projectOverflow(queues []queue.QueueSpec, problems *Problems) {
	for i := range queues {
		q, why := &queues[i], ""
		to := slices.IndexFunc(queues, func(other queue.QueueSpec) bool { return other.Name == q.OverflowTo })
		switch {
		case q.OverflowTo == "":
			continue
		case to < 0:
			why = "it is not there or left out"
		case to == i:
			why = "it is the queue itself"
		case queues[to].Medium != q.Medium:
			why = "it is of another medium"
		default:
			continue
		}
		problems.add("queues", q.Name, "overflow_to %q taken as none: %s", q.OverflowTo, why)
		q.OverflowTo = ""
	}
}
