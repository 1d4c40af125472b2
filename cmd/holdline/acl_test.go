package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdline/queue"
	"holdline/queue/queuetest"
)

// TestTheDeskNeedsNoMoreThanItsRedisUser: an operator may look and change nothing; a
// supervisor may do all that the desk does. The users are those of redis/users.acl.
func TestTheDeskNeedsNoMoreThanItsRedisUser(t *testing.T) {
	addr := queuetest.StartRedis(t)
	rdb := queue.NewClient(queue.Options{Addrs: []string{addr}})
	t.Cleanup(func() { _ = rdb.Close() })
	_, c := openDesk(t, rdb)
	text, err := os.ReadFile(filepath.Join("..", "..", "redis", "users.acl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		for _, name := range []string{"operator", "supervisor"} {
			rules, is := strings.CutPrefix(line, "user "+name+" on #$"+strings.ToUpper(name)+"_HASH ")
			if !is {
				continue
			}
			args := []any{"acl", "setuser", name, "on", ">" + name}
			for _, rule := range rulesOf(strings.TrimSpace(rules)) {
				args = append(args, rule)
			}
			if err := rdb.Do(t.Context(), args...).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct {
		args                 string
		operator, supervisor int
	}{
		{"queue list", 0, 0},
		{"queue show support", 0, 0},
		{"agent list", 0, 0},
		{"agent explain 201", 0, 0},
		{"contact list", 0, 0},
		{"contact explain " + c.ID, 0, 0},
		{"agent set 202 ready", 1, 0},
		{"agent set 202 paused --limit 10m", 1, 0},
		{"contact priority " + c.ID + " 5", 1, 0},
		{"contact give " + c.ID + " 201", 1, 0},
		{"contact move " + c.ID + " --queue support", 1, 0},
		{"contact withdraw " + c.ID + " --reason later", 1, 0},
	} {
		for _, user := range []struct {
			name string
			want int
		}{{"operator", row.operator}, {"supervisor", row.supervisor}} {
			t.Setenv("HOLDLINE_REDIS_PASSWORD", user.name)
			words := strings.Fields(row.args)
			code, out := says(t, append([]string{words[0], "--redis-addrs=" + addr, "--redis-user=" + user.name}, words[1:]...)...)
			if code != user.want {
				t.Errorf("%s: %s: exit %d, want %d\n%s", user.name, row.args, code, user.want, out)
			}
		}
	}
}

// rulesOf takes an access list apart: a selector in parentheses is one rule.
func rulesOf(line string) []string {
	var rules []string
	depth := 0
	for _, word := range strings.Fields(line) {
		if depth > 0 {
			rules[len(rules)-1] += " " + word
		} else {
			rules = append(rules, word)
		}
		depth += strings.Count(word, "(") - strings.Count(word, ")")
	}
	return rules
}
