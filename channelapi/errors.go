package channelapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"holdline/ari"
	"holdline/internal/web"
)

// What can go wrong with a command; match with errors.Is, in the server's
// interfaces and in what the Client returns.
var (
	// ErrNoChannel: the node has no such channel (any more).
	ErrNoChannel = errors.New("no such channel")
	// ErrNotInApplication: the channel lives, but not in our application, or it
	// is in a state that forbids the command.
	ErrNotInApplication = errors.New("channel is not in the application")
	// ErrNoNode: no node of that name is known.
	ErrNoNode = errors.New("no such node")
	// ErrNodeUnreachable: the node did not take the command. Nothing happened.
	ErrNodeUnreachable = errors.New("node is unreachable")
	// ErrOutcomeUnknown: the command was sent and nobody knows what became of it.
	ErrOutcomeUnknown = errors.New("outcome is unknown")
	// ErrNodesUnknown: the list of nodes cannot be read, nor was this one known before.
	ErrNodesUnknown = errors.New("list of nodes cannot be read")
	// ErrInvalid: the command itself is wrong; the same one will never do.
	ErrInvalid = errors.New("invalid command")
	// ErrUnauthorized: no token, or a wrong one.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrUnavailable: no replica of the service answered.
	ErrUnavailable = errors.New("channelapi is unavailable")
	// ErrInternal: a fault of the service; its log has the request id.
	ErrInternal = errors.New("error inside channelapi")
)

// The codes of problem bodies. They stay the same; programs act on them.
const (
	CodeNoChannel        = "no_channel"
	CodeNotInApplication = "not_in_application"
	CodeNoNode           = "no_node"
	CodeNodeUnreachable  = "node_unreachable"
	CodeNodeRefused      = "node_refused"
	CodeRefused          = "refused_by_node"
	CodeOutcomeUnknown   = "outcome_unknown"
	CodeNodesUnknown     = "nodes_unknown"
)

// retryAfter is when it is worth asking again: nodes return within about this.
const retryAfter = time.Second

// kinds is the one table of errors: what each is on the wire, both ways. The
// first row with a code is what the client makes of it.
var kinds = []struct {
	err     error
	status  int
	code    string
	message string
	remedy  string
	retry   bool
}{
	{ErrNoChannel, http.StatusNotFound, CodeNoChannel,
		"the node has no such channel", "the call has ended, or its channel is on another node", false},
	{ErrNotInApplication, http.StatusConflict, CodeNotInApplication,
		"the channel is not in the application, or its state forbids this", "the channel has left, or is not answered yet; nothing was done", false},
	{ErrNoNode, http.StatusNotFound, CodeNoNode,
		"no node of this name is known", "see GET /v1/nodes; a node is known once its events have arrived", false},
	{ErrNodeUnreachable, http.StatusBadGateway, CodeNodeUnreachable,
		"the node did not take the command; nothing happened", "send it again after Retry-After", true},
	{ari.ErrDenied, http.StatusBadGateway, CodeNodeRefused,
		"the node refused this service's own user", "give channelapi and the node the same ARI user and password", true},
	{ErrOutcomeUnknown, http.StatusGatewayTimeout, CodeOutcomeUnknown,
		"the command was sent and no answer came", "ask for the channel, or send the same command again: it is idempotent", true},
	{ErrNodesUnknown, http.StatusServiceUnavailable, CodeNodesUnknown,
		"the list of nodes cannot be read", "send it again after Retry-After", true},
	{ErrInvalid, http.StatusBadRequest, CodeRefused,
		"the node refused the command as it stands", "correct the command; the service's log has what the node said", false},

	// Meanings of the ari package, for what a step did not translate itself.
	{ari.ErrNotFound, http.StatusNotFound, CodeNoChannel,
		"the node has no such channel", "the call has ended, or its channel is on another node", false},
	{ari.ErrNotInApplication, http.StatusConflict, CodeNotInApplication,
		"the channel is not in the application, or its state forbids this", "the channel has left, or is not answered yet; nothing was done", false},
	{ari.ErrUnknown, http.StatusGatewayTimeout, CodeOutcomeUnknown,
		"the command was sent and no answer came", "ask for the channel, or send the same command again: it is idempotent", true},
	{ari.ErrUnavailable, http.StatusBadGateway, CodeNodeUnreachable,
		"the node did not take the command; nothing happened", "send it again after Retry-After", true},
	{ari.ErrInvalid, http.StatusBadRequest, CodeRefused,
		"the node refused the command as it stands", "correct the command; the service's log has what the node said", false},
}

// problemOf declares the errors above to the router.
func problemOf(err error) *web.Problem {
	for _, k := range kinds {
		if !errors.Is(err, k.err) {
			continue
		}
		p := &web.Problem{Status: k.status, Code: k.code, Message: k.message, Remedy: k.remedy, Err: err}
		if k.retry {
			p.RetryAfter = retryAfter
		}
		var named *named
		if errors.As(err, &named) {
			p.Field, p.Value = named.field, named.value
		}
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return problemOf(errors.Join(ErrOutcomeUnknown, err))
	}
	return nil
}

// named says which field of the command an error is about.
type named struct {
	field, value string
	error
}

func (n *named) Unwrap() error { return n.error }

// of names the field that err is about; nil stays nil.
func of(field, value string, err error) error {
	if err == nil {
		return nil
	}
	return &named{field, value, err}
}

// meaning is the error that a code on the wire stands for.
func meaning(status int, code string) error {
	for _, k := range kinds {
		if k.code == code && !isARI(k.err) {
			return k.err
		}
	}
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrUnauthorized
	case http.StatusBadGateway:
		// No code of ours: a proxy says that no replica answered, except for
		// node_refused, which to a caller is an unreachable node.
		if code == CodeNodeRefused {
			return ErrNodeUnreachable
		}
		return ErrUnavailable
	case http.StatusServiceUnavailable:
		return ErrUnavailable
	case http.StatusGatewayTimeout:
		return ErrOutcomeUnknown
	}
	if status >= 400 && status < 500 {
		return ErrInvalid
	}
	return ErrInternal
}

func isARI(err error) bool {
	for _, e := range []error{
		ari.ErrNotFound, ari.ErrExists, ari.ErrNotInApplication, ari.ErrClaimed,
		ari.ErrInvalid, ari.ErrDenied, ari.ErrUnavailable, ari.ErrUnknown,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
