package directory

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"holdline/queue"
)

// The rows of one pool as they stand in the tables.
type (
	queueRow struct {
		spec       queue.QueueSpec // without its Need
		membership string
		weight     int // contacts of a queue of more weight come first
	}
	needRow struct {
		id          int64
		queue, name string
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
		penalty      int
	}
)

// tables is everything a projection of one pool is made of.
type tables struct {
	version     int64
	domain      string
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
	queryDomain = `SELECT sip_domain FROM pools WHERE name = ?`
	queryQueues = `SELECT id, name, open, weight, membership, IF(ring_group = 1, 'ring-all', strategy), timeout, announce,
		announce_first, announce_min, ring_time, retry, wrap_up, redial_s, max_misses, connect, music, language
		FROM queues WHERE pool = ? ORDER BY name`
	queryNeeds       = `SELECT id, queue, name FROM needs WHERE pool = ? ORDER BY id`
	querySteps       = `SELECT queue, need, step, starts_after, max_penalty FROM need_steps WHERE pool = ? ORDER BY queue, need, step`
	queryNeedSkills  = `SELECT queue, need, step, skill, min_level FROM need_skills WHERE pool = ? ORDER BY queue, need, step, skill`
	queryAgents      = `SELECT id, name, capacity, wrap_up, always_in FROM agents WHERE pool = ? AND enabled = 1 ORDER BY id`
	queryAgentSkills = `SELECT agent, skill, level FROM agent_skills WHERE pool = ? ORDER BY agent, skill`
	queryMembers     = `SELECT queue, agent, penalty FROM queue_members WHERE pool = ? ORDER BY queue, agent`
)

// read takes all rows of the pool; q is a snapshot.
func read(ctx context.Context, q querier, pool string) (t tables, err error) {
	// The version first: it opens the snapshot.
	if t.version, err = version(ctx, q); err != nil {
		return t, fmt.Errorf("read directory_version: %w", err)
	}
	domains, err := list(ctx, q, queryDomain,
		func(scan scanner) (d string, err error) { err = scan(&d); return d, err }, pool)
	switch {
	case err != nil:
		return t, fmt.Errorf("read pools: %w", err)
	case len(domains) == 0:
		return t, ErrNoPool
	}
	t.domain = domains[0]
	if t.queues, err = list(ctx, q, queryQueues, readQueue, pool); err != nil {
		return t, fmt.Errorf("read queues: %w", err)
	}
	if t.needs, err = list(ctx, q, queryNeeds, func(scan scanner) (r needRow, err error) {
		err = scan(&r.id, &r.queue, &r.name)
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
		err = scan(&r.queue, &r.agent, &r.penalty)
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
	var timeout, announce, first, least, ring, retry, wrapUp, redial int
	err = scan(&s.ID, &s.Name, &s.Open, &r.weight, &r.membership, &s.Strategy, &timeout, &announce,
		&first, &least, &ring, &retry, &wrapUp, &redial, &s.MaxMisses, &s.Connect, &s.Music, &s.Language)
	s.Timeout, s.Announce = seconds(timeout), seconds(announce)
	s.AnnounceFirst, s.AnnounceMin = seconds(first), seconds(least)
	s.RingTimeout, s.Retry, s.WrapUp = seconds(ring), seconds(retry), seconds(wrapUp)
	s.Redial = seconds(redial)
	return r, err
}

func readAgent(scan scanner) (a queue.AgentSpec, err error) {
	var wrapUp sql.NullInt64
	var capacity int
	err = scan(&a.ID, &a.Name, &capacity, &wrapUp, &a.AlwaysIn)
	a.Capacity = map[queue.Medium]int{queue.Voice: capacity}
	if wrapUp.Valid {
		own := seconds(int(wrapUp.Int64))
		a.WrapUp = &own
	}
	return a, err
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
