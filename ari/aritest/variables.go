package aritest

import (
	"testing"

	"holdline/ari"
)

func variables(t *testing.T, w World) {
	_, id := enter(t, w)
	ctx, c := t.Context(), w.Client
	for name, value := range map[string]string{
		"PLAIN":     "value",
		"EMPTY":     "",
		"SPACES":    " a b ",
		"PERCENT":   "100%20 50%",
		"QUERY":     "a&b=c+d?e#f;g",
		"QUOTES":    `"double" 'single' \back\`,
		"DOLLAR":    "${EXTEN} $[1+1]",
		"LINES":     "one\ntwo\r\tthree",
		"UNICODE":   "Grüße 日本 🎧",
		"COMMAS":    "a,b|c:d",
		"lowercase": "x",
	} {
		must(t, "set "+name, c.SetChannelVariable(ctx, id, name, value))
		got, err := c.ChannelVariable(ctx, id, name)
		must(t, "read "+name, err)
		if got != value {
			t.Errorf("%s: read %q, set %q", name, got, value)
		}
	}
	wantErr(t, "read what was never set", second(c.ChannelVariable(ctx, id, "NEVER_SET")), ari.ErrNotFound)

	must(t, "set several", c.SetChannelVariables(ctx, id, map[string]string{"ONE": "1", "TWO": "2 & 3"}))
	all, err := c.ChannelVariables(ctx, id, "ONE", "TWO")
	must(t, "read several", err)
	if all["ONE"] != "1" || all["TWO"] != "2 & 3" {
		t.Errorf("read %q", all)
	}
	wantErr(t, "read several, one not set", second(c.ChannelVariables(ctx, id, "ONE", "NEVER_SET")), ari.ErrNotFound)

	must(t, "set global", c.SetVariable(ctx, "HL_"+id, "shared & kept"))
	got, err := c.Variable(ctx, "HL_"+id)
	must(t, "read global", err)
	if got != "shared & kept" {
		t.Errorf("global: read %q", got)
	}
	got, err = c.Variable(ctx, "HL_NEVER_SET")
	must(t, "read global never set", err)
	if got != "" {
		t.Errorf("global never set: read %q", got)
	}
}

func reportedVariables(t *testing.T, w World) {
	caller, id := enter(t, w)
	must(t, "set", w.Client.SetReportedVariable(t.Context(), id, "HOLDLINE_CONTACT", "c 1"))
	must(t, "set unreported", w.Client.SetChannelVariable(t.Context(), id, "SECRET", "s"))
	now, err := w.Client.Channel(t.Context(), id)
	must(t, "ask", err)
	caller.HangUp(t)
	end := w.Hear.Channel(t, ari.StasisEnd, id)
	for where, vars := range map[string]map[string]string{"answer": now.Vars, "event": end.Channel.Vars} {
		if vars["HOLDLINE_CONTACT"] != "c 1" || len(vars) != 1 {
			t.Errorf("%s carries %q", where, vars)
		}
	}

	leg := NewID()
	_, err = w.Client.Originate(t.Context(), ari.OriginateRequest{
		ID: leg, Endpoint: w.Phone(Answers, 0), Timeout: Patience,
		Variables: map[string]string{"PJSIP_HEADER(add,X-Holdline-Contact)": "c1", "PLAIN": "p", "CHANNEL(accountcode)": "demo"},
		Reported:  map[string]string{"HOLDLINE_OFFER": "o1"},
	})
	must(t, "originate", err)
	start := w.Hear.Channel(t, ari.StasisStart, leg)
	if start.Channel.Vars["HOLDLINE_OFFER"] != "o1" || len(start.Channel.Vars) != 1 {
		t.Errorf("the leg carries %q", start.Channel.Vars)
	}
	first := w.Hear.Wait(t, "the first event of the leg", func(e ari.Event) bool {
		return e.Type == ari.Dial && e.Peer != nil && e.Peer.ID == leg
	})
	if first.Peer.Account != "demo" || start.Channel.Account != "demo" {
		t.Errorf("the leg's account is first %q, then %q", first.Peer.Account, start.Channel.Account)
	}
	got, err := w.Client.ChannelVariable(t.Context(), leg, "PLAIN")
	must(t, "read PLAIN", err)
	if got != "p" {
		t.Errorf("PLAIN is %q", got)
	}
}

func functions(t *testing.T, w World) {
	caller, id := enter(t, w)
	got, err := w.Client.ChannelVariable(t.Context(), id, "CALLERID(num)")
	must(t, "read CALLERID(num)", err)
	if got != caller.Number() {
		t.Errorf("CALLERID(num) is %q, want %q", got, caller.Number())
	}
	must(t, "write CALLERID(name)", w.Client.SetChannelVariable(t.Context(), id, "CALLERID(name)", "Ann, \"A\" & Co"))
	now, err := w.Client.Channel(t.Context(), id)
	must(t, "ask", err)
	if now.Caller.Name != "Ann, \"A\" & Co" {
		t.Errorf("caller's name is %q", now.Caller.Name)
	}
}
