// Package view shows a contact center as it stands. It reads Holdline's journal and
// its views, nothing of who simulates callers and agents; what was done to the demo
// on purpose comes as stage directions ([Told]), and is shown as such.
package view
