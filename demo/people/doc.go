// Package people simulates those who call and those who answer: on the fake nodes, by
// what a caller hears and a phone does, and without a look at what Holdline thinks of
// it. So what they tell at the end can be held against Holdline's own counts.
package people
