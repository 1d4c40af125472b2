package queue

import "time"

// Mode is what an agent does; reserved and busy are derived (Offer, Calls).
type Mode string

// The modes of an agent; life.go lists the moves between them.
const (
	LoggedOut     Mode = "logged_out"
	Ready         Mode = "ready"
	WrapUp        Mode = "wrap_up"
	Paused        Mode = "paused"
	NotResponding Mode = "not_responding"
)

// Agent is the person, as the pool sees them now.
type Agent struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Mode      Mode      `json:"mode"`
	Since     time.Time `json:"since"`           // of the mode
	Reason    string    `json:"reason"`          // of a pause
	Until     time.Time `json:"until"`           // the mode's bound, if it has one
	Next      Mode      `json:"next"`            // chosen while busy, taken when the last call ends
	Available time.Time `json:"available_since"` // start of the present unbroken availability
	Guard     time.Time `json:"guard"`           // after busy or unreachable: no offer before this
	Offer     string    `json:"offer"`           // the open one
	Calls     []string  `json:"calls"`           // offers answered and not over
	Misses    int       `json:"misses"`
	Leaving   bool      `json:"leaving"` // removed from the directory, finishing a call
	Served    int       `json:"served"`  // contacts answered since the login

	DeviceInUse time.Time      `json:"device_in_use"` // since when it is in a call outside the queues
	Capacity    map[Medium]int `json:"capacity"`
	Held        map[Medium]int `json:"held"`
	Worked      time.Duration  `json:"worked"` // of late: each second halved every 45 minutes at work; kept where a queue asks who worked least
}

// Load is how many offers and contacts the agent has now.
func (a Agent) Load() int {
	if a.Offer != "" {
		return len(a.Calls) + 1
	}
	return len(a.Calls)
}

// ModeChange asks for a mode. While the agent is busy it becomes the next mode.
type ModeChange struct {
	Mode   Mode
	Reason string        // of a pause
	Limit  time.Duration // of a pause; 0: none. When it is over the agent is ready
	By     string        // who asked, for the journal
	From   []Mode        // when set, the change is refused from any other mode
}
