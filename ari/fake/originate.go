package fake

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxID = 149 // characters of an id that is chosen

// originate makes a leg that enters the application when it is answered.
func (n *Node) originate(c call) reply {
	originator := n.channels[c.Get("originator")]
	if originator == nil && c.Get("originator") != "" && c.Get("endpoint") != "" {
		return refuse(400, "Provided originator channel was not found")
	}
	ch, refused := n.makeLeg(c)
	if refused != nil {
		return *refused
	}
	if originator != nil {
		ch.connected = originator.caller
	}
	timeout := 30 * time.Second
	if seconds, err := parseInt(c.Get("timeout")); err == nil && seconds > 0 {
		timeout = time.Duration(seconds) * time.Second
	}
	if id := c.Get("callerId"); id != "" {
		ch.caller = parseCallerID(id)
		ch.connected = ch.caller
	}
	ch.dialplan = wireDialplan{Context: n.options.Context, Exten: "s", Priority: 1, AppName: outgoing, AppData: outgoingData}
	answer := ok(ch.wire())
	n.after(0, func() {
		if n.channels[ch.id] == ch {
			ch.leg.ring(timeout)
		}
	})
	return answer
}

// create makes a leg that enters the application at once, and waits to be dialled.
func (n *Node) create(c call) reply {
	ch, refused := n.makeLeg(c)
	if refused != nil {
		return *refused
	}
	ch.leg.made = true
	ch.dialplan = wireDialplan{Context: n.options.Context, Exten: "s", Priority: 1}
	if other, found := n.channels[c.Get("originator")]; found {
		other.subscribed++ // so its end will be told twice over: as StasisEnd and as ChannelDestroyed
	}
	answer := ok(ch.wire())
	n.after(0, func() {
		if n.channels[ch.id] == ch && ch.leg.app == n.options.Application {
			ch.dialplan.AppName, ch.dialplan.AppData = ch.leg.application()
			ch.enter(append([]string{}, ch.leg.args...))
		}
	})
	return answer
}

func (n *Node) makeLeg(c call) (*channel, *reply) {
	no := func(status int, message string) (*channel, *reply) {
		r := refuse(status, message)
		return nil, &r
	}
	values, reported, refused := c.variables()
	if refused != nil {
		return nil, refused
	}
	id, endpoint := c.Get("channelId"), c.Get("endpoint")
	tech, dial, _ := strings.Cut(endpoint, "/")
	route, _, _ := strings.Cut(dial, "/")
	switch {
	case len(id) > maxID:
		return no(400, "Uniqueid length exceeds maximum of "+strconv.Itoa(maxID))
	case endpoint == "":
		return no(400, "Endpoint must be specified")
	case c.Get("originator") != "" && c.Get("formats") != "":
		return no(400, "Originator and formats can't both be specified")
	case tech == "" || dial == "":
		return no(400, "Invalid endpoint specified")
	case c.Get("app") == "":
		return no(400, "Application or extension must be specified")
	}
	if tech != "PJSIP" || slices.Contains(n.options.MissingRoutes, route) {
		return nil, &reply{status: 500, body: map[string]string{"error": "Allocation failed"}}
	}
	if id != "" && n.taken(id) {
		return no(409, "Channel with given unique ID already exists")
	}
	ch := n.newChannel(id, tech+"/"+route, time.Now())
	ch.leg = &leg{node: n, ch: ch, dial: dial, app: c.Get("app")}
	if args := c.Get("appArgs"); args != "" {
		ch.leg.args = strings.Split(args, ",")
	}
	for name, value := range values {
		ch.vars[name] = value
		if reported[name] {
			ch.reported[name] = true
		}
	}
	if ch.leg.app == n.options.Application {
		ch.subscribed++
	}
	n.touch()
	return ch, nil
}

// parseCallerID reads `"Name" <number>`, `Name <number>` and `number`.
func parseCallerID(id string) wireParty {
	name, number, ok := strings.Cut(id, "<")
	if !ok {
		return wireParty{Number: strings.TrimSpace(id)}
	}
	number, _, _ = strings.Cut(number, ">")
	name = strings.TrimSpace(name)
	if len(name) >= 2 && name[0] == '"' && name[len(name)-1] == '"' {
		name = strings.ReplaceAll(name[1:len(name)-1], `\"`, `"`)
	}
	return wireParty{Name: name, Number: strings.TrimSpace(number)}
}

func parseInt(s string) (int, error) { return strconv.Atoi(s) }
