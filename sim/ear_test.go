package sim

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// play gives an ear frames of µ-law made by wave, 20 ms apart, and the time
// after them.
func play(e *ear, from time.Time, frames int, wave func(n int) float64) time.Time {
	var payload [frameSamples]byte
	for f := range frames {
		for i := range payload {
			payload[i] = encodeULaw(int16(wave(f*frameSamples + i)))
		}
		from = from.Add(frameTime)
		e.frame(payload[:], from)
	}
	return from
}

func sine(hz, amplitude float64) func(int) float64 {
	return func(n int) float64 { return amplitude * math.Sin(2*math.Pi*hz*float64(n)/sampleRate) }
}

func mix(waves ...func(int) float64) func(int) float64 {
	return func(n int) (sum float64) {
		for _, w := range waves {
			sum += w(n)
		}
		return sum
	}
}

func quiet(int) float64 { return 0 }

var epoch = time.Unix(1_000_000, 0)

// Every tone of 201 phones is heard as itself, in full, and as nothing else.
func TestPlanIsSeparated(t *testing.T) {
	t.Parallel()
	if PlanSize < 201 {
		t.Fatalf("the plan has %d frequencies", PlanSize)
	}
	for i := range 201 {
		hz, err := PlanHz(i)
		must(t, err)
		e := newEar(planLastHz, epoch, nil)
		table := tableFor(hz)
		now := epoch
		for f := range 50 {
			now = now.Add(frameTime)
			at := f % windowFrames * frameSamples
			e.frame(table[at:at+frameSamples], now)
		}
		// The first whole window ends with the fifth of 50 frames.
		if got, want := e.heardFor(hz), 46*frameTime; got != want {
			t.Errorf("%d Hz heard for %v, want %v", hz, got, want)
		}
		if len(e.heard) != 1 || e.soundFor() != 0 {
			t.Errorf("%d Hz also heard as %v, and %v of sound", hz, e.heard, e.soundFor())
		}
	}
	if _, err := PlanHz(PlanSize); err == nil {
		t.Error("a frequency beyond the plan")
	}
}

// Neighbours of the plan in one mixture, at different loudness, with a phase of
// their own: each is found, and a third neighbour is not.
func TestNeighboursInAMixture(t *testing.T) {
	t.Parallel()
	for _, quieter := range []float64{1, 0.5, 0.2} {
		e := newEar(1500, epoch, nil)
		e.watch(1510)
		e.watch(1520)
		play(e, epoch, 20, mix(sine(1500, 8000*quieter), func(n int) float64 { return sine(1510, 8000)(n + 37) }))
		if own, other, absent := e.heardFor(1500), e.heardFor(1510), e.heardFor(1520); own != 16*frameTime || other != 16*frameTime || absent != 0 {
			t.Errorf("at %v: own %v, other %v, absent %v", quieter, own, other, absent)
		}
	}
}

// An echo of one's own tone under music is noticed, although music is unknown.
func TestOwnToneUnderMusic(t *testing.T) {
	t.Parallel()
	e := newEar(2000, epoch, nil)
	play(e, epoch, 50, mix(sine(2000, 8000), sine(333.3, 4000), sine(517.9, 4000)))
	if e.heardFor(2000) < 40*frameTime {
		t.Errorf("own tone heard for %v", e.heardFor(2000))
	}
}

func TestMusicIsNoTone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for name, wave := range map[string]func(int) float64{
		"chord":   mix(sine(261.6, 3000), sine(329.6, 3000), sine(392, 3000)),
		"noise":   func(int) float64 { return random.NormFloat64() * 3000 },
		"ringing": mix(sine(440, 4000), sine(480, 4000)),
		"flute":   sine(440, 6000),
		"siren":   func(n int) float64 { return 8000 * math.Sin(float64(n)*(0.3+float64(n)/40000)) },
	} {
		e := newEar(1000, epoch, nil)
		e.watch(1010)
		play(e, epoch, 100, wave)
		if len(e.heard) != 0 {
			t.Errorf("%s: heard tones %v", name, e.heard)
		}
		if e.soundFor() < 90*frameTime {
			t.Errorf("%s: %v of sound in 2 s", name, e.soundFor())
		}
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	e := newEar(1000, epoch, nil)
	now := play(e, epoch, 50, quiet)
	now = play(e, now, 50, sine(1500, 8000))
	now = play(e, now, 20, func(int) float64 { return 8 }) // one step of µ-law
	now = play(e, now, 5, sine(1500, 8000))
	now = now.Add(700 * time.Millisecond) // nothing arrives at all
	if got := e.longestSilence(epoch, now); got != time.Second {
		t.Errorf("longest silence %v, want the first second", got)
	}
	if got := e.longestSilence(epoch.Add(1500*time.Millisecond), now); got != 700*time.Millisecond {
		t.Errorf("longest silence later %v, want the 700 ms at the end", got)
	}
	if got := e.longestSilence(epoch.Add(1500*time.Millisecond), now.Add(-700*time.Millisecond)); got != 400*time.Millisecond {
		t.Errorf("longest silence in the middle %v, want 400 ms", got)
	}
	if len(e.heard) != 1 || e.soundFor() != 0 {
		t.Errorf("heard %v and %v of sound", e.heard, e.soundFor())
	}
}

// A tone, music and a tone again are three stretches with their times.
func TestStretches(t *testing.T) {
	t.Parallel()
	e := newEar(1000, epoch, nil)
	now := play(e, epoch, 50, sine(1500, 8000))
	now = play(e, now, 50, mix(sine(261.6, 3000), sine(329.6, 3000)))
	play(e, now, 50, sine(1500, 8000))
	got := e.stretches()
	if len(got) != 3 || got[0].Kind != Tone || got[1].Kind != Sound || got[2].Hz != 1500 {
		t.Fatalf("stretches %v", got)
	}
	for i, s := range got {
		begin := epoch.Add(time.Duration(i)*time.Second + frameTime)
		if d := s.From.Sub(begin).Abs(); d > 100*time.Millisecond {
			t.Errorf("stretch %d begins %v off", i, d)
		}
	}
}

func TestSeamIsNoTone(t *testing.T) {
	t.Parallel()
	e := newEar(1000, epoch, nil)
	now := play(e, epoch, 4, sine(1500, 8000))
	e.cut()
	play(e, now, 4, sine(1500, 8000))
	if e.heardFor(1500) != 0 {
		t.Errorf("heard %v across a seam", e.heardFor(1500))
	}
	e.frame(make([]byte, 80), now) // 10 ms packets are not ours
	if e.frames != 8 {
		t.Errorf("%d frames", e.frames)
	}
}

func TestULaw(t *testing.T) {
	t.Parallel()
	for pcm, code := range map[int16]byte{0: 0xff, 32767: 0x80, -32768: 0x00, 8: 0xfe, 1000: 0xce, -1000: 0x4e} {
		if got := encodeULaw(pcm); got != code {
			t.Errorf("encode %d = %#x, want %#x", pcm, got, code)
		}
	}
	for code := range 256 {
		if v := decodeULaw(byte(code)); code != 0x7f && encodeULaw(v) != byte(code) { // 0x7f is the other zero
			t.Errorf("%#x decodes to %d, which encodes to %#x", code, v, encodeULaw(v))
		}
	}
}

func TestTapeFindsARecording(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	prompt := make([]byte, 18*frameSamples)
	smooth := 0.0
	for i := range prompt {
		smooth = 0.9*smooth + random.NormFloat64()*3000
		prompt[i] = encodeULaw(int16(smooth))
	}
	other := make([]byte, 20*frameSamples)
	for i := range other {
		other[i] = encodeULaw(int16(random.NormFloat64() * 4000))
	}
	tp := &tape{}
	now := epoch
	write := func(audio []byte) (begins time.Time) {
		begins = now
		for i := 0; i+frameSamples <= len(audio); i += frameSamples {
			now = now.Add(frameTime)
			tp.write(audio[i:i+frameSamples], now)
		}
		return begins
	}
	write(other)
	first := write(prompt)
	write(other)
	tp.gap(3)
	now = now.Add(3 * frameTime)
	second := write(prompt)
	got := tp.find(prompt, epoch)
	if len(got) != 2 || got[0].Sub(first).Abs() > frameTime || got[1].Sub(second).Abs() > frameTime {
		t.Fatalf("found at %v, want %v and %v", got, first, second)
	}
	if got := tp.find(prompt, first.Add(time.Second/10)); len(got) != 1 || got[0].Sub(second).Abs() > frameTime {
		t.Errorf("found later at %v, want %v", got, second)
	}
	if got := tp.find(other[:2000], epoch); len(got) != 2 {
		t.Errorf("the other recording found at %v", got)
	}
	var none *tape
	if none.find(prompt, epoch) != nil || tp.find(prompt[:100], epoch) != nil {
		t.Error("found in nothing, or something too short")
	}
}
