package sim

import "math"

// The detector asks three questions of a window of 100 ms: how loud is it, is it
// one tone, and if not, which share of it are the tones that somebody waits for.
// The first two cost one pass each, whatever the number of phones.

// energy is the sum of squares.
func energy(x []float32) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// estimateBin names the bin that a window would be in if it were one pure tone:
// for a sine, x[n-1]+x[n+1] = 2·cos(w)·x[n], so that the ratio of two sums gives
// the frequency. For anything else the answer is meaningless, and share tells.
func estimateBin(x []float32) int {
	var num, den float64
	for n := 1; n < len(x)-1; n++ {
		v := float64(x[n])
		num += v * float64(x[n-1]+x[n+1])
		den += v * v
	}
	if den == 0 {
		return 0
	}
	c := num / (2 * den)
	if c < -1 || c > 1 {
		return 0
	}
	return int(math.Round(math.Acos(c) / (2 * math.Pi) * sampleRate / binHz))
}

// share is the part (0..1) of the window's energy total that lies in one bin
// (Goertzel). A pure tone on the bin gives 1, one on any other bin gives 0.
func share(x []float32, bin int, total float64) float64 {
	if total == 0 {
		return 0
	}
	coeff := 2 * math.Cos(2*math.Pi*float64(bin)/windowSamples)
	var s1, s2 float64
	for _, v := range x {
		s0 := float64(v) + coeff*s1 - s2
		s2, s1 = s1, s0
	}
	power := s1*s1 + s2*s2 - coeff*s1*s2
	return 2 * power / (float64(len(x)) * total)
}
