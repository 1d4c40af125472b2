package sim

import "testing"

// NewTestProxy is for the tests of the packages above this one.
func NewTestProxy(t *testing.T) (address string) { return newTestProxy(t).address() }
