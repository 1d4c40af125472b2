package logging

import (
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	linesDelay = 100 * time.Millisecond
	linesMost  = 32 << 10
)

// Lines hands log lines on together. Each write of a container wakes two programs of its
// engine; a call has half a dozen lines, so on a busy machine that cost more than
// writing them. A warning, or worse, goes out at once, with all that came before it; the
// rest within a tenth of a second.
type Lines struct {
	out io.Writer

	mu     sync.Mutex
	held   []byte // guarded by mu
	going  bool   // guarded by mu; a timer will write what is held
	closed bool   // guarded by mu
}

// NewLines gives a writer for Options.Output.
func NewLines(out io.Writer) *Lines { return &Lines{out: out} }

// Write holds a line back.
func (l *Lines) Write(line []byte) (int, error) { return l.WriteLevel(zerolog.InfoLevel, line) }

// WriteLevel implements zerolog.LevelWriter.
func (l *Lines) WriteLevel(level zerolog.Level, line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, line...)
	switch {
	case l.closed, level >= zerolog.WarnLevel, len(l.held) > linesMost:
		return len(line), l.write()
	case !l.going:
		l.going = true
		time.AfterFunc(linesDelay, l.late)
	}
	return len(line), nil
}

func (l *Lines) late() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.going = false
	_ = l.write() // there is nowhere to say so
}

// write is called with the lock held.
func (l *Lines) write() error {
	if len(l.held) == 0 {
		return nil
	}
	_, err := l.out.Write(l.held)
	l.held = l.held[:0]
	return err
}

// Close writes what is held, and holds nothing back from then on.
func (l *Lines) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.write()
}
