package channelapi

import "net/http"

// route is one row of the table below.
type route struct {
	method    string
	path      string
	operation string   // operationId of the document, label of the metric
	query     []string // parameters that it knows
	takes     reader   // the body, and what is done with it
	answer    any      // the answer's type, as a zero value; nil: 204, no body
}

const (
	anyNode    = "/v1/nodes"
	anyChannel = "/v1/nodes/{node}/channels/{channel}"
)

// routes is the whole interface, but for GET /openapi.yaml, which needs no
// token. The document openapi.yaml is checked against it, both ways.
var routes = []route{
	{http.MethodGet, anyNode, "nodes", nil, nothing(nodes), NodeList{}},
	{http.MethodGet, anyChannel, "check", nil, nothing(check), State{}},
	{http.MethodDelete, anyChannel, "hangup", []string{"reason"}, inQuery(hangup), nil},
	{http.MethodPut, anyChannel + "/answer", "answer", nil, nothing(answer), nil},
	{http.MethodPut, anyChannel + "/connect", "connect", nil, body(connect), ConnectAnswer{}},
	{http.MethodPut, anyChannel + "/dial", "dial", nil, body(dial), nil},
	{http.MethodPut, anyChannel + "/bridge", "bridge", nil, body(bridge), nil},
	{http.MethodPut, anyChannel + "/announce", "announce", nil, body(announce), nil},
	{http.MethodPut, anyChannel + "/timeout", "timeout", nil, body(timeout), LeaveAnswer{}},
	{http.MethodPut, anyChannel + "/continue", "continue", nil, optional(proceed), nil},
	{http.MethodPut, anyChannel + "/variables", "variables", nil, body(variables), nil},
	{http.MethodPut, anyChannel + "/play", "play", nil, body(play), nil},
	{http.MethodPut, anyChannel + "/music", "start_music", nil, optional(startMusic), nil},
	{http.MethodDelete, anyChannel + "/music", "stop_music", []string{"playback"}, inQuery(stopMusic), nil},
}
