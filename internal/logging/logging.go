// Package logging makes the one logger of a process. It promises:
//
//   - one JSON object a line, time in UTC with microseconds;
//   - the fixed keys below, so that a contact found in one role's log is found
//     in all;
//   - a level that can be changed while the process runs;
//   - telephone numbers masked, unless the operator asked for them.
//
// Only the outermost layer logs; everything below returns errors.
package logging

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// The keys that every role uses, and no synonyms.
const (
	Pool      = "pool"
	Contact   = "contact"
	Queue     = "queue"
	Agent     = "agent"
	Node      = "node"
	Channel   = "channel"
	Offer     = "offer"
	SIPCallID = "sip_call_id"
	Request   = "request_id"
)

// timeFormat has a fixed number of digits, so that lines sort as text.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// Options of a logger. The zero value logs JSON of level info to stderr.
type Options struct {
	Level  string    // debug, info, warn, error; "" is info
	Format string    // json, or text for people; "" is json
	Output io.Writer // nil is stderr
}

// New makes the logger, and the handle by which its level is changed later.
func New(o Options) (zerolog.Logger, *Level, error) {
	level := new(Level)
	if err := level.Set(cmp.Or(o.Level, "info")); err != nil {
		return zerolog.Nop(), nil, err
	}
	var out io.Writer = os.Stderr
	if o.Output != nil {
		out = o.Output
	}
	switch o.Format {
	case "", "json":
	case "text":
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: "15:04:05.000000"}
	default:
		return zerolog.Nop(), nil, fmt.Errorf("set log format %q: want json or text", o.Format)
	}
	// The level is a sampler's decision and not the logger's own, because a
	// logger's own is copied into everything derived from it.
	log := zerolog.New(zerolog.SyncWriter(out)).Level(zerolog.DebugLevel).Sample(level).Hook(clock{})
	return log, level, nil
}

// clock stamps a line. zerolog's own stamp takes its format from a variable of
// the whole process; two processes' worth of roles can live in one.
type clock struct{}

func (clock) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	e.Str(zerolog.TimestampFieldName, time.Now().UTC().Format(timeFormat))
}

// Level is the least level that is logged. It is safe for use by many
// goroutines.
type Level struct{ least atomic.Int32 }

// Set changes the level: debug, info, warn or error.
func (l *Level) Set(name string) error {
	switch name {
	case "debug", "info", "warn", "error":
	default:
		return fmt.Errorf("set log level %q: want debug, info, warn or error", name)
	}
	level, err := zerolog.ParseLevel(name)
	if err != nil {
		return fmt.Errorf("set log level %q: %w", name, err)
	}
	l.least.Store(int32(level))
	return nil
}

// String is the name of the level.
func (l *Level) String() string { return zerolog.Level(l.least.Load()).String() }

// Sample implements zerolog.Sampler.
func (l *Level) Sample(level zerolog.Level) bool { return level >= zerolog.Level(l.least.Load()) }
