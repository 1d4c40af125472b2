//go:build stack

package aritest

import "testing"

func TestRealAsterisk(t *testing.T) { Run(t, NewRealWorld(t)) }
