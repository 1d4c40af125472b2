package directory

import (
	"fmt"
	"testing"
	"time"

	"holdline/queue"
)

// TestProblems: each bad row is named, costs no other row, and leaves a
// projection that the queue takes.
func TestProblems(t *testing.T) {
	tests := []struct {
		name   string
		edit   func(*tables)
		want   string
		queues int
		needs  int
		agents int
	}{
		{"strategy of a newer schema", func(t *tables) { t.queues[0].spec.Strategy = "psychic" },
			`queues q: strategy "psychic" is unknown to this version: taken as longest-available`, 1, 1, 1},
		{"connect mode of a newer schema", func(t *tables) { t.queues[0].spec.Connect = "beam" },
			`queues q: connect "beam" is unknown to this version: taken as bridge`, 1, 1, 1},
		{"membership of a newer schema", func(t *tables) { t.queues[0].membership = "vote" },
			`queues q: membership "vote" is unknown to this version: taken as members`, 1, 1, 1},
		{"negative time", func(t *tables) { t.queues[0].spec.Retry = -time.Second },
			`queues q: retry of -1s taken as 0s`, 1, 1, 1},
		{"endless time", func(t *tables) { t.queues[0].spec.Timeout = 1e6 * time.Hour },
			`queues q: timeout of 1000000h0m0s taken as 24h0m0s`, 1, 1, 1},
		{"queue without a name", func(t *tables) { t.queues[0].spec.Name = " x" },
			`queues  x: left out: bad name: " x" begins or ends with a space`, 0, 0, 1},
		{"queue without the need default", func(t *tables) { t.needs[0].name = "vip"; t.steps[0].need = "vip" },
			`queues q: left out: it has no usable need "default"; INSERT it into needs`, 0, 0, 1},
		{"need without step 0", func(t *tables) {
			t.needs = append(t.needs, needRow{id: 2, queue: "q", name: "vip"})
			t.steps = append(t.steps, stepRow{"q", "vip", 1, 5, 99})
		}, `need_steps q/vip: step 1 and later left out: step 0 must start after 0 seconds; ` +
			`needs q/vip: left out: it has no step 0; INSERT it into need_steps`, 1, 1, 1},
		{"need's number too long", func(t *tables) { t.needs = append(t.needs, needRow{id: maxNeed + 1, queue: "q", name: "vip"}) },
			`needs q/vip: left out: its id 60466176 is not in 1..60466175`, 1, 1, 1},
		{"need without a name", func(t *tables) { t.needs = append(t.needs, needRow{id: 2, queue: "q", name: ""}) },
			`needs q/: left out: bad name: empty`, 1, 1, 1},
		{"gap in the steps", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 2, 5, 99}) },
			`need_steps q/default: step 2 and later left out: the step before it is missing`, 1, 1, 1},
		{"step that does not come later", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 1, 0, 99}) },
			`need_steps q/default: step 1 and later left out: it does not start later than the step before`, 1, 1, 1},
		{"step with a lower penalty limit", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 1, 5, 9}) },
			`need_steps q/default: step 1 and later left out: its max_penalty is lower than that of the step before`, 1, 1, 1},
		{"step that requires more", func(t *tables) {
			t.steps = append(t.steps, stepRow{"q", "default", 1, 5, 99})
			t.needSkills = []needSkillRow{{"q", "default", 1, "x", 1}}
		}, `need_steps q/default: step 1 and later left out: it requires more of x than the step before`, 1, 1, 1},
		{"penalty limit of three digits", func(t *tables) { t.steps[0].maxPenalty = 100 },
			`need_steps q/default: step 0 and later left out: max_penalty is not in 0..99; ` +
				`needs q/default: left out: it has no step 0; INSERT it into need_steps; ` +
				`queues q: left out: it has no usable need "default"; INSERT it into needs`, 0, 0, 1},
		{"penalty of three digits", func(t *tables) { t.members = []memberRow{member("q", "a", 100)} },
			`queue_members q/a: left out: penalty 100 is not in 0..99`, 1, 1, 1},
		{"agent without a name", func(t *tables) { t.agents = append(t.agents, queue.AgentSpec{ID: "a\n"}) },
			"agents a\n: left out: bad name: \"a\\n\" begins or ends with a space", 1, 1, 1},
		{"agent with no capacity", func(t *tables) { t.agents[0].Capacity = capacity(0, 3) },
			`agents a: capacity 0 taken as 1`, 1, 1, 1},
		{"priority of a newer schema", func(t *tables) { t.pool.spec.Priority = "loud" },
			`pools demo: priority "loud" is unknown to this version: taken as credit`, 1, 1, 1},
		{"order of a newer schema", func(t *tables) { t.pool.spec.Order = "beauty" },
			`pools demo: contact_order "beauty" is unknown to this version: taken as arrival`, 1, 1, 1},
		{"medium of a newer schema", func(t *tables) { t.queues[0].spec.Medium = "video" },
			`queues q: medium "video" is unknown to this version: taken as voice`, 1, 1, 1},
		{"weight without a bound", func(t *tables) { t.queues[0].weight = -1 },
			`queues q: weight -1 taken as 0`, 1, 1, 1},
		{"more phones than an offer has legs", func(t *tables) { t.queues[0].spec.RingMost = 51 },
			`queues q: ring_most 51 taken as 50`, 1, 1, 1},
		{"negative misses", func(t *tables) { t.queues[0].spec.MaxMisses = -1 },
			`queues q: max_misses -1 taken as 0`, 1, 1, 1},
		{"less than nobody may wait", func(t *tables) { t.queues[0].spec.MaxWaiting = -1 },
			`queues q: max_waiting -1 taken as 0`, 1, 1, 1},
		{"negative target", func(t *tables) { t.queues[0].spec.Target = -time.Second },
			`queues q: target of -1s taken as 0s`, 1, 1, 1},
		{"endless overflow", func(t *tables) { t.queues[0].spec.OverflowAfter = 25 * time.Hour },
			`queues q: overflow_after of 25h0m0s taken as 24h0m0s`, 1, 1, 1},
		{"negative credits", func(t *tables) {
			q := &t.queues[0].spec
			q.CreditReturned, q.CreditMoved, q.CreditRedialled = -time.Second, -time.Second, -time.Second
		}, `queues q: credit_returned of -1s taken as 0s; queues q: credit_moved of -1s taken as 0s; ` +
			`queues q: credit_redialled of -1s taken as 0s`, 1, 1, 1},
		{"empty rules of a newer schema", func(t *tables) {
			t.queues[0].spec.JoinEmpty, t.queues[0].spec.LeaveEmpty = []string{"asleep", "paused"}, []string{""}
		}, `queues q: join_empty: "asleep" is unknown to this version: left out; ` +
			`queues q: leave_empty: "" is unknown to this version: left out`, 1, 1, 1},
		{"exit key that no phone has", func(t *tables) { t.queues[0].spec.ExitKeys = "0E" },
			`queues q: exit_keys: "E" is unknown to this version: left out`, 1, 1, 1},
		{"overflow to itself", func(t *tables) { t.queues[0].spec.OverflowTo = "q" },
			`queues q: overflow_to "q" taken as none: it is the queue itself`, 1, 1, 1},
		{"overflow to nowhere", func(t *tables) { t.queues[0].spec.OverflowTo = "x" },
			`queues q: overflow_to "x" taken as none: it is not there or left out`, 1, 1, 1},
		{"overflow to another medium", func(t *tables) {
			chats := usual("chats", bySkills)
			chats.spec.Medium = queue.Chat
			t.queues[0].spec.OverflowTo = "chats"
			t.queues = append(t.queues, chats)
			t.needs = append(t.needs, needRow{id: 2, queue: "chats", name: "default"})
			t.steps = append(t.steps, stepRow{"chats", "default", 0, 0, 99})
		}, `queues q: overflow_to "chats" taken as none: it is of another medium`, 2, 2, 1},
		{"step that starts in a week", func(t *tables) { t.steps = append(t.steps, stepRow{"q", "default", 1, 604800, 99}) },
			`need_steps q/default: step 1 and later left out: starts_after is not in 0..86400`, 1, 1, 1},
		{"steps too many", func(t *tables) {
			for i := 1; i < 22; i++ {
				t.steps = append(t.steps, stepRow{"q", "default", i, i, 99})
			}
		}, `need_steps q/default: step 20 and later left out: a need has 20 steps at most`, 1, 1, 1},
		{"half a reserve", func(t *tables) { t.needs[0].reserve = reserveOf("x", 2, 30); t.needs[0].reserve.until.Valid = false },
			`needs q/default: reserve left out: it needs reserve_skill, reserve_keep and reserve_until; UPDATE all three or SET them to NULL`, 1, 1, 1},
		{"reserve of nobody", func(t *tables) { t.needs[0].reserve = reserveOf("x", 0, 30) },
			`needs q/default: reserve left out: reserve_keep 0 is not in 1..99`, 1, 1, 1},
		{"reserve for no time", func(t *tables) { t.needs[0].reserve = reserveOf("x", 2, 0) },
			`needs q/default: reserve left out: reserve_until of 0s is not in 1s..24h0m0s`, 1, 1, 1},
		{"member's numbers out of their bounds", func(t *tables) {
			t.members = []memberRow{{"q", "a", queue.Place{Priority: 100, Delay: -time.Second, Weight: 0, Position: 10_000}}}
		}, `queue_members q/a: priority 100 taken as 99; queue_members q/a: delay of -1s taken as 0s; ` +
			`queue_members q/a: weight 0 taken as 1; queue_members q/a: position 10000 taken as 9999`, 1, 1, 1},
		{"31 different delays", func(t *tables) {
			for i := range 31 {
				m := member("q", fmt.Sprint("b", i), 0)
				m.place.Delay = seconds(i + 1)
				t.members = append(t.members, m)
			}
		}, `queue_members q/b0: delay of 1s taken as 2s: the queue has more than 30 different ones`, 1, 1, 1},
		{"agent with a negative number of chats", func(t *tables) { t.agents[0].Capacity = capacity(1, -1) },
			`agents a: chat_capacity -1 taken as 0`, 1, 1, 1},
		{"beside of a newer schema", func(t *tables) { t.agents[0].Beside = []queue.Medium{"video", queue.Chat} },
			`agents a: beside: "video" is unknown to this version: left out`, 1, 1, 1},
		{"agent with a negative wrap-up", func(t *tables) { w := -time.Minute; t.agents[0].WrapUp = &w },
			`agents a: wrap_up of -1m0s taken as 0s`, 1, 1, 1},
	}
	accept := takes(t)
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			rows := small(bySkills)
			c.edit(&rows)
			p, problems := project(rows)
			if got := problems.String(); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if len(p.Queues) != c.queues || len(p.Needs) != c.needs || len(p.Agents) != c.agents {
				t.Errorf("kept %d queues, %d needs, %d agents; want %d, %d, %d",
					len(p.Queues), len(p.Needs), len(p.Agents), c.queues, c.needs, c.agents)
			}
			if err := accept(p); err != nil {
				t.Error(err)
			}
		})
	}
}
