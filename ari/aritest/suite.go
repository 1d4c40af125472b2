package aritest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"holdline/ari"
)

// behaviours can be looked at side by side: each has channels of its own.
var behaviours = []struct {
	name string
	run  func(*testing.T, World)
}{
	{"a call is claimed once", claimedOnce},
	{"a call that nobody claims goes on", unclaimed},
	{"a caller who gives up unclaimed cannot be claimed", gaveUp},
	{"arguments arrive as they were given", argumentsArrive},
	{"the snapshot says who is in the application", snapshot},
	{"a caller hangs up", callerHangsUp},
	{"we hang up", weHangUp},
	{"answering twice is answering", answerTwice},
	{"digits are heard", digits},
	{"a transfer that nobody asked for", transfer},
	{"continue leaves the application", continues},
	{"who is subscribed to is heard of until the end", subscribed},
	{"continue goes where it is told", continuesElsewhere},
	{"what is gone is not found", gone},
	{"who may not, is denied", denied},

	{"variables come back as they were set", variables},
	{"reported variables ride in events", reportedVariables},
	{"functions can be read and written", functions},

	{"music starts and stops", music},
	{"packets tell of silence", sent},
	{"a playback starts and finishes", playback},
	{"a playback is stopped", stopPlayback},
	{"a playback's id plays twice", playTwice},
	{"commands wait behind a playback", commandsWait},
	{"playbacks end with the caller", playbackHangup},
	{"a sound that is missing is skipped", playMissing},
	{"numbers cannot be stopped", unstoppable},
	{"a playback of nonsense never finishes", playNonsense},
	{"a playback that waits is taken back", takenBack},
	{"waiting for who hangs up", waitForGone},

	{"a leg enters at the answer", legAnswers},
	{"a leg that declines", legFails(Declines, ari.ReasonRejected, "NOANSWER", 403)},
	{"a leg that is busy", legFails(Busies, ari.ReasonBusy, "BUSY", 486)},
	{"a leg that is nowhere", legFails(Nowhere, ari.ReasonUnallocated, "NOANSWER", 404)},
	{"a leg that nobody answers", legUnanswered},
	{"a ringing leg is cancelled", legCancelled},
	{"an answered leg hangs up", legHangsUp},
	{"an id is taken while it lives", takenIDs},
	{"an id that begins another", prefixIDs},
	{"an endpoint that cannot be", noEndpoint},
	{"a ringing leg takes no commands", ringingLeg},
	{"create, then dial", createDial},
	{"create, then dial in vain", createDialDeclined},
	{"create, then dial until the time is up", createDialUnanswered},
	{"a leg continues", legContinues},
	{"a leg for nobody", strangers},
	{"a leg outlives its caller", ghostLeg},

	{"a bridge connects", bridge},
	{"a member added again leaves and enters", addedAgain},
	{"a member moves to another bridge", bridgeMoves},
	{"a bridge's id is taken", takenBridge},
	{"who cannot be bridged", cannotBridge},
	{"a bridge survives its members", bridgeMembers},
	{"a bridge is deleted under its members", bridgeDeleted},
	{"music ends in a bridge", bridgeMusic},
	{"a leg is bridged while its caller hears music", bridgeFromMusic},
}

// alone need the node for themselves.
var alone = []struct {
	name string
	run  func(*testing.T, World)
}{
	{"the node says who it is", identity},
	{"an endpoint says how it is", endpoint},
	{"events wait while we are away", eventsWait},
	{"filtered events stay away", eventFilter},
	{"a frozen node is given up and comes back", frozen},
}

// Run runs the suite.
func Run(t *testing.T, w World) {
	t.Helper()
	t.Run("together", func(t *testing.T) {
		for _, b := range behaviours {
			t.Run(b.name, func(t *testing.T) {
				t.Parallel()
				b.run(t, w)
			})
		}
	})
	for _, b := range alone {
		t.Run(b.name, func(t *testing.T) { b.run(t, w) })
	}
}

// call makes a call and waits until the application is asked about it.
func call(t *testing.T, w World, args string) (Caller, string) {
	t.Helper()
	caller := w.Call(t, args)
	e := w.Hear.Wait(t, "CallBroadcast of "+caller.Number(), func(e ari.Event) bool {
		return e.Type == ari.CallBroadcast && e.Channel.Caller.Number == caller.Number()
	})
	return caller, e.Channel.ID
}

// enter makes a call that is in the application.
func enter(t *testing.T, w World) (Caller, string) {
	t.Helper()
	caller, id := call(t, w, "queue=support")
	must(t, "claim", w.Client.Claim(t.Context(), id, App))
	w.Hear.Channel(t, ari.StasisStart, id)
	return caller, id
}

// answered makes a call that is in the application and answered.
func answered(t *testing.T, w World) (Caller, string) {
	t.Helper()
	caller, id := enter(t, w)
	must(t, "answer", w.Client.Answer(t.Context(), id))
	w.Hear.Wait(t, "up", stateIs(id, ari.StateUp))
	return caller, id
}

// leg rings a phone.
func leg(t *testing.T, w World, does Doing, after time.Duration) string {
	t.Helper()
	id := NewID()
	_, err := w.Client.Originate(t.Context(), ari.OriginateRequest{
		ID: id, Endpoint: w.Phone(does, after), Timeout: 30 * time.Second, AppArgs: "leg=" + id,
	})
	must(t, "originate", err)
	return id
}

// answeredLeg is a leg whose phone answered.
func answeredLeg(t *testing.T, w World) string {
	t.Helper()
	id := leg(t, w, Answers, 0)
	w.Hear.Channel(t, ari.StasisStart, id)
	return id
}

func stateIs(id, state string) func(ari.Event) bool {
	return func(e ari.Event) bool {
		return e.Type == ari.ChannelStateChange && e.ChannelID() == id && e.Channel.State == state
	}
}

// left waits until a caller's channel is out of the application. That is all that is
// told of it: its end is told only of channels that the application originated.
func left(t *testing.T, w World, id string) {
	t.Helper()
	w.Hear.Channel(t, ari.StasisEnd, id)
}

// destroyed waits for the end of a channel and compares its cause.
func destroyed(t *testing.T, w World, id string, want ari.Reason) {
	t.Helper()
	e := w.Hear.Channel(t, ari.ChannelDestroyed, id)
	if e.Cause != int(want) {
		t.Errorf("ended with cause %d (%s), want %d; heard %v", e.Cause, e.CauseText, want, w.Hear.Types(id))
	}
}

// heard compares what was heard about a channel, leaving out the types that say nothing
// here (variables, dialplan steps, caller ids) and the two that say ringing, which come
// in either order.
func heard(t *testing.T, w World, id string, want ...string) {
	t.Helper()
	got := slices.DeleteFunc(w.Hear.Types(id), func(s string) bool {
		return slices.Contains([]string{
			ari.ChannelVarset, ari.ChannelDialplan, ari.ChannelCallerID, ari.ChannelConnectedLine,
			"Dial RINGING", "ChannelStateChange Ringing",
		}, s)
	})
	if !slices.Equal(got, want) {
		t.Errorf("heard %s\n want %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
}

func must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %q", what, err, want)
	}
}
