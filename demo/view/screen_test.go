package view

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdline/queue"
)

func TestAFrameFitsTheScreen(t *testing.T) {
	agents := make([]queue.Agent, 500)
	for i := range agents {
		agents[i] = queue.Agent{ID: fmt.Sprint(201 + i), Name: "Somebody with a long name", Mode: queue.Ready}
	}
	agents[499].Mode, agents[499].Reason = queue.Paused, "lunch"
	for _, size := range [][2]int{{80, 24}, {40, 10}, {200, 60}} {
		for _, color := range []bool{false, true} {
			var out bytes.Buffer
			s := &Screen{Out: &out, Color: color, Model: NewModel(nil), Size: func() (int, int) { return size[0], size[1] }}
			s.Tell([]Line{{At: time.Now(), Text: strings.Repeat("long ", 100)}, {At: time.Now(), Text: "stage", Stage: true}}, false)
			s.Show(Frame{Head: []string{strings.Repeat("x", 300)}, At: time.Now(), Queues: []string{"support"}, Agents: agents})
			lines := strings.Split(out.String(), "\r\n")
			if len(lines) > size[1] {
				t.Errorf("%v: %d lines", size, len(lines))
			}
			for _, l := range lines {
				if n := visible(l); n > size[0] {
					t.Errorf("%v: %d characters in %q", size, n, l)
				}
			}
			if size[1] > 10 && !strings.Contains(out.String(), "paused") {
				t.Errorf("%v: who is paused is not to be seen", size)
			}
		}
	}
}

func visible(line string) int {
	n, escape := 0, false
	for _, r := range line {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		default:
			n++
		}
	}
	return n
}
