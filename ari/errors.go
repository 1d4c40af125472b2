package ari

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// What an [Error] means; match with errors.Is.
var (
	// ErrNotFound: there is no such channel, bridge, playback, application, endpoint or variable.
	ErrNotFound = errors.New("not found")
	// ErrExists: the id chosen for a new channel or bridge is taken (so a repeated create is harmless).
	// Asterisk 22.5 to at least 22.11 also answers so when the id is a prefix of a live one: use ids of fixed length.
	ErrExists = errors.New("exists")
	// ErrNotInApplication: the channel lives, but no Stasis application holds it, or it cannot be dialled (again).
	ErrNotInApplication = errors.New("not in the application")
	// ErrClaimed: another application has claimed this call.
	ErrClaimed = errors.New("claimed by another")
	// ErrInvalid: Asterisk, or this package before it asked, refuses the request as it stands;
	// status 412 says that the channel's state forbids it (a leg that is not answered).
	ErrInvalid = errors.New("invalid")
	// ErrDenied: wrong user or password, a read-only user, or a function that ARI may not call.
	ErrDenied = errors.New("denied")
	// ErrUnavailable: the request did not reach Asterisk, or Asterisk answered 5xx.
	ErrUnavailable = errors.New("unavailable")
	// ErrUnknown: the request left and no usable answer came. It may have been carried out.
	ErrUnknown = errors.New("outcome unknown")
)

// Error is a failed operation.
type Error struct {
	Operation string // "channels.originate"
	Endpoint  string // "POST /channels"
	Status    int    // HTTP status; 0 when there was no answer
	Message   string // what Asterisk said, or what was wrong

	kind  error // one of the Err variables
	cause error // transport or decoding error, if any
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ari %s (%s): ", e.Operation, e.Endpoint)
	if e.Status != 0 {
		fmt.Fprintf(&b, "status %d: ", e.Status)
	}
	b.WriteString(e.kind.Error())
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

// Unwrap makes the meaning and the cause visible to errors.Is and errors.As.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

// meaningOf turns a status of an operation into one of the Err variables.
func meaningOf(op *Operation, status int) error {
	if err, ok := op.meaning[status]; ok {
		return err
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return ErrDenied
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusConflict:
		return ErrNotInApplication
	case status >= http.StatusInternalServerError:
		return ErrUnavailable
	case status >= http.StatusBadRequest:
		return ErrInvalid
	default: // 1xx and 3xx: Asterisk sends none; something between us and it does
		return ErrUnknown
	}
}

func invalid(op *Operation, message string) error {
	return &Error{Operation: op.Name, Endpoint: op.Endpoint(), Message: message, kind: ErrInvalid}
}

// transportError classifies a request that got no answer. Only a request that never
// got a connection is certain not to have been carried out.
func transportError(op *Operation, err error, sent bool) error {
	kind := ErrUnknown
	var dial *net.OpError
	if !sent || errors.As(err, &dial) && dial.Op == "dial" {
		kind = ErrUnavailable
	}
	// url.Error repeats the method and the whole URL, and the URL carries values.
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no answer in time: %w", err)
	}
	return &Error{Operation: op.Name, Endpoint: op.Endpoint(), kind: kind, cause: err}
}
