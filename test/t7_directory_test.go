//go:build stack

package test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// An agent who is logged in lacks the skill that a waiting caller needs. One row
// more in agent_skills, and their phone rings within two seconds.
func TestInsertedSkillRingsWithinTwoSeconds(t *testing.T) {
	s := NewShift(t, Queue{"membership": "skills", "announce": 0})
	skill := s.desk.skill()
	s.desk.insert(t, "skills", map[string]any{"pool": poolName, "name": skill})
	s.desk.insert(t, "need_skills", map[string]any{
		"pool": poolName, "queue": s.desk.queue, "need": "default", "step": 0, "skill": skill, "min_level": 5,
	})
	s.Hire("ann", kamailio2, false)
	s.Do(AllLoggedIn("ann"))
	s.Do(CallersArrive("alice"))
	s.Never(2*time.Second, Rings("ann"))
	grant := func(level int) Action {
		return Action{fmt.Sprintf("an INSERT gives ann the skill at level %d", level), func(s *Shift) (time.Time, error) {
			err := s.desk.tryInsert(s.t.Context(), "agent_skills", map[string]any{
				"pool": poolName, "agent": s.who("ann").id, "skill": skill, "level": level,
			})
			return time.Now(), err
		}}
	}
	s.Do(grant(7))
	s.Within(2*time.Second, RingsWith("ann", "alice"))
	s.Within(6*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
}

// A nonsense row is refused by the database, and the message says what is wrong.
func TestNonsenseIsRefused(t *testing.T) {
	s := NewShift(t, nil)
	s.Hire("ann", kamailio1, true)
	skill := s.desk.skill()
	s.desk.insert(t, "skills", map[string]any{"pool": poolName, "name": skill})
	for _, row := range []struct {
		table   string
		columns map[string]any
		says    string
	}{
		{"agent_skills", map[string]any{"agent": s.who("ann").id, "skill": skill, "level": 99}, "agent_skills.level"},
		{"agent_skills", map[string]any{"agent": s.who("ann").id, "skill": "juggling", "level": 5}, "juggling"},
		{"agents", map[string]any{"id": s.desk.exten + "-two words"}, "agents.id"},
		{"queues", map[string]any{"name": s.desk.exten + "-x", "strategy": "whoever"}, "strategy"},
		{"queue_members", map[string]any{"queue": s.desk.queue, "agent": "nobody"}, "nobody"},
	} {
		row.columns["pool"] = poolName
		err := s.desk.tryInsert(t.Context(), row.table, row.columns)
		s.Check(err != nil && strings.Contains(err.Error(), row.says), "a nonsense row in %s is refused and told about: %v", row.table, err)
	}
}

// MySQL is stopped: nothing that waits, talks or registers notices.
func TestMySQLStopped(t *testing.T) {
	s := NewShift(t, Queue{"announce": 0, "wrap_up": 1})
	s.Staff("ann", "ben")
	s.Do(AllLoggedIn("ann"))
	s.Do(CallerArrives("alice"))
	s.Within(5*time.Second, Hears("alice", "ann"), Hears("ann", "alice"))
	s.Do(CallersArrive("bob"))

	t.Cleanup(func() { s.startMySQL() })
	s.Do(Action{"MySQL stops", func(s *Shift) (time.Time, error) {
		_, err := s.stack.compose("stop", "mysql")
		return time.Now(), err
	}})
	s.Check(s.who("alice").running() != nil, "alice still talks")
	s.Do(Action{"both phones register anew", func(s *Shift) (time.Time, error) {
		ctx, cancel := context.WithTimeout(s.t.Context(), patience)
		defer cancel()
		for _, name := range []string{"ann", "ben"} {
			phone := s.who(name).phone
			if err := phone.Unregister(ctx); err != nil {
				return time.Now(), err
			}
			s.bound(phone, false)
			if err := phone.Register(ctx); err != nil {
				return time.Now(), err
			}
			s.bound(phone, true)
		}
		return time.Now(), nil
	}})
	// Who waited is served, and who comes now as well.
	s.Do(LogsIn("ben"))
	s.Within(500*time.Millisecond, RingsWith("ben", "bob"))
	s.Within(5*time.Second, Hears("bob", "ben"), Hears("ben", "bob"))
	s.Do(HangsUp("alice"))
	hungUp := s.Last()
	s.Do(CallerArrives("carl"))
	s.From(hungUp).Within(2*time.Second, RingsWith("ann", "carl"))
	s.Within(7*time.Second, Hears("carl", "ann"), Hears("ann", "carl"))
	s.Check(s.who("bob").running() != nil, "bob still talks")
}

// startMySQL starts it again and waits until it answers.
func (s *Shift) startMySQL() {
	if _, err := s.stack.compose("start", "mysql"); err != nil {
		s.t.Errorf("start MySQL: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	if err := until(ctx, func() bool { return s.stack.db.PingContext(ctx) == nil }); err != nil {
		s.t.Errorf("MySQL does not come back: %v", err)
	}
}
