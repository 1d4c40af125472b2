package aritest

import (
	"slices"
	"testing"

	"holdline/ari"
)

func identity(t *testing.T, w World) {
	must(t, "ping", w.Client.Ping(t.Context()))
	info, err := w.Client.Info(t.Context())
	must(t, "info", err)
	if info.Version == "" || info.Started.IsZero() || info.EntityID == "" {
		t.Errorf("info is not complete: %+v", info)
	}
	query := w.Hear.Connected(t, 1)
	if query.Get("node") != w.Node || query.Get("boot") == "" {
		t.Errorf("connected with %v", query)
	}
	all, err := w.Client.Applications(t.Context())
	must(t, "applications", err)
	if !slices.ContainsFunc(all, func(a ari.Application) bool { return a.Name == App }) {
		t.Errorf("applications: %+v", all)
	}
}

func endpoint(t *testing.T, w World) {
	e, err := w.Client.Endpoint(t.Context(), "PJSIP", "loop")
	must(t, "ask", err)
	if e.Technology != "PJSIP" || e.Resource != "loop" || e.State != "online" {
		t.Errorf("the endpoint is %+v", e)
	}
}

// eventsWait: what happens while nobody listens is told when somebody does, in order,
// and then ApplicationRegistered says that it was all.
func eventsWait(t *testing.T, w World) {
	caller, id := answered(t, w)
	registered := func(e ari.Event) bool { return e.Type == ari.ApplicationRegistered }
	sessions, registrations := w.Hear.Sessions(), len(w.Hear.All(registered))
	w.Hear.Away(t, w.Node)
	caller.HangUp(t)
	late := w.Call(t, "queue=late")
	if got := late.Became(t, "STASISSTATUS"); got != "TIMEOUT" {
		t.Errorf("a call while we were away: %q, want TIMEOUT", got)
	}
	w.Hear.Back()
	w.Hear.Connected(t, sessions+1)
	Eventually(t, "registered again", func() bool { return len(w.Hear.All(registered)) > registrations })
	missed := w.Hear.All(func(e ari.Event) bool {
		return registered(e) || e.Type == ari.StasisEnd && e.ChannelID() == id ||
			e.Type == ari.CallBroadcast && e.Channel.Caller.Number == late.Number()
	})
	var types []string
	for _, e := range missed[registrations:] {
		types = append(types, e.Type)
	}
	if got := sprint(types); got != "[StasisEnd CallBroadcast ApplicationRegistered]" {
		t.Errorf("heard %s", got)
	}
	heard(t, w, id, ari.CallBroadcast, ari.StasisStart, "ChannelStateChange Up", "ChannelHangupRequest 16 soft=false", ari.StasisEnd)
}

func eventFilter(t *testing.T, w World) {
	got, err := w.Client.SetEventFilter(t.Context(), App, nil, []string{ari.ChannelVarset, ari.ChannelDialplan})
	must(t, "set filter", err)
	if len(got.Disallowed) != 2 || len(got.Allowed) != 0 {
		t.Errorf("the filter is %+v", got)
	}
	caller, id := enter(t, w)
	must(t, "set a variable", w.Client.SetChannelVariable(t.Context(), id, "FILTERED", "yes"))
	caller.HangUp(t)
	left(t, w, id)
	if sets := w.Hear.All(func(e ari.Event) bool { return e.Type == ari.ChannelVarset && e.ChannelID() == id }); len(sets) != 0 {
		t.Errorf("%d filtered events came", len(sets))
	}
	must(t, "clear filter", second(w.Client.SetEventFilter(t.Context(), App, nil, nil)))
	caller, id = enter(t, w)
	must(t, "set a variable", w.Client.SetChannelVariable(t.Context(), id, "FILTERED", "no"))
	w.Hear.Channel(t, ari.ChannelVarset, id)
	caller.HangUp(t)
}

// frozen: nobody closes the connection of a node that stands still, so only pings find
// out. What the node had not written yet comes when it wakes; it was not lost with the
// connection.
func frozen(t *testing.T, w World) {
	if w.Hear.Sessions() != 2 {
		t.Errorf("%d connections were made until here, want 2: it does not answer pings", w.Hear.Sessions())
	}
	registered := func(e ari.Event) bool { return e.Type == ari.ApplicationRegistered }
	registrations := len(w.Hear.All(registered))
	w.Freeze(t)
	Eventually(t, "given up", func() bool { return w.Hear.server.Stats().Sessions == 0 })
	w.Thaw(t)
	w.Hear.Connected(t, 3)
	Eventually(t, "registered again", func() bool { return len(w.Hear.All(registered)) > registrations })
	caller, id := answered(t, w)
	caller.HangUp(t)
	left(t, w, id)
}
