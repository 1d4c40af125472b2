package channelapi

import (
	"errors"
	"strings"
	"testing"

	"holdline/ari"
	"holdline/ari/fake"
)

func TestDialPreparesAndTheDialplanDials(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	phone := b.asterisk.Phone("201", fake.Ring())
	r := DialRequest{
		To: []string{testTo, "sip:202@demo.holdline.test"}, TimeoutMS: 14_001,
		Variables: map[string]string{"HOLDLINE_OFFER": "0ffe4", "HOLDLINE_CONTACT": "c0de"},
	}
	for range 2 { // a repetition does what one does
		b.must(b.client.Dial(t.Context(), testNode, caller.ID(), r))
	}
	for name, want := range map[string]string{
		"call_string": "PJSIP/TRUNK/" + testTo + "&PJSIP/TRUNK/sip:202@demo.holdline.test",
		"TRUNK":       "kamailio-1", "HOLDLINE_RING": "15", "HOLDLINE_OFFER": "0ffe4",
	} {
		got := caller.Variable(name)
		if name == "TRUNK" && got == "kamailio-2" {
			continue // routes take turns
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if hears := caller.Hears(); len(hears) != 0 {
		t.Errorf("the caller hears %q", hears)
	}
	b.must(b.client.Continue(t.Context(), testNode, caller.ID(), ContinueRequest{}))
	b.until("the phone rings", func() bool { return len(phone.Calls()) == 1 })
	if got := phone.Calls()[0].Headers["X-Holdline-Contact"]; got != "c0de" {
		t.Errorf("the leg is for %q", got)
	}
	err := b.client.Dial(t.Context(), testNode, caller.ID(), r)
	if !errors.Is(err, ErrNotInApplication) {
		t.Errorf("prepared while it dials: %v", err)
	}
	app, err := b.direct.Application(t.Context(), "holdline")
	b.must(err)
	if len(app.Channels) != 1 {
		t.Errorf("the application hears of %q", app.Channels)
	}
}

func TestDialOfNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller := b.caller()
	for name, body := range map[string]string{
		"nobody":              `{"to":[],"timeout_ms":1000}`,
		"two in one":          `{"to":["` + testTo + `&PJSIP/x"],"timeout_ms":1000}`,
		"no time":             `{"to":["` + testTo + `"],"timeout_ms":0}`,
		"a function's name":   `{"to":["` + testTo + `"],"timeout_ms":1000,"variables":{"SHELL(id)":"x"}}`,
		"more than can be":    `{"to":[` + strings.Repeat(`"`+testTo+`",`, 50) + `"` + testTo + `"],"timeout_ms":1000}`,
		"an unheard-of field": `{"to":["` + testTo + `"],"timeout_ms":1000,"leg":"x"}`,
	} {
		if a := b.raw("PUT", path(testNode, caller.ID(), "dial"), body); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	err := b.client.Dial(t.Context(), testNode, "1764000000.17", DialRequest{To: []string{testTo}, TimeoutMS: 1000})
	if !errors.Is(err, ErrNoChannel) || errors.Is(err, ari.ErrNotFound) {
		t.Errorf("a channel that is not there: %v", err)
	}
}

// A call may be matched while it is being claimed.
func TestDialOfACallerWhoIsAboutToEnter(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	caller, err := b.asterisk.Call(fake.CallRequest{Args: "queue=support"})
	b.must(err)
	dialled := make(chan error, 1)
	go func() {
		dialled <- b.client.Dial(t.Context(), testNode, caller.ID(), DialRequest{To: []string{testTo}, TimeoutMS: 1000})
	}()
	b.until("it was tried", func() bool { return b.count("DELETE", "/channels/"+caller.ID()+"/moh") > 0 })
	b.must(b.direct.Claim(t.Context(), caller.ID(), "holdline"))
	b.must(<-dialled)
	if got := caller.Variable("call_string"); got != "PJSIP/TRUNK/"+testTo {
		t.Errorf("call_string %q", got)
	}
}
