package aritest

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sync"
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

	// Performed are the operations that Client carried out.
	Performed *Performed

	// Call makes somebody call: the call enters StasisBroadcast with the arguments
	// (':'-separated), which App has three seconds to claim.
	Call func(t testing.TB, args string) Caller
	// Phone is the endpoint of a phone that does something, some time after it began to ring.
	Phone func(does Doing, after time.Duration) string
	// Wire is the endpoint of a phone that knows only one thing: "486", "603"... refuses with
	// that SIP status, "silent" never says a word, "rings" and "answers" do so and are then
	// silent for ever.
	Wire func(does string) string
	// ClientOf is a client of the node over a transport; an empty password is the right one.
	ClientOf func(transport http.RoundTripper, user, password string) *ari.Client
	// Freeze stops the whole node in mid-step, Thaw lets it go on.
	Freeze, Thaw func(*testing.T)
	// Quiet is how long nothing must come for a scenario to be over; default 250 ms.
	Quiet time.Duration
	// PrefixIDs: this Asterisk takes an id that is the beginning of a live one for taken.
	PrefixIDs bool
}

// Performed keeps the names of operations that succeeded.
type Performed struct {
	mu    sync.Mutex
	names map[string]bool
}

// Observe is for ari.Options.
func (p *Performed) Observe(operation string, _ time.Duration, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.names == nil {
		p.names = map[string]bool{}
	}
	if err == nil {
		p.names[operation] = true
	}
}

// Vouched are the types of events that the suite vouches for. A test of package stasis
// compares them with what it handles.
var Vouched = []string{
	ari.CallBroadcast, ari.StasisStart, ari.StasisEnd, ari.ChannelStateChange, ari.ChannelDestroyed, ari.ChannelHangupRequest,
	ari.Dial, ari.ChannelDtmfReceived, ari.ChannelVarset, ari.ChannelEnteredBridge, ari.ChannelLeftBridge,
	ari.PlaybackStarted, ari.PlaybackContinuing, ari.PlaybackFinished, ari.ApplicationRegistered,
}

// Covered fails for every operation that package ari has and that no case of the suite
// saw succeed, and for every type of Vouched that no case looked at. Call it after Run.
func Covered(t *testing.T, w World) {
	t.Helper()
	w.Performed.mu.Lock()
	defer w.Performed.mu.Unlock()
	for _, op := range ari.Operations() {
		if !w.Performed.names[op.Name] {
			t.Errorf("no case of the suite performs %s (%s)", op.Name, op.Endpoint())
		}
	}
	w.Hear.mu.Lock()
	defer w.Hear.mu.Unlock()
	for _, eventType := range Vouched {
		if !w.Hear.looked[eventType] {
			t.Errorf("no case of the suite looks at %s", eventType)
		}
	}
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
