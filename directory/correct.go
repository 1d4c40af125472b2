package directory

import (
	"slices"
	"time"
)

// maxTime is the longest of all times that the tables take; the queue takes more.
const maxTime = 24 * time.Hour

// correction brings the values of one row into their bounds, and adds to the
// problems what it had to change.
type correction struct {
	table, row string
	problems   *Problems
}

// word replaces what is neither the first word nor one of the others by the first.
func (c correction) word(column string, value *string, first string, others ...string) {
	if *value == first || slices.Contains(others, *value) {
		return
	}
	c.problems.add(c.table, c.row, "%s %q is unknown to this version: taken as %s", column, *value, first)
	*value = first
}

func (c correction) number(column string, value *int, low, high int) {
	if in := min(max(*value, low), high); in != *value {
		c.problems.add(c.table, c.row, "%s %d taken as %d", column, *value, in)
		*value = in
	}
}

// time puts a time into 0..maxTime.
func (c correction) time(column string, value *time.Duration) {
	if in := min(max(*value, 0), maxTime); in != *value {
		c.problems.add(c.table, c.row, "%s of %s taken as %s", column, *value, in)
		*value = in
	}
}

// only takes away the words that are not among the known ones; nil when none is left.
func only[S ~string](c correction, column string, words, known []S) (kept []S) {
	for _, w := range words {
		if slices.Contains(known, w) {
			kept = append(kept, w)
		} else {
			c.problems.add(c.table, c.row, "%s: %q is unknown to this version: left out", column, w)
		}
	}
	return kept
}
