//go:build stack

package aritest

import "testing"

func TestRealAsterisk(t *testing.T) {
	w := NewRealWorld(t)
	Run(t, w)
	Covered(t, w)
}
