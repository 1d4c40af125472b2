//go:build stack

package channelapi_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"holdline/ari"
	"holdline/ari/aritest"
	"holdline/channelapi"
	"holdline/channelapi/apitest"
)

// The same samples on a real Asterisk (see aritest for what that needs):
//
//	go test -tags stack -run TestSamplesOnRealAsterisk ./channelapi
func TestSamplesOnRealAsterisk(t *testing.T) {
	w := &realWorld{World: aritest.NewRealWorld(t)}
	away := ari.New("http://127.0.0.1:1/ari", ari.Options{Timeout: time.Second})
	t.Cleanup(away.Close)
	_, route, _ := w.phone(aritest.Rings)
	w.address = serve(t, []string{route}, map[string]channelapi.Telephony{w.Node: w.Client, w.Away(): away})
	apitest.Run(t, w)
	t.Run("in order", func(t *testing.T) { inOrder(t, w) })
}

// inOrder is what the operations rely on and only a real Asterisk can show: what
// is sent behind an announcement is carried out when it has been heard.
func inOrder(t *testing.T, w *realWorld) {
	client := channelapi.NewClient(w.address, sampleToken, 0)
	t.Cleanup(client.Close)
	caller, channel := w.call(t)
	playback := apitest.NewID()
	if err := client.Announce(t.Context(), w.Node, channel, channelapi.AnnounceRequest{Position: 7, Playback: playback}); err != nil {
		t.Fatal(err)
	}
	w.Hear.Wait(t, "the announcement plays", func(e ari.Event) bool {
		return e.Type == ari.PlaybackStarted && e.Playback.ID == playback
	})
	// Its id is used again: the announcement is cut short, the apology is whole.
	began := time.Now()
	if err := client.Timeout(t.Context(), w.Node, channel, channelapi.LeaveRequest{
		Playback: playback, Media: []string{"sound:digits/1", "sound:digits/2"},
		Variables: map[string]string{"HOLDLINE_STATUS": "TIMEOUT"},
	}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("the command took %s: it waited for media", took)
	}
	w.Hear.Channel(t, ari.StasisEnd, channel)
	if took := time.Since(began); took < time.Second {
		t.Errorf("the caller left after %s, before the apology was heard", took)
	}
	if got := caller.Became(t, "HOLDLINE_STATUS"); got != "TIMEOUT" {
		t.Errorf("the dialplan saw HOLDLINE_STATUS %q", got)
	}
	var heard []string
	for _, e := range w.Hear.All(func(e ari.Event) bool { return e.Type == ari.PlaybackStarted && e.Playback.ID == playback }) {
		heard = append(heard, e.Playback.MediaURI)
	}
	if got, want := strings.Join(heard, " "), "sound:queue-thereare sound:digits/1 sound:digits/2"; got != want {
		t.Errorf("the caller heard %s, want %s", got, want)
	}
}

type realWorld struct {
	aritest.World
	address string
}

func (w *realWorld) API() (string, string) { return w.address, sampleToken }
func (w *realWorld) Away() string          { return "ast-00000000dead" }

// phone splits the suite's endpoints "PJSIP/<route>/<address>".
func (w *realWorld) phone(does aritest.Doing) (endpoint, route, to string) {
	endpoint = w.Phone(does, 0)
	parts := strings.Split(endpoint, "/")
	return endpoint, parts[1], parts[2]
}

func (w *realWorld) To() string {
	_, _, to := w.phone(aritest.Rings)
	return to
}

func (w *realWorld) call(t testing.TB) (aritest.Caller, string) {
	t.Helper()
	caller := w.Call(t, "queue=support")
	e := w.Hear.Wait(t, "the call is offered", func(e ari.Event) bool {
		return e.Type == ari.CallBroadcast && e.Channel.Caller.Number == caller.Number()
	})
	channel := e.ChannelID()
	if err := w.Client.Claim(t.Context(), channel, aritest.App); err != nil {
		t.Fatal(err)
	}
	w.Hear.Channel(t, ari.StasisStart, channel)
	if err := w.Client.Answer(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	return caller, channel
}

func (w *realWorld) Caller(t testing.TB) (string, string) {
	_, channel := w.call(t)
	return w.Node, channel
}

func (w *realWorld) Leg(t testing.TB, _ string) string {
	t.Helper()
	endpoint, _, _ := w.phone(aritest.Answers)
	return answeredLeg(t, w.Client, poll, endpoint)
}

func (w *realWorld) Left(t testing.TB) (string, string) {
	t.Helper()
	_, channel := w.call(t)
	if err := w.Client.Continue(t.Context(), channel, ari.ContinueRequest{}); err != nil {
		t.Fatal(err)
	}
	w.Hear.Channel(t, ari.StasisEnd, channel)
	return w.Node, channel
}

// poll asks until the answer is yes or the context ends.
func poll(ctx context.Context, yes func() bool) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}
