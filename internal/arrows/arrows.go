// Package arrows holds the plan of the rooms: which package may import which.
// Its test compares the plan with the code, so that an arrow against the plan
// fails the build instead of growing.
package arrows

// plan says what of ours each room may import. internal is open to all and
// imports no room; cmd may import everything.
var plan = map[string][]string{
	"queue":       {},
	"ari":         {},
	"sim":         {},
	"directory":   {"queue"},
	"stasis":      {"queue", "ari"},
	"channelapi":  {"ari"},
	"callmanager": {"queue", "directory", "channelapi"},
	"supervise":   {"queue"},
	"doctor":      {"queue", "ari", "directory"},
	"bench":       {"queue", "sim", "callmanager"},
	"kamailio":    {}, // its tests on the wire; the room itself is configuration
	"haproxy":     {}, // the same
}
