package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"holdline/demo/people"
	"holdline/demo/view"
)

// errDoesNotAddUp makes the exit code 1; the summary says why.
var errDoesNotAddUp = errors.New("the summary does not add up")

// out is where the demo speaks. Terminal says whether Out is one.
type out struct {
	Out, Err io.Writer
	Terminal bool
}

// run plays the demo until ctx ends, or it is over, and sums up.
func run(ctx context.Context, o options, w out) error {
	if o.Output != "json" {
		return play(ctx, o, w, nil, func(s Summary) error { return s.write(w.Out) })
	}
	quiet := out{Out: io.Discard, Err: w.Err}
	return play(ctx, o, quiet, nil, func(s Summary) error { return json.NewEncoder(w.Out).Encode(s) })
}

// play opens the demo, lets it be performed, and hands over what it came to. opened,
// if there is one, is told of the demo before the first call.
func play(ctx context.Context, o options, w out, opened func(*demo), end func(Summary) error) error {
	started := time.Now()
	d, err := open(ctx, o, func(step string) { fmt.Fprintf(w.Err, "demo: %4.1f s  %s\n", time.Since(started).Seconds(), step) })
	defer d.close()
	if err != nil {
		if ctx.Err() != nil {
			return nil // interrupted before there was anything to sum up
		}
		return err
	}
	if w.Out == io.Discard {
		fmt.Fprintln(w.Err, strings.Join(d.head(), "\n"))
	}
	if opened != nil {
		opened(d)
	}
	ran := d.perform(ctx, w)
	// ctx has ended, as it does at Ctrl-C; the summary still has to be made.
	s, err := d.summarize(context.WithoutCancel(ctx), ran)
	if err != nil {
		return err
	}
	if err := end(s); err != nil {
		return err
	}
	if !s.AddsUp {
		return errDoesNotAddUp
	}
	return nil
}

// perform lets everybody call and answer until ctx ends or it is over.
func (d *demo) perform(ctx context.Context, w out) time.Duration {
	d.crowd = people.NewCrowd(people.Options{
		Nodes: d.nodes, Pool: pool, Calls: d.o.Calls, Rate: d.o.rate(), Wave: wave, Talk: d.o.Talk, Patience: patience,
		Lines: []people.Line{{Queue: support, Share: 0.6}, {Queue: sales, Share: 0.4}},
	})
	if d.o.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.o.For)
		defer cancel()
	}
	ctx, over := context.WithCancel(ctx)
	defer over()
	begun := time.Now()
	d.running.Go(func() { d.crowd.Run(ctx) })
	d.running.Go(func() { d.agents.Run(ctx) })
	d.running.Go(func() { d.welcome(ctx) })
	d.running.Go(func() { d.tellStory(ctx) })
	d.show(ctx, w, begun, over)
	d.running.Wait()
	return time.Since(begun)
}

const (
	// wave is from one rush to the next; in the rush 1.8 times as many call as on average.
	wave = 12 * time.Second
	// patience is how long callers wait on average before they hang up.
	patience = 40 * time.Second
)

// every is how often the view is drawn anew.
const every = 250 * time.Millisecond

// show reads the journal and the views, and shows them, until ctx ends.
func (d *demo) show(ctx context.Context, w out, begun time.Time, over func()) {
	var s shower = &lines{out: w.Out, busy: d.busy(), head: d.head()}
	if w.Terminal && !d.o.Plain {
		screen := &view.Screen{Out: w.Out, Model: d.model, Color: os.Getenv("NO_COLOR") == "", Size: func() (int, int) {
			width, height, err := term.GetSize(int(os.Stdout.Fd()))
			if err != nil {
				return 80, 24
			}
			return width, height
		}}
		screen.Open()
		defer screen.Close()
		s = &terminal{screen, d.busy()}
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		told, err := d.model.Read(ctx)
		s.tell(append(told, d.told.Take()...))
		if err == nil {
			if f, err := d.frame(ctx, begun); err == nil {
				s.frame(f)
			}
		}
		if d.crowd.Done() {
			over()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// busy: so many call that a line for each would say nothing.
func (d *demo) busy() bool { return d.o.Agents > 50 }

func (d *demo) frame(ctx context.Context, begun time.Time) (f view.Frame, err error) {
	f = view.Frame{Head: d.head(), Running: time.Since(begun), At: time.Now(), Queues: []string{support, sales}, Managers: d.managerNames()}
	if f.Stats, err = d.queue.Stats(ctx); err != nil {
		return f, err
	}
	if f.Agents, err = d.queue.Agents(ctx); err != nil {
		return f, err
	}
	d.model.Know(f.Agents)
	f.Nodes, err = d.registry.Nodes(ctx)
	return f, err
}

// head says what is shown, and how to get at it.
func (d *demo) head() []string {
	host, port := split(d.redis.Addr())
	mhost, mport := split(d.mysql.Addr())
	return []string{
		"HOLDLINE, the demo: the real roles in one process. STAND-INS: miniredis, go-mysql-server, three fake Asterisks, simulated callers and agents",
		fmt.Sprintf("MYSQL_PWD=%s mysql -h %s -P %s -u holdline holdline", d.password, mhost, mport),
		fmt.Sprintf("  %s; %s;", newcomerSQL("200", "You")[0], newcomerSQL("200", "You")[1]),
		fmt.Sprintf("REDISCLI_AUTH=%s redis-cli -h %s -p %s        Ctrl-C ends with a summary", d.password, host, port),
	}
}

// shower is a way to show what happens.
type shower interface {
	tell([]view.Line)
	frame(view.Frame)
}

type terminal struct {
	screen *view.Screen
	busy   bool
}

func (t *terminal) tell(l []view.Line) { t.screen.Tell(l, t.busy) }
func (t *terminal) frame(f view.Frame) { t.screen.Show(f) }

// lines is for what is no terminal: a line for each event, and now and then the sum.
type lines struct {
	out    io.Writer
	busy   bool
	head   []string
	begun  bool
	summed time.Duration
}

func (l *lines) tell(told []view.Line) {
	if !l.begun {
		l.begun = true
		for _, h := range l.head {
			fmt.Fprintln(l.out, h)
		}
	}
	slices.SortStableFunc(told, func(a, b view.Line) int { return a.At.Compare(b.At) })
	for _, t := range told {
		if !t.Often || !l.busy {
			fmt.Fprintf(l.out, "%s %s\n", t.At.Format("15:04:05.000"), view.Text(t))
		}
	}
}

// sumEvery is how often the sum is written.
const sumEvery = 2 * time.Second

func (l *lines) frame(f view.Frame) {
	if f.Running < l.summed+sumEvery {
		return
	}
	l.summed = f.Running
	fmt.Fprintf(l.out, "%s   %s\n", f.At.Format("15:04:05.000"), view.Sum(f.Stats))
}

func split(address string) (host, port string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address, ""
	}
	return host, port
}
