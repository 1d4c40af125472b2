package sim

import (
	"slices"
	"sync"
	"time"
)

// SoundKind is what a stretch of received audio was.
type SoundKind string

// Tone is a phone's pure tone, Sound anything else that is loud enough (music,
// speech, a ringing tone of two frequencies).
const (
	Tone  SoundKind = "tone"
	Sound SoundKind = "sound"
)

// Heard is a stretch of received audio. Hz is set for a tone.
type Heard struct {
	Kind     SoundKind
	Hz       int
	From, To time.Time
}

// For is the length of the stretch.
func (h Heard) For() time.Duration { return h.To.Sub(h.From) }

const (
	// silenceRMS is about -64 dB of full scale: two steps of µ-law.
	silenceRMS = 20
	// explained is the share of a window's energy that tones must have for the
	// window to count as tones. Quantisation of µ-law costs about 0.0002.
	explained = 0.85
	// faint is the least share of a tone in a mixture of tones.
	faint = 0.02
	// loudTone is the share at which an expected tone counts although something
	// unknown is mixed with it.
	loudTone = 0.4
	// soundRun is how many windows in a row tones must fail to explain before
	// they count as sound: the change from one tone to another fails four times.
	soundRun = 2 * windowFrames
	// stretchGap is how long a frame may be late without cutting a stretch.
	stretchGap = 3 * frameTime
	// maxStretches bounds what one call remembers.
	maxStretches = 10_000
)

// An ear classifies the audio that one call receives, frame by frame.
type ear struct {
	mu       sync.Mutex
	own      int
	opened   time.Time
	buf      [windowSamples]float32 // the last 100 ms, oldest first
	loud     int                    // loud frames in a row at its end, at most windowFrames
	watched  []int
	heard    map[int]time.Duration
	sound    time.Duration
	unknown  int // windows in a row that no tone explained
	stretch  []Heard
	silences []Heard
	lastLoud time.Time
	frames   int
	changed  func() // told about every new stretch and every 100 ms of an old one
}

func newEar(own int, opened time.Time, changed func()) *ear {
	return &ear{own: own, opened: opened, lastLoud: opened, heard: map[int]time.Duration{}, changed: changed}
}

// cut forgets the window: the next frame does not continue the last one (a lost
// packet, another source), and a window across the seam would mislead.
func (e *ear) cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.loud = 0
}

// frame takes 20 ms of µ-law that arrived at now.
func (e *ear) frame(payload []byte, now time.Time) {
	if len(payload) != frameSamples {
		return
	}
	e.mu.Lock()
	notify := e.take(payload, now)
	e.mu.Unlock()
	if notify && e.changed != nil {
		e.changed()
	}
}

func (e *ear) take(payload []byte, now time.Time) (notify bool) {
	e.frames++
	copy(e.buf[:], e.buf[frameSamples:])
	tail := e.buf[windowSamples-frameSamples:]
	for i, b := range payload {
		tail[i] = linear[b]
	}
	if energy(tail) < silenceRMS*silenceRMS*frameSamples {
		e.loud, e.unknown = 0, 0
		return false
	}
	e.endSilence(now.Add(-frameTime))
	e.lastLoud = now
	e.loud = min(e.loud+1, windowFrames)
	if e.loud < windowFrames {
		return false
	}
	tones := e.tones()
	if len(tones) == 0 {
		return e.creditSound(now)
	}
	e.unknown = 0
	before := len(e.stretch)
	for _, hz := range tones {
		e.heard[hz] += frameTime
		e.extend(Tone, hz, now, (windowFrames-1)*frameTime)
	}
	return len(e.stretch) != before || e.frames%windowFrames == 0
}

// tones names the tones of a full window, or none if they do not explain it.
func (e *ear) tones() []int {
	total := energy(e.buf[:])
	main := estimateBin(e.buf[:])
	// Below the plan a pure tone is music's, unless somebody waits for it.
	expected := append([]int{e.own}, e.watched...)
	if hz := main * binHz; hz >= planFirstHz && hz <= planLastHz && !slices.Contains(expected, hz) {
		expected = append(expected, hz)
	}
	if slices.Contains(expected, main*binHz) && share(e.buf[:], main, total) >= 1-faint {
		return []int{main * binHz}
	}
	// Not one tone alone. Looking for all of the plan would cost too much, so
	// only those are found that matter to somebody.
	var found, certain []int
	var sum float64
	for _, hz := range expected {
		part := share(e.buf[:], hz/binHz, total)
		if part < faint {
			continue
		}
		sum += part
		found = append(found, hz)
		if part >= loudTone {
			certain = append(certain, hz)
		}
	}
	if sum >= explained {
		return found
	}
	return certain
}

func (e *ear) creditSound(now time.Time) bool {
	e.unknown++
	switch {
	case e.unknown < soundRun:
		return false
	case e.unknown == soundRun:
		run := soundRun * frameTime
		e.sound += run
		e.extend(Sound, 0, now, run+(windowFrames-2)*frameTime)
		return true
	}
	e.sound += frameTime
	e.extend(Sound, 0, now, frameTime)
	return e.frames%windowFrames == 0
}

// extend lengthens the last stretch of the kind, or begins one whose first packet
// arrived so long ago.
func (e *ear) extend(kind SoundKind, hz int, now time.Time, back time.Duration) {
	for i := len(e.stretch) - 1; i >= max(0, len(e.stretch)-4); i-- {
		s := &e.stretch[i]
		if s.Kind == kind && s.Hz == hz && now.Sub(s.To) <= stretchGap {
			s.To = now
			return
		}
	}
	if len(e.stretch) < maxStretches {
		e.stretch = append(e.stretch, Heard{Kind: kind, Hz: hz, From: now.Add(-back), To: now})
	}
}

// endSilence notes the silence that the frame beginning at from ends. Gaps below
// the jitter of a packet are none.
func (e *ear) endSilence(from time.Time) {
	if from.Sub(e.lastLoud) > stretchGap && len(e.silences) < maxStretches {
		e.silences = append(e.silences, Heard{From: e.lastLoud, To: from})
	}
}

// watch makes the ear look for a tone also in mixtures.
func (e *ear) watch(hz int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if hz != e.own && !slices.Contains(e.watched, hz) {
		e.watched = append(e.watched, hz)
	}
}

func (e *ear) heardFor(hz int) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.heard[hz]
}

func (e *ear) soundFor() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sound
}

func (e *ear) stretches() []Heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.stretch)
}

// longestSilence is the longest stretch without sound in (from, to), the one
// still going on at to included.
func (e *ear) longestSilence(from, to time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	longest := time.Duration(0)
	for _, s := range append(slices.Clone(e.silences), Heard{From: e.lastLoud, To: to}) {
		longest = max(longest, minTime(s.To, to).Sub(maxTime(s.From, from)))
	}
	return longest
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
