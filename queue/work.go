package queue

import "time"

// WorkKind says what a work entry asks of a callmanager.
type WorkKind string

// The kinds of work. Every kind may come twice, and doing it twice is harmless,
// except an announcement, which is marked said before it is played.
const (
	WorkMatch    WorkKind = "match"    // run Match for Agent or Line
	WorkHangup   WorkKind = "hangup"   // hang up Legs on Node, for Reason
	WorkBridge   WorkKind = "bridge"   // nobody has bridged Channel and Legs[0] of Offer yet
	WorkLeave    WorkKind = "leave"    // Channel continues in the dialplan; Outcome says why
	WorkAnnounce WorkKind = "announce" // tell Channel its Position
	WorkMusic    WorkKind = "music"    // Channel is to hear MusicClass again
)

// Work is one entry of the pool's work stream.
type Work struct {
	ID         string
	Kind       WorkKind
	Contact    string
	Offer      string
	Agent      string
	Line       string // as Subject takes it
	Node       string
	Channel    string // the caller's
	Queue      string
	Legs       []string
	Position   int
	Waiting    int // contacts in the queue
	Outcome    string
	Reason     string // of a hangup: the offer's outcome, or answered_elsewhere, or ended
	Language   string
	MusicClass string
	WaitMS     int64
	Key        string            // of a leave: the exit key that was pressed
	Vars       map[string]string // of a leave: HOLDLINE_STATUS, _REASON, _AGENT, _KEY, _WAIT_MS, and _ARRIVAL emptied
}

// Subject is what Match is run for: one of the two.
type Subject struct {
	Agent string
	Line  string // as in Work
}

// Deadline is something that becomes due. Its member names all that its firing needs.
type Deadline struct {
	Member string
	At     time.Time // on the pool's clock
}

// Cursor is where a sweep stands; 0 is the beginning, and the end.
type Cursor uint64
