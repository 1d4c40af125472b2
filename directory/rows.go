package directory

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"holdline/queue"
)

// The rows of one pool as they stand in the tables.
type (
	poolRow struct {
		name, domain string
		spec         queue.PoolSpec
	}
	queueRow struct {
		spec       queue.QueueSpec // without its Need
		membership string
		weight     int // contacts of a queue of more weight come first
	}
	needRow struct {
		id          int64
		queue, name string
		reserve     reserveRow
	}
	// reserveRow is all NULL where nobody is held back.
	reserveRow struct {
		skill       sql.NullString
		keep, until sql.NullInt32 // agents, seconds
	}
	stepRow struct {
		queue, need string
		step        int
		after       int // seconds
		maxPenalty  int
	}
	needSkillRow struct {
		queue, need string
		step        int
		skill       string
		level       int
	}
	agentSkillRow struct {
		agent, skill string
		level        int
	}
	memberRow struct {
		queue, agent string
		place        queue.Place // without its Need and Step; the Priority is the column's
	}
)

// tables is everything a projection of one pool is made of.
type tables struct {
	version     int64
	pool        poolRow
	queues      []queueRow
	needs       []needRow
	steps       []stepRow
	needSkills  []needSkillRow
	agents      []queue.AgentSpec // without their Places and Skills
	agentSkills []agentSkillRow
	members     []memberRow
	modes       []modeRow
}

const (
	queryPool   = `SELECT name, sip_domain, priority, contact_order, pause_keeps FROM pools WHERE name = ?`
	queryQueues = `SELECT id, name, open, weight, membership, medium, IF(ring_group = 1, 'ring-all', strategy), ring_most, target,
		timeout, announce, announce_first, announce_min, ring_time, retry, wrap_up, redial_s, max_misses, connect, music, language,
		max_waiting, join_empty, leave_empty, COALESCE(overflow_to, ''), overflow_after, exit_keys,
		credit_returned, credit_moved, credit_redialled
		FROM queues WHERE pool = ? ORDER BY name`
	queryNeeds       = `SELECT id, queue, name, reserve_skill, reserve_keep, reserve_until FROM needs WHERE pool = ? ORDER BY id`
	querySteps       = `SELECT queue, need, step, starts_after, max_penalty FROM need_steps WHERE pool = ? ORDER BY queue, need, step`
	queryNeedSkills  = `SELECT queue, need, step, skill, min_level FROM need_skills WHERE pool = ? ORDER BY queue, need, step, skill`
	queryAgents      = `SELECT id, name, capacity, chat_capacity, beside, wrap_up, always_in FROM agents WHERE pool = ? AND enabled = 1 ORDER BY id`
	queryAgentSkills = `SELECT agent, skill, level FROM agent_skills WHERE pool = ? ORDER BY agent, skill`
	queryMembers     = `SELECT queue, agent, penalty, priority, delay, weight, position FROM queue_members WHERE pool = ? ORDER BY queue, agent`
)

// read takes all rows of the pool; q is a snapshot.
func read(ctx context.Context, q querier, pool string) (t tables, err error) {
	// The version first: it opens the snapshot.
	if t.version, err = version(ctx, q); err != nil {
		return t, fmt.Errorf("read directory_version: %w", err)
	}
	pools, err := list(ctx, q, queryPool, func(scan scanner) (r poolRow, err error) {
		err = scan(&r.name, &r.domain, &r.spec.Priority, &r.spec.Order, &r.spec.PauseKeeps)
		return r, err
	}, pool)
	switch {
	case err != nil:
		return t, fmt.Errorf("read pools: %w", err)
	case len(pools) == 0:
		return t, ErrNoPool
	}
	t.pool = pools[0]
	if t.queues, err = list(ctx, q, queryQueues, readQueue, pool); err != nil {
		return t, fmt.Errorf("read queues: %w", err)
	}
	if t.needs, err = list(ctx, q, queryNeeds, func(scan scanner) (r needRow, err error) {
		err = scan(&r.id, &r.queue, &r.name, &r.reserve.skill, &r.reserve.keep, &r.reserve.until)
		return r, err
	}, pool); err != nil {
		return t, fmt.Errorf("read needs: %w", err)
	}
	if t.steps, err = list(ctx, q, querySteps, func(scan scanner) (r stepRow, err error) {
		err = scan(&r.queue, &r.need, &r.step, &r.after, &r.maxPenalty)
		return r, err
	}, pool); err != nil {
		return t, fmt.Errorf("read need_steps: %w", err)
	}
	if t.needSkills, err = list(ctx, q, queryNeedSkills, func(scan scanner) (r needSkillRow, err error) {
		err = scan(&r.queue, &r.need, &r.step, &r.skill, &r.level)
		return r, err
	}, pool); err != nil {
		return t, fmt.Errorf("read need_skills: %w", err)
	}
	if t.agents, err = list(ctx, q, queryAgents, readAgent, pool); err != nil {
		return t, fmt.Errorf("read agents: %w", err)
	}
	if t.agentSkills, err = list(ctx, q, queryAgentSkills, func(scan scanner) (r agentSkillRow, err error) {
		err = scan(&r.agent, &r.skill, &r.level)
		return r, err
	}, pool); err != nil {
		return t, fmt.Errorf("read agent_skills: %w", err)
	}
	if t.members, err = list(ctx, q, queryMembers, func(scan scanner) (r memberRow, err error) {
		p, delay := &r.place, 0
		err = scan(&r.queue, &r.agent, &p.Tier, &p.Priority, &delay, &p.Weight, &p.Position)
		p.Delay = seconds(delay)
		return r, err
	}, pool); err != nil {
		return t, fmt.Errorf("read queue_members: %w", err)
	}
	if t.modes, err = list(ctx, q, queryModes, readMode, pool); err != nil {
		return t, fmt.Errorf("read agent_modes: %w", err)
	}
	return t, nil
}

func readQueue(scan scanner) (r queueRow, err error) {
	s := &r.spec
	var joinEmpty, leaveEmpty string
	err = scan(&s.ID, &s.Name, &s.Open, &r.weight, &r.membership, &s.Medium, &s.Strategy, &s.RingMost, inSeconds(&s.Target),
		inSeconds(&s.Timeout), inSeconds(&s.Announce), inSeconds(&s.AnnounceFirst), inSeconds(&s.AnnounceMin),
		inSeconds(&s.RingTimeout), inSeconds(&s.Retry), inSeconds(&s.WrapUp), inSeconds(&s.Redial),
		&s.MaxMisses, &s.Connect, &s.Music, &s.Language,
		&s.MaxWaiting, &joinEmpty, &leaveEmpty, &s.OverflowTo, inSeconds(&s.OverflowAfter), &s.ExitKeys,
		inSeconds(&s.CreditReturned), inSeconds(&s.CreditMoved), inSeconds(&s.CreditRedialled))
	s.JoinEmpty, s.LeaveEmpty = listed[string](joinEmpty), listed[string](leaveEmpty)
	return r, err
}

func readAgent(scan scanner) (a queue.AgentSpec, err error) {
	var wrapUp sql.NullInt64
	var calls, chats int
	var beside string
	err = scan(&a.ID, &a.Name, &calls, &chats, &beside, &wrapUp, &a.AlwaysIn)
	a.Capacity = map[queue.Medium]int{queue.Voice: calls, queue.Chat: chats}
	a.Beside = listed[queue.Medium](beside)
	if wrapUp.Valid {
		own := seconds(int(wrapUp.Int64))
		a.WrapUp = &own
	}
	return a, err
}

// listed cuts a column of words with commas; an empty one gives nil.
func listed[S ~string](column string) (all []S) {
	if column == "" {
		return nil
	}
	for word := range strings.SplitSeq(column, ",") {
		all = append(all, S(word))
	}
	return all
}

// inSeconds scans a column of seconds.
func inSeconds(d *time.Duration) sql.Scanner { return (*secondsColumn)(d) }

type secondsColumn time.Duration

func (c *secondsColumn) Scan(v any) error {
	var n sql.NullInt64
	err := n.Scan(v)
	*c = secondsColumn(seconds(int(n.Int64)))
	return err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
