package sim

import (
	"fmt"
	"math"
	"sync"
	"time"
)

// The audio of the simulated phones: PCMU (G.711 µ-law), 8,000 samples a second,
// packets of 20 ms.
const (
	sampleRate   = 8000
	frameSamples = 160
	frameTime    = 20 * time.Millisecond

	// window is what a tone is judged by: 100 ms. Whole multiples of 10 Hz
	// make whole numbers of cycles in it, and so are orthogonal to each other
	// whatever their phase.
	windowSamples = 800
	windowFrames  = windowSamples / frameSamples
	binHz         = sampleRate / windowSamples

	// The plan starts above most of the energy of speech and music, and ends
	// below the edge of the telephone band.
	planFirstHz = 1000
	planLastHz  = 3390

	// toneAmplitude is about -12 dB of full scale: loud, and three of them
	// mixed do not clip.
	toneAmplitude = 8000
)

// PlanSize is how many phones can have a tone of their own.
const PlanSize = (planLastHz-planFirstHz)/binHz + 1

// PlanHz is the i-th frequency of the plan. Any two differ by a multiple of
// 10 Hz, so that the detector separates them without leakage.
func PlanHz(i int) (int, error) {
	if i < 0 || i >= PlanSize {
		return 0, fmt.Errorf("tone %d: the plan has %d frequencies", i, PlanSize)
	}
	return planFirstHz + i*binHz, nil
}

func checkHz(hz int) error {
	if hz < 300 || hz > 3400 || hz%binHz != 0 {
		return fmt.Errorf("tone of %d Hz: must be a multiple of %d between 300 and 3400", hz, binHz)
	}
	return nil
}

// toneTable is one window of a tone in µ-law. It repeats without a seam, so that
// sending is copying.
type toneTable [windowSamples]byte

var toneTables sync.Map // int -> *toneTable

func tableFor(hz int) *toneTable {
	if t, ok := toneTables.Load(hz); ok {
		return t.(*toneTable)
	}
	var t toneTable
	for i := range t {
		t[i] = encodeULaw(int16(toneAmplitude * math.Sin(2*math.Pi*float64(hz)*float64(i)/sampleRate)))
	}
	actual, _ := toneTables.LoadOrStore(hz, &t)
	return actual.(*toneTable)
}

// encodeULaw and decodeULaw are ITU-T G.711, µ-law.
func encodeULaw(pcm int16) byte {
	const bias, clip = 132, 32635
	sign, v := byte(0), int(pcm)
	if v < 0 {
		sign, v = 0x80, -v
	}
	v = min(v, clip) + bias
	exp := byte(7)
	for mask := 0x4000; v&mask == 0 && exp > 0; mask >>= 1 {
		exp--
	}
	mantissa := byte(v>>(exp+3)) & 0x0f
	return ^(sign | exp<<4 | mantissa)
}

func decodeULaw(b byte) int16 {
	b = ^b
	v := (int(b&0x0f)<<3 + 132) << (b >> 4 & 7)
	v -= 132
	if b&0x80 != 0 {
		return int16(-v)
	}
	return int16(v)
}

// linear is decodeULaw as a table.
var linear = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(decodeULaw(byte(i)))
	}
	return t
}()

// silentByte is µ-law zero.
const silentByte = 0xff
