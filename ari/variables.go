package ari

import (
	"context"
	"net/url"
	"strings"
)

// ChannelVariable reads a variable or a function, "CHANNEL(state)". One that is not set
// is ErrNotFound, as is a channel that is gone.
func (c *Client) ChannelVariable(ctx context.Context, id, name string) (string, error) {
	var out struct{ Value string }
	err := c.call(ctx, opGetVar, request{path: []string{id}, query: url.Values{"variable": {name}}}, &out)
	return out.Value, err
}

// ChannelVariables reads several at once, all or nothing: one that is not set is ErrNotFound.
func (c *Client) ChannelVariables(ctx context.Context, id string, names ...string) (map[string]string, error) {
	joined, err := list(opGetVars, "variables", names)
	if err != nil {
		return nil, err
	}
	var out struct{ Variables wireVars }
	err = c.call(ctx, opGetVars, request{path: []string{id}, query: url.Values{"variables": {joined}}}, &out)
	return out.Variables, err
}

// SetChannelVariable sets a variable or writes a function, "PJSIP_HEADER(add,X-Foo)".
func (c *Client) SetChannelVariable(ctx context.Context, id, name, value string) error {
	return c.setChannelVariable(ctx, id, name, value, false)
}

// SetReportedVariable sets a variable that from then on rides in every event and answer
// about the channel (Channel.Vars), so that it outlives whoever set it.
func (c *Client) SetReportedVariable(ctx context.Context, id, name, value string) error {
	return c.setChannelVariable(ctx, id, name, value, true)
}

// SetChannelVariables sets several in one request.
func (c *Client) SetChannelVariables(ctx context.Context, id string, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	body, err := variablesBody(opSetVars, values, nil)
	if err != nil {
		return err
	}
	return c.call(ctx, opSetVars, request{path: []string{id}, body: body}, nil)
}

func (c *Client) setChannelVariable(ctx context.Context, id, name, value string, report bool) error {
	if err := checkVariable(opSetVar, name, value); err != nil {
		return err
	}
	q := url.Values{"variable": {name}, "value": {value}}
	if report {
		q.Set("report_events", "true")
	}
	return c.call(ctx, opSetVar, request{path: []string{id}, query: q}, nil)
}

// variablesBody is the JSON form in which Asterisk takes variables; nil when there are none.
func variablesBody(op *Operation, plain, reported map[string]string) (map[string]any, error) {
	if len(plain)+len(reported) == 0 {
		return nil, nil
	}
	all := make(map[string]any, len(plain)+len(reported))
	for name, value := range plain {
		if err := checkVariable(op, name, value); err != nil {
			return nil, err
		}
		all[name] = value
	}
	for name, value := range reported {
		if err := checkVariable(op, name, value); err != nil {
			return nil, err
		}
		all[name] = map[string]any{"value": value, "report_events": true}
	}
	return map[string]any{"variables": all}, nil
}

// checkVariable refuses what would become something else on its way: NUL ends a string
// in C, and a line break inside a SIP header begins another header.
func checkVariable(op *Operation, name, value string) error {
	switch {
	case name == "":
		return invalid(op, "variable name is required")
	case hasControl(name):
		return invalid(op, "control character in a variable name")
	case strings.ContainsRune(value, 0):
		return invalid(op, "NUL in a variable value")
	case strings.Contains(strings.ToUpper(name), "PJSIP_HEADER") && hasControl(value):
		return invalid(op, "control character in a SIP header")
	}
	return nil
}
