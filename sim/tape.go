package sim

import (
	"math"
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

// find tells when the reference began to be heard, each time that it was.
//
// The loudest quarter of its first second and a half is slid over the tape, so
// that it is found while it still lasts. Both sides were decoded from the same
// file, so a match is near 1 and everything else is far from it; 0.8 leaves room
// for a lost packet.
func (t *tape) find(reference []byte) []time.Time {
	const snippet, beginning, match = sampleRate / 4, sampleRate * 3 / 2, 0.8
	if t == nil || len(reference) < snippet {
		return nil
	}
	t.mu.Lock()
	audio, times := t.audio, t.times
	t.mu.Unlock()
	want := decodeAll(reference)
	lead := loudest(want[:min(len(want), beginning)], snippet)
	want = want[lead : lead+snippet]
	wantEnergy := energy(want)
	have := decodeAll(audio)
	if len(have) < snippet || wantEnergy < silenceRMS*silenceRMS*snippet {
		return nil
	}
	var found []time.Time
	haveEnergy := energy(have[:snippet])
	best, bestAt := 0.0, -1
	flush := func() {
		if bestAt >= 0 {
			frame := max(0, (bestAt-lead)/frameSamples)
			found = append(found, times[frame].Add(-frameTime))
		}
		best, bestAt = 0, -1
	}
	for i := 0; i+snippet <= len(have); i++ {
		if i > 0 {
			out, in := float64(have[i-1]), float64(have[i+snippet-1])
			haveEnergy += in*in - out*out
		}
		if bestAt >= 0 && i-bestAt > snippet {
			flush()
		}
		// Most positions are ruled out by their loudness alone.
		if haveEnergy < wantEnergy/4 || haveEnergy > wantEnergy*4 {
			continue
		}
		if r := dot(want, have[i:i+snippet]) / math.Sqrt(wantEnergy*haveEnergy); r >= match && r > best {
			best, bestAt = r, i
		}
	}
	flush()
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
