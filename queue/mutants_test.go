package queue_test

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdline/queue"
)

var huntMutants = flag.Bool("mutants", false, "run the conformance suite once for each mutant of the scripts")

// mutantEnv names the mutant that the suite runs on.
const mutantEnv = "HOLDLINE_MUTANT"

// A mutant is the engine without one of the things that its promises stand on. The
// suite is to notice, in one of these chapters.
type mutant struct {
	without        string
	file, old, new string
	by             string
}

var mutants = []mutant{
	// Who is offered what.
	{"the fence", "match", "c.attempts + 1, fence + 1", "c.attempts + 1, fence", "matching"},
	{"the fence kept", "match", "'clock', stamp, 'fence', int(fence))", "'clock', stamp)", "matching"},
	{"the check of the agent's record", "match", "elseif stands(m, sub(m, 38)) then", "elseif true then", "matching"},
	{"the check of the agent's score", "match", "return turn_score(kind, a, spec, i) == sub(m, 17, 36)", "return true", "matching"},
	{"the check of the contact's record", "match", "if not c or c.state ~= 'waiting' or waiting_member(c) ~= m then", "if not c then", "matching"},
	{"the capacity check", "lib/agent", "if v < spec.cap_v and (", "if (", "media|matching"},
	{"the capacity check of chats", "lib/agent", "if c < spec.cap_c and (", "if (", "media"},
	{"one medium at a time", "lib/agent", "(c == 0 or string.find(spec.beside, 'v', 1, true))", "true", "media"},
	{"one offer at a time", "lib/agent", "or a.device or a.offer or a.removed", "or a.device or a.removed", "matching|media"},
	{"the device in use", "lib/agent", "or a.device or a.offer", "or a.offer", "steering"},
	{"the mode that was chosen", "lib/agent", "or a.next or a.guard", "or a.guard", "modes"},
	{"the skip list", "match", "elseif has(skip, sub(m, 38)) then", "elseif false then", "outcomes"},
	{"the skip list's end", "match", "c.skip = nil -- every", "-- every", "outcomes|ring-all"},
	{"the look at what else the agent serves", "match", "if other and other ~= m and (", "if false and (", "matching"},
	{"tiers across steps", "match", "if best and sub(best, 14) <= sub(m, 14) then", "if best and sub(best, 17) <= sub(m, 17) then", "strategies|relaxing|matching"},
	{"scores across steps", "match", "if best and sub(best, 14) <= sub(m, 14) then", "if best then", "matching|relaxing"},
	{"the further entry", "match", "if legs >= MATCHES then work('match', kind, subject) end", "", "matching"},
	{"who is held back", "match", "group_size(r.group) > r.keep", "true", "relaxing"},
	{"the hold", "match", "if hold > now then return out end", "", "recovery"},
	// The indexes.
	{"the re-index: out", "lib/agent", "  take_out(id, a, spec)\n  return a, spec", "  return a, spec", "matching|modes"},
	{"the re-index: in", "lib/agent", "    put_in(id, a, spec, media)\n    wake", "    wake", "matching"},
	{"the step in an edited need", "lib/contact", "if not c.line then c.step = math.max(least, step_now(c)) end", "", "relaxing|projection"},
	{"the line before the move is empty", "project_move", "    line_out(c)\n", "", "relaxing|projection"},
	{"the re-index of an edited agent", "project_agents", "    agent_commit(id, a, spec)\n  end\nend", "    put(K.agents, id, a)\n  end\nend", "projection"},
	{"the wake of an agent", "lib/agent", "    wake(id, spec)\n    if", "    if", "matching"},
	{"the wake of who is held back", "lib/agent", "    if spec.frees then let_others(spec) end\n", "", "relaxing"},
	{"the head, when one comes", "lib/contact", "if not h or r < h then", "if not h then", "entering|ordering|matching"},
	{"the head, when one goes", "lib/contact", "if call('HGET', K.heads, f) == r then head_anew(f) end", "", "ends|matching"},
	{"the head, when one is offered", "match", "if not tried[f] then head_anew(f) end", "", "matching"},
	{"the duty of an agent", "lib/agent", "if is then call('ZADD', K.duty,", "if false then call('ZADD', K.duty,", "limits"},
	// Idempotence, epochs, lost and late words.
	{"the claim of a work entry", "match", "if cause ~= '' then call('HSET', K.claims, cause, made) end", "", "matching"},
	{"the entry that is done makes nothing", "match", "if string.find(cause, '^%d+%-%d+$') and not", "if false and not", "matching"},
	{"done twice is done once", "done", "if claim then call('HDEL', K.claims, id) end", "", "deadlines"},
	{"done watches what it made", "done", "due('ring|' .. offer, now +", "due('nothing|' .. offer, now +", "deadlines"},
	{"the epoch check", "lib/core", "if not n or n.epoch ~= epoch then", "if not n then", "nodes"},
	{"the tick", "lib/core", "if now <= last then now = last + 1 end", "", "nodes"},
	{"the schema check", "lib/core", "tonumber(m[1]) > SCHEMA or", "false or", "entering"},
	{"one arrival of a channel", "enqueue", "if c then return { 'ok', '0'", "if false then return { 'ok', '0'", "entering"},
	{"the answer's offer", "answered", "c.offer ~= o.id or ", "", "outcomes"},
	{"the answer's leg", "answered", "o and agent_of_leg(o, ARGV[4])", "o and asked(o)", "outcomes|ring-all"},
	{"the answer that came second", "answered", "if not leads(OFFER_LIFE, 'answer', o.state) or c.state ~= 'offered' then", "if false then", "outcomes"},
	{"a deadline is not due before its time", "lib/deadline", "or tonumber(at) > now then", "then", "deadlines"},
	{"a TTL key that lives", "fire_ttl", "if left > 0 then return now + (left + 1) * 1000 end", "", "deadlines"},
	{"one place for one redial", "lib/redial", "      call('ZREM', K.redial, m)\n", "", "redial"},
	{"an overtaken version", "project_agents", "if call('HGET', K.meta, 'dir_target') ~= ARGV[1] then", "if false then", "projection"},
	// What an outcome does.
	{"the hush", "lib/offer", "if leg then agent_hush(id, a, leg) end", "", "ring-all|outcomes"},
	{"the guard", "lib/offer", "if has(effect, 'guard') then agent_guard(id, a) end", "", "outcomes"},
	{"availability anew", "lib/offer", "if has(effect, 'restart') then a.avail = stamp end", "", "outcomes"},
	{"the count of misses", "lib/offer", "a.misses = a.misses + 1", "", "outcomes"},
	{"the race's losers let go", "lib/offer", "let_go(o, other, 'lost_race', nil, leg and beside(losers, others, other))", "", "ring-all"},
	{"the wrap-up", "lib/offer", "    if wraps then", "    if false then", "modes|ends"},
	{"the retry", "lib/contact", "if c.skip then due('retry|'", "if false then due('retry|'", "outcomes"},
	{"the match of one who returned", "lib/contact", "if c.overdue then due('overflow|' .. c.id, now) end\n  match_need(c)", "", "outcomes|ring-all"},
	{"the ends counted", "lib/contact", "count(c.queue .. '|ended|' .. outcome, '1')", "", "ends"},
	{"the place of one who returned from a call", "lib/contact", "    c.score = order_score(c)\n    call('ZADD', K.order, '0', order_member(c))\n    due('arm|' .. c.queue", "    due('arm|' .. c.queue", "ends"},
	{"credit", "lib/contact", "pad(tonumber(c.at) - credit * 1000)", "pad(tonumber(c.at))", "ordering"},
	{"those who were given first", "lib/contact", "(c.given and '00' .. sub(c.score, 3) or c.score)", "c.score", "preferring"},
}

// mutate makes the mutant that the environment names, if it names one.
func mutate() error {
	for _, m := range mutants {
		if m.without == os.Getenv(mutantEnv) {
			return queue.Mutate(m.file, m.old, m.new)
		}
	}
	return nil
}

var (
	red     = regexp.MustCompile(`(?m)^ *--- FAIL: TestEmbedded/([^ ]*/[^ ]*)`)
	notLua  = regexp.MustCompile(`.*(?:parse error|syntax error|nonexistent global variable).*`)
	verdict = regexp.MustCompile(`(?m)^ +\w+\.go:\d+: .*|^panic: .*`)
)

// suite runs these chapters in a process of its own, on a mutant, and gives what it said.
func suite(t *testing.T, without, chapters string) (green bool, out string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestEmbedded$/^("+chapters+")$", "-test.failfast", "-test.timeout=2m") //nolint:gosec // this very binary
	cmd.Env = append(os.Environ(), mutantEnv+"="+without)
	said, err := cmd.CombinedOutput()
	return err == nil, string(said)
}

// TestMutants: without each of these the suite turns red, by a promise and not by a
// script that does not run; and with all of them it is green.
func TestMutants(t *testing.T) {
	t.Parallel()
	if !*huntMutants {
		t.Skip("takes a minute: make test-mutants runs it")
	}
	if green, out := suite(t, "", ".*"); !green {
		t.Fatalf("the suite is red without any mutant:\n%s", out)
	}
	for _, m := range mutants {
		t.Run("without "+m.without, func(t *testing.T) {
			green, out := suite(t, m.without, m.by)
			if green {
				t.Fatalf("the chapters %s are green all the same", m.by)
			}
			if broken := notLua.FindString(out); broken != "" {
				t.Fatalf("the mutant is no script: %s", broken)
			}
			killer := red.FindStringSubmatch(out)
			if killer == nil {
				t.Fatalf("it died of something else:\n%s", out)
			}
			t.Logf("killed by %q: %s", strings.ReplaceAll(killer[1], "_", " "), strings.TrimSpace(verdict.FindString(out)))
		})
	}
}

// TestMutantsMatch: what each mutant takes away is there, so that none is disarmed by a
// change of the scripts.
func TestMutantsMatch(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"": true}
	for _, m := range mutants {
		if err := queue.CanMutate(m.file, m.old, m.new); err != nil || seen[m.without] {
			t.Errorf("without %s (the name twice: %t): %v", m.without, seen[m.without], err)
		}
		seen[m.without] = true
	}
}
