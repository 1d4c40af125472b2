package fake

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is a command that the node got.
type Request struct {
	At     time.Time
	User   string
	Method string
	Path   string // below /ari
	Query  url.Values
	Body   string
	Status int // of the answer; 0: there was none
}

// Fault is what goes wrong with a request. The zero Fault is nothing.
type Fault struct {
	Delay  time.Duration // before it is carried out
	Status int           // it is not carried out, and this is the answer
	Lose   bool          // it is carried out, and the connection breaks before the answer
}

// Fault lets requests go wrong: f is asked about each. nil ends it.
func (n *Node) Fault(f func(Request) Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fault = f
}

// Requests are the commands that the node got, oldest first: the last 10,000.
func (n *Node) Requests() []Request {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Request{}, n.requests...)
}

const keptRequests = 10_000

// reply is the answer to a request, or what to wait for before there is one.
type reply struct {
	status int
	body   any
	wait   *command
	then   func(failed bool) reply // called with the lock held
}

var noContent = reply{status: http.StatusNoContent}

func ok(body any) reply      { return reply{status: http.StatusOK, body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }

func refuse(status int, message string) reply {
	return reply{status: status, body: map[string]string{"message": message}}
}

// query is the parameters of a request.
type query struct{ url.Values }

func (q query) or(name, otherwise string) string {
	if v := q.Get(name); v != "" {
		return v
	}
	return otherwise
}

// list splits at commas, as Asterisk does.
func (q query) list(name string) []string {
	return strings.FieldsFunc(q.Get(name), func(r rune) bool { return r == ',' })
}

// call is a request on its way through the node.
type call struct {
	query
	path func(name string) string
	body map[string]json.RawMessage
}

// handler serves the interface: authentication, faults, then the route with the lock held.
func (n *Node) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, route := range n.routeTable() {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /ari"+path, func(w http.ResponseWriter, r *http.Request) { n.serve(w, r, route) })
	}
	return mux
}

func (n *Node) serve(w http.ResponseWriter, r *http.Request, route func(call) reply) {
	n.gate.pass(n.ctx.Done())
	user, password, _ := r.BasicAuth()
	if refused := n.authorize(user, password, r.Method); refused.status != 0 {
		write(w, refused)
		return
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // the client is gone
	}
	request := Request{
		At: time.Now(), User: user, Method: r.Method, Path: strings.TrimPrefix(r.URL.Path, "/ari"),
		Query: r.URL.Query(), Body: string(raw),
	}
	c := call{query: query{request.Query}, path: r.PathValue}
	if len(raw) > 0 && json.Unmarshal(raw, &c.body) != nil {
		write(w, refuse(http.StatusBadRequest, "Request body could not be parsed"))
		return
	}

	fault, latency := n.faultOf(request)
	if n.pause(fault.Delay) {
		return
	}
	answer := refuse(fault.Status, "fault")
	if fault.Status == 0 {
		answer = n.perform(c, route)
	}
	if fault.Lose {
		answer.status = 0
	}
	if n.pause(latency) {
		return
	}
	request.Status = answer.status
	n.record(request)
	if answer.status == 0 {
		panic(http.ErrAbortHandler) // breaks the connection
	}
	n.gate.pass(n.ctx.Done())
	write(w, answer)
}

// perform carries out a request; it is carried out also when its client has gone.
func (n *Node) perform(c call, route func(call) reply) reply {
	n.mu.Lock()
	answer := route(c)
	for answer.wait != nil {
		wait := answer.wait
		n.mu.Unlock()
		select {
		case <-wait.done:
		case <-n.ctx.Done():
			return reply{}
		}
		n.mu.Lock()
		answer = answer.then(wait.failed)
	}
	n.mu.Unlock()
	return answer
}

func (n *Node) record(r Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.requests) == keptRequests {
		n.requests = n.requests[1:]
	}
	n.requests = append(n.requests, r)
	n.touch()
}

func (n *Node) authorize(user, password, method string) reply {
	o := &n.options
	want, known := o.Users[user]
	if !known && (user == o.User || user == o.ReadOnlyUser) && user != "" {
		want, known = o.Password, true
	}
	switch {
	case !known || want != password:
		return refuse(http.StatusUnauthorized, "Authentication required")
	case user == o.ReadOnlyUser && method != http.MethodGet:
		return refuse(http.StatusForbidden, "Write access denied")
	}
	return reply{}
}

func write(w http.ResponseWriter, r reply) {
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Asterisk REST Interface"`)
	}
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(r.body) // the client may be gone
}

// variables reads the "variables" of a body: name to value, and which are reported.
func (c call) variables() (values map[string]string, reported map[string]bool, refused *reply) {
	bad := func(message string) (map[string]string, map[string]bool, *reply) {
		r := refuse(http.StatusBadRequest, message)
		return nil, nil, &r
	}
	values, reported = map[string]string{}, map[string]bool{}
	raw, there := c.body["variables"]
	if !there {
		return values, reported, nil
	}
	var all map[string]json.RawMessage
	if json.Unmarshal(raw, &all) != nil {
		return bad("The 'variables' field must be a JSON object")
	}
	for name, value := range all {
		var plain string
		var object struct {
			Value  *string `json:"value"`
			Report bool    `json:"report_events"`
		}
		switch {
		case json.Unmarshal(value, &plain) == nil:
			values[name] = plain
		case json.Unmarshal(value, &object) == nil && object.Value != nil:
			values[name], reported[name] = *object.Value, object.Report
		default:
			return bad("Each value in 'variables' must be a string or an object with 'value' and optional 'report_events'")
		}
	}
	return values, reported, nil
}
