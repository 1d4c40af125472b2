package fake

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdline/ari"
)

// A dialling is the Dial of dialplan/extensions.conf on behalf of a caller who left the
// application with a call string; when it is over, the caller goes back into it.
type dialling struct {
	by     *Caller
	legs   []*leg
	won    *leg
	busy   bool
	cause  int
	closed bool // over, for whatever reason
}

// dial is what the dialplan does with a caller who comes back; false: nobody is to be
// dialled. Called with the lock held.
func (c *Caller) dial() bool {
	n, vars := c.node, c.ch.vars
	calls := vars["call_string"]
	if calls == "" {
		return false
	}
	vars["call_string"], vars["DIALSTATUS"], vars["DIALEDPEERNUMBER"] = "", "", ""
	seconds, err := strconv.Atoi(vars["HOLDLINE_RING"])
	if err != nil {
		seconds = 15
	}
	d := &dialling{by: c}
	c.dialling = d
	c.ch.dialplan.AppName, c.ch.dialplan.AppData = "Dial", calls
	c.ch.musicOn, c.ch.music = true, "default"
	for call := range strings.SplitSeq(strings.ReplaceAll(calls, "TRUNK", vars["TRUNK"]), "&") {
		tech, dialled, _ := strings.Cut(call, "/")
		route, _, _ := strings.Cut(dialled, "/")
		ch := n.newChannel("", tech+"/"+route, time.Now())
		ch.caller, ch.connected = wireParty{Number: c.ch.dialplan.Exten}, c.ch.caller
		ch.dialplan = wireDialplan{Context: n.options.Context, Exten: c.ch.dialplan.Exten, Priority: 1, AppName: "AppDial", AppData: outgoingData}
		ch.vars["PJSIP_HEADER(add,X-Holdline-Contact)"] = vars["HOLDLINE_CONTACT"]
		ch.leg = &leg{node: n, ch: ch, dial: dialled, by: d}
		d.legs = append(d.legs, ch.leg)
	}
	for _, l := range d.legs {
		l.ring(time.Duration(seconds) * time.Second)
	}
	return true
}

// tell is a Dial event about a leg: the first one says what was dialled.
func (d *dialling) tell(l *leg, status string) {
	dialled, nowhere := "", ""
	switch status {
	case "":
		dialled = l.dial
	case "RINGING", "ANSWER":
		d.by.ch.connected = l.ch.caller // with whom they will be connected
	}
	if d.by.ch.subscribed == 0 {
		return
	}
	d.by.node.emit(wireEvent{Type: ari.Dial, DialStatus: &status, DialString: &dialled, Forward: &nowhere,
		Peer: l.ch.wire(), Caller: d.by.ch.wire()})
}

// answer: the first leg wins, the others stop.
func (d *dialling) answer(l *leg) {
	d.won = l
	for _, other := range slices.Clone(d.legs) {
		if other != l && other.ended.IsZero() {
			other.cancel(26)
		}
	}
	l.ch.dialplan.Exten = ""
	d.tell(l, "ANSWER")
	d.by.ch.musicOn = false
	d.by.meets()
}

// over: a leg has ended.
func (d *dialling) over(l *leg) {
	switch {
	case d.closed:
	case d.won == l:
		d.back("ANSWER", l.cause)
	case d.won == nil:
		d.busy, d.cause = d.busy || l.cause == 17, l.cause
		if slices.ContainsFunc(d.legs, func(l *leg) bool { return l.ended.IsZero() }) {
			return
		}
		switch { // as Dial judges: who rang in vain outweighs the others
		case slices.ContainsFunc(d.legs, func(l *leg) bool { return l.cause == 19 }):
			d.back("NOANSWER", 0)
		case d.busy:
			d.back("BUSY", d.cause)
		default:
			d.back("CHANUNAVAIL", d.cause)
		}
	}
}

// back goes back into the application.
func (d *dialling) back(status string, cause int) {
	d.closed = true
	c := d.by
	c.dialling = nil
	c.ch.musicOn = false
	c.ch.vars["DIALSTATUS"], c.ch.vars["HANGUPCAUSE"] = status, strconv.Itoa(cause)
	args := "return=" + c.ch.vars["HOLDLINE_OFFER"] + ":dialstatus=" + status + ":cause=" + strconv.Itoa(cause) + ":peer="
	if d.won != nil {
		args += url.QueryEscape(d.won.dial)
	}
	c.offer(args + ":" + cmp.Or(c.args, "queue="))
}

// abandon: the caller is gone.
func (d *dialling) abandon() {
	d.closed = true
	for _, l := range d.legs {
		switch {
		case !l.ended.IsZero():
		case l.waits():
			l.cancel(16)
		default:
			l.ch.hangUp(16, 0, true)
		}
	}
}

// subscribe lets the application hear of a channel while it does not hold it.
func (n *Node) subscribe(c call) reply {
	sources := c.list("eventSource")
	if len(sources) == 0 {
		return refuse(400, "Missing parameter eventSource")
	}
	var found []*channel
	for _, source := range sources {
		id, is := strings.CutPrefix(source, "channel:")
		if !is {
			return refuse(400, "Invalid event source URI scheme")
		}
		ch, there := n.channels[id]
		if !there {
			return refuse(422, "Event source does not exist")
		}
		found = append(found, ch)
	}
	for _, ch := range found {
		if !ch.wanted { // a second time changes nothing
			ch.wanted = true
			ch.subscribed++
		}
	}
	return ok(n.application())
}
