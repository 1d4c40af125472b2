package aritest

import (
	"crypto/rand"
	"encoding/hex"
	"testing"
	"time"

	"holdline/ari"
)

// App is the application under test.
const App = "holdline"

// World is one Asterisk for the suite: a real one, or the fake.
type World struct {
	Client *ari.Client // commands the node as a user who may write
	Reader *ari.Client // as a user who may only read; nil: there is none
	Nobody *ari.Client // with a wrong password
	Hear   *Hearer     // hears the node's events of App
	Node   string      // user of its event connection, and the node in its query

	// Call makes somebody call: the call enters StasisBroadcast with the arguments
	// (':'-separated), which App has a second to claim.
	Call func(t testing.TB, args string) Caller
	// Phone is the endpoint of a phone that does something, some time after it began to ring.
	Phone func(does Doing, after time.Duration) string
	// Freeze stops the whole node in mid-step, Thaw lets it go on.
	Freeze, Thaw func(*testing.T)
	// PrefixIDs: this Asterisk takes an id that is the beginning of a live one for taken.
	PrefixIDs bool
}

// Doing is what a phone does with a call.
type Doing int

// What phones do. A Hanger answers at once and hangs up after the time; nobody is at Nowhere.
const (
	Answers Doing = iota + 1
	Declines
	Busies
	Rings
	Nowhere
	Hanger
)

// Caller is who made a call.
type Caller interface {
	Number() string
	HangUp(t testing.TB)
	Press(t testing.TB, digits string)
	// Became is what the dialplan saw when the application was done with the call: a
	// variable, waited for until it is set. STASISSTATUS; HOLDLINE_STATUS; AFTER,
	// which is HOLDLINE_STATUS as extension "after" of the caller's context saw it.
	Became(t testing.TB, variable string) string
}

// NewID is an id of fixed length, as all of ours are.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return "hl-" + hex.EncodeToString(b[:])[:31]
}

// Eventually asks until the answer is yes.
func Eventually(t testing.TB, what string, ask func() bool) {
	t.Helper()
	deadline := time.Now().Add(Patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ask() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, Patience)
		}
		<-tick.C
	}
}
