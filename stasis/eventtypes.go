package stasis

import "slices"

// EventTypes are the events that a session handles: what an Asterisk must be right about.
func EventTypes() []string { return slices.Clone(eventTypes) }
