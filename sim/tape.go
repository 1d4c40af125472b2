package sim

import (
	"math"
	"slices"
	"sort"
	"sync"
	"time"
)

// A tape keeps what a call received, so that a test can look for a recording in
// it: a prompt is recognised by its own samples, not by the length of a sound.
// A nil tape keeps nothing.
type tape struct {
	mu    sync.Mutex
	audio []byte
	times []time.Time // of the end of each 20 ms
}

// maxTape is ten minutes.
const maxTape = 10 * 60 * sampleRate

func (t *tape) write(body []byte, now time.Time) {
	if t == nil || len(body) != frameSamples {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.audio) >= maxTape {
		return
	}
	t.audio = append(t.audio, body...)
	t.times = append(t.times, now)
}

func (t *tape) copy() []byte {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.audio)
}

// gap keeps the tape in step with the sender's clock over lost packets.
func (t *tape) gap(frames int) {
	if t == nil || frames > 50 {
		return
	}
	var quiet [frameSamples]byte
	for i := range quiet {
		quiet[i] = silentByte
	}
	for range frames {
		t.write(quiet[:], time.Now())
	}
}

const (
	// snippet is what is looked for: 150 ms. Both sides were decoded from the same
	// file, so a match is near 1; two vowels of the same pitch can reach 0.8.
	snippet = sampleRate * 3 / 20
	match   = 0.9
	// beginning is where snippets are taken from, so that a recording is found
	// while it still lasts, and tries how many: a lost packet spoils one.
	beginning = sampleRate * 3 / 2
	tries     = 3
)

// find tells when the reference began to be heard since the moment given, each
// time that it was.
func (t *tape) find(reference []byte, since time.Time) []time.Time {
	if t == nil || len(reference) < snippet {
		return nil
	}
	t.mu.Lock()
	audio, times := t.audio, t.times
	t.mu.Unlock()
	skip := sort.Search(len(times), func(i int) bool { return times[i].After(since) })
	have := decodeAll(audio[skip*frameSamples:])
	want := decodeAll(reference[:min(len(reference), beginning)])
	var found []time.Time
	for range tries {
		lead := loudest(want, snippet)
		piece := want[lead : lead+snippet]
		for _, at := range positions(have, piece) {
			begins := times[skip].Add(time.Duration(at-lead)*time.Second/sampleRate - frameTime)
			if frame := skip + (at-lead)/frameSamples; at >= lead && frame < len(times) {
				begins = times[frame].Add(-frameTime) // the packets' own times, where there are
			}
			// A packet's own time is its end: what came within a frame of the
			// moment began no earlier than the moment.
			if begins.Before(since) && begins.After(since.Add(-frameTime)) {
				begins = since
			}
			if !begins.Before(since) && !slices.ContainsFunc(found, func(t time.Time) bool { return t.Sub(begins).Abs() < 300*time.Millisecond }) {
				found = append(found, begins)
			}
		}
		clear(piece) // the next try is another piece
	}
	slices.SortFunc(found, time.Time.Compare)
	return found
}

// positions is where the piece is in what was heard.
func positions(have, piece []float32) []int {
	n := len(piece)
	pieceEnergy := energy(piece)
	if len(have) < n || pieceEnergy < silenceRMS*silenceRMS*float64(n) {
		return nil
	}
	var found []int
	best, bestAt := 0.0, -1
	haveEnergy := energy(have[:n])
	for i := 0; i+n <= len(have); i++ {
		if i > 0 {
			out, in := float64(have[i-1]), float64(have[i+n-1])
			haveEnergy += in*in - out*out
		}
		if bestAt >= 0 && i-bestAt > n {
			found = append(found, bestAt)
			best, bestAt = 0, -1
		}
		// Most positions are ruled out by their loudness alone.
		if haveEnergy < pieceEnergy*match*match/2 || haveEnergy > pieceEnergy*2 {
			continue
		}
		if r := dot(piece, have[i:i+n]) / math.Sqrt(pieceEnergy*haveEnergy); r >= match && r > best {
			best, bestAt = r, i
		}
	}
	if bestAt >= 0 {
		found = append(found, bestAt)
	}
	return found
}

func decodeAll(ulaw []byte) []float32 {
	out := make([]float32, len(ulaw))
	for i, b := range ulaw {
		out[i] = linear[b]
	}
	return out
}

// loudest is where the loudest n samples begin, in steps of a frame.
func loudest(x []float32, n int) int {
	at, most := 0, -1.0
	for i := 0; i+n <= len(x); i += frameSamples {
		if e := energy(x[i : i+n]); e > most {
			at, most = i, e
		}
	}
	return at
}

func dot(a, b []float32) float64 {
	var sum float32
	for i, v := range a {
		sum += v * b[i]
	}
	return float64(sum)
}
