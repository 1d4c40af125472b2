package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	// MaxEvery is the longest polling interval: an edit must take effect
	// within 2 s, and the projection needs its part of them.
	MaxEvery = 500 * time.Millisecond
	// maxBackoff is how long an outage lets a poll wait: still below the 2 s,
	// so that an edit made right after MySQL is back keeps the promise.
	maxBackoff = time.Second
	// pollTimeout bounds one poll, so that a frozen MySQL is seen as down.
	pollTimeout = 2 * time.Second
)

// Health is what Watch knows of the directory.
type Health struct {
	OK bool
	// Since is the start of the present state; zero before the first poll.
	Since time.Time
	// Version that was last seen and handed over without error; 0: none yet.
	Version int64
	// Err is why it is not OK: of the poll or of the function it called.
	Err error
}

// MarshalJSON is for the log: an error has no JSON of its own.
func (h Health) MarshalJSON() ([]byte, error) {
	text := ""
	if h.Err != nil {
		text = h.Err.Error()
	}
	return json.Marshal(struct {
		OK      bool      `json:"ok"`
		Since   time.Time `json:"since"`
		Version int64     `json:"version"`
		Error   string    `json:"error,omitempty"`
	}{h.OK, h.Since, h.Version, text})
}

// Health may be asked at any time, from anywhere.
func (d *Directory) Health() Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.health
}

// Watch calls fn with the version it finds, and again after every change, one
// call at a time; it returns when ctx ends, with its error. Every is cut to
// [MaxEvery]. An error of MySQL or of fn is tried again, with a growing pause
// of at most a second, until it works: fn must bear being called twice for
// one version. One Watch per Directory.
func (d *Directory) Watch(ctx context.Context, every time.Duration, fn func(ctx context.Context, version int64) error) error {
	if every <= 0 || every > MaxEvery {
		every = MaxEvery
	}
	var done int64
	pause := every
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		}
		var err error
		done, err = d.look(ctx, done, fn)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			pause = every
			timer.Reset(pause)
			continue
		}
		pause = min(2*pause, maxBackoff)
		// Jitter: replicas that lost MySQL together do not return together.
		timer.Reset(pause/2 + rand.N(pause/2)) //nolint:gosec // nothing to guess
	}
}

// look is one turn of Watch: the version that is done after it.
func (d *Directory) look(ctx context.Context, done int64, fn func(context.Context, int64) error) (int64, error) {
	limited, cancel := context.WithTimeout(ctx, pollTimeout)
	now, err := d.poll(limited)
	cancel()
	// Different, not greater: a restored database has an older version, and
	// whoever gets it says what it thinks of that.
	if err == nil && now != done {
		if err = fn(ctx, now); err != nil {
			err = fmt.Errorf("take over directory version %d: %w", now, err)
		} else {
			done = now
		}
	}
	if ctx.Err() == nil {
		d.note(done, err)
	}
	return done, err
}

func (d *Directory) note(version int64, err error) {
	d.mu.Lock()
	was := d.health
	is := Health{OK: err == nil, Since: was.Since, Version: version, Err: err}
	changed := was.Since.IsZero() || was.OK != is.OK
	if changed {
		is.Since = time.Now()
	}
	d.health = is
	d.mu.Unlock()
	if changed && d.options.OnHealth != nil {
		d.options.OnHealth(is)
	}
}
