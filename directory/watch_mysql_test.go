package directory

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// gate is a TCP proxy that can be cut: open connections end, new ones are
// refused. It is what a MySQL that stops looks like from here.
type gate struct {
	to string
	ln net.Listener
	wg sync.WaitGroup

	mu    sync.Mutex
	cut   bool              // guarded by mu
	conns map[net.Conn]bool // guarded by mu
}

func newGate(t *testing.T, to string) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{to: to, ln: ln, conns: make(map[net.Conn]bool)}
	g.wg.Go(g.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		g.set(true)
		g.wg.Wait()
	})
	return g
}

func (g *gate) accept() {
	for {
		in, err := g.ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", g.to)
		if err != nil || !g.keep(in, out) {
			_ = in.Close()
			if out != nil {
				_ = out.Close()
			}
			continue
		}
		for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
			g.wg.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				_ = pair[0].Close()
			})
		}
	}
}

func (g *gate) keep(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range conns {
		g.conns[c] = true
	}
	return !g.cut
}

func (g *gate) set(cut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.cut = cut
	if cut {
		for c := range g.conns {
			_ = c.Close()
		}
		clear(g.conns)
	}
}

// TestWatchOnMySQL is the promise of the directory: an edit is taken over
// within 2 s, also right after an outage, without a restart of anything.
func TestWatchOnMySQL(t *testing.T) {
	direct, c := migrated(t, true)
	run := exec(t, direct)
	g := newGate(t, c.Addr)
	c.Addr = g.ln.Addr().String()

	health := make(chan Health, 16)
	d := New(open(t, c), Options{OnHealth: func(h Health) { health <- h }})
	places := make(chan int, 16)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- d.Watch(ctx, 400*time.Millisecond, func(ctx context.Context, _ int64) error {
			p, err := d.Load(ctx, "demo")
			if err != nil {
				return err
			}
			for _, a := range p.Agents {
				if a.ID == "207" {
					places <- len(a.Places)
				}
			}
			return nil
		})
	}()
	within := func(what string, want int, since time.Time) {
		t.Helper()
		select {
		case got := <-places:
			if took := time.Since(since); got != want || took > 2*time.Second {
				t.Errorf("%s: %d places after %s, want %d within 2 s", what, got, took, want)
			} else {
				t.Logf("%s: seen after %s", what, took.Round(time.Millisecond))
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: not seen in 5 s", what)
		}
	}
	turns := func(ok bool) {
		t.Helper()
		select {
		case h := <-health:
			if h.OK != ok {
				t.Errorf("health %+v, want OK = %t", h, ok)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("health did not turn to OK = %t in 5 s: %+v", ok, d.Health())
		}
	}

	within("start", 0, time.Now())
	turns(true)
	edited := time.Now()
	run(`INSERT INTO agent_skills (pool, agent, skill, level) VALUES ('demo', '207', 'support', 5)`)
	within("skill added", 2, edited)

	g.set(true)
	turns(false)
	run(`INSERT INTO agent_skills (pool, agent, skill, level) VALUES ('demo', '207', 'sales', 5)`)
	healed := time.Now()
	g.set(false)
	within("edit of the outage", 3, healed)
	turns(true)
	edited = time.Now()
	run(`DELETE FROM agent_skills WHERE agent = '207' AND skill = 'sales'`)
	within("edit after the outage", 2, edited)

	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Watch returned %v", err)
	}
}
