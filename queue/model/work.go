package model

import (
	"cmp"
	"math"
	"time"

	"holdline/queue"
)

// work is how much an agent worked of late, where a queue asks who worked least: seconds of
// talk and wrap-up, of which half is forgotten in every FairHalfMS that the agent is there.
// It is forgotten in sixteenths of that time, and kept in millionths of a second.
type work struct {
	on      bool
	seconds float64
	at      time.Time // until when it has been forgotten
	since   time.Time // when the work now being done began
}

const forgetting = queue.FairHalfMS * time.Millisecond / 16

func millionth(s float64) float64 { return math.Round(s*1e6) / 1e6 }

// forget lets the past weigh less. The result is kept only with what comes next.
func (w *work) forget(now time.Time) float64 {
	if w.at.IsZero() {
		return w.seconds
	}
	n := int(now.Sub(w.at) / forgetting)
	if n <= 0 {
		return w.seconds
	}
	w.at = w.at.Add(time.Duration(n) * forgetting)
	return math.Ldexp(w.seconds*math.Exp2(-float64(n%16)/16), -(n / 16))
}

// begin: the agent is there. Who logs in begins with the mean, so as not to be given everything.
func (w *work) begin(now time.Time, mean float64, login bool) {
	if !w.on {
		return
	}
	if login {
		w.seconds = mean
	}
	w.at = now
}

// stop: in a pause, and logged out, nothing is forgotten.
func (w *work) stop(now time.Time) {
	if w.on {
		w.seconds = millionth(w.forget(now))
	}
}

func (w *work) busy(now time.Time) {
	if w.on && w.since.IsZero() {
		w.since = now
	}
}

// worked: the agent's work is over.
func (p *Pool) worked(a *agent) {
	w := &a.work
	if !w.on || w.since.IsZero() {
		return
	}
	seconds := w.forget(p.now) + p.now.Sub(w.since).Seconds()
	w.seconds, w.since = millionth(seconds), time.Time{}
	if w.at.IsZero() {
		w.at = p.now
	}
	p.mean = millionth(p.mean + (seconds-p.mean)/16)
}

// compare: who worked less, both seen from one moment.
func (w work) compare(o work) int {
	weight := func(w work) float64 { // twice as much half a life later
		if !w.on {
			return math.Inf(-1)
		}
		return math.Log2(math.Max(w.seconds, 1e-6)) + math.Floor(float64(w.at.UnixMicro())/float64(forgetting.Microseconds()))/16
	}
	if a, b := weight(w), weight(o); math.Abs(a-b) > 1e-9 {
		return cmp.Compare(a, b)
	}
	return 0
}
