package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// options are what the demo is asked for.
type options struct {
	For    time.Duration // 0: until Ctrl-C, or until all of Calls are over
	Calls  int           // 0: no end
	Agents int
	Talk   time.Duration // 0: by the number of agents
	Load   float64       // what comes, of what the agents can serve
	Output string        // text or json
	Plain  bool          // lines, also on a terminal
	MySQL  string
	Redis  string
	Log    string
}

// The story needs this many agents; the fakes and their stand-ins carry this many.
const (
	fewestAgents = 4
	mostAgents   = 2000
	mostCalls    = 100_000
)

var errUsage = errors.New("wrong options")

func parse(args []string, help io.Writer) (options, error) {
	o := options{}
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.SetOutput(help)
	f.DurationVar(&o.For, "for", 0, "end after this time, e.g. 20s (default: at Ctrl-C)")
	f.IntVar(&o.Calls, "calls", 0, "how many callers there are; when all are through, it ends (default: no end)")
	f.IntVar(&o.Agents, "agents", 12, "how many agents there are")
	f.DurationVar(&o.Talk, "talk", 0, "how long a call lasts, on average (default: 4s, with many agents longer)")
	f.Float64Var(&o.Load, "load", 0.95, "how much the callers bring, of what the agents can serve")
	f.StringVar(&o.Output, "o", "text", "text, or json: the summary alone, as one object")
	f.BoolVar(&o.Plain, "plain", false, "lines instead of a live view, also on a terminal")
	f.StringVar(&o.MySQL, "mysql", "127.0.0.1:0", "where the embedded MySQL listens; port 0: a free one")
	f.StringVar(&o.Redis, "redis", "127.0.0.1:0", "where the embedded Redis listens; port 0: a free one")
	f.StringVar(&o.Log, "log", "", "write the roles' own log to this file")
	if err := f.Parse(args); err != nil {
		return o, errors.Join(errUsage, err)
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("%w: %q is not an option", errUsage, f.Arg(0))
	case o.Output != "text" && o.Output != "json":
		return o, fmt.Errorf("%w: -o %q: give text or json", errUsage, o.Output)
	case o.Agents < fewestAgents || o.Agents > mostAgents:
		return o, fmt.Errorf("%w: --agents %d: give %d..%d", errUsage, o.Agents, fewestAgents, mostAgents)
	case o.Calls < 0 || o.Calls > mostCalls:
		return o, fmt.Errorf("%w: --calls %d: give 0..%d", errUsage, o.Calls, mostCalls)
	case o.For < 0 || o.Talk < 0 || o.Load <= 0 || o.Load > 10:
		return o, fmt.Errorf("%w: times must not be negative, and --load between 0 and 10", errUsage)
	}
	if o.Talk == 0 {
		o.Talk = usualTalk(o.Agents)
	}
	return o, nil
}

// usualTalk keeps the calls a second within what the embedded Redis can decide.
func usualTalk(agents int) time.Duration {
	return max(4*time.Second, time.Duration(agents)*time.Second/mostCallsPerSecond)
}

// mostCallsPerSecond is what the embedded Redis was seen to decide on one core; see
// the package comment.
const mostCallsPerSecond = 25

// rate is the calls a second that keep the agents busy to that load.
func (o options) rate() float64 {
	each := o.Talk + wrapUp + (quick+slow)/2
	return o.Load * float64(o.Agents) / each.Seconds()
}

// How soon a phone is picked up.
const (
	quick = 300 * time.Millisecond
	slow  = 900 * time.Millisecond
)
