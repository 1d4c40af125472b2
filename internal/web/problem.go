package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// StatusClientGone is the status, never sent, of a request whose client left
// before the answer.
const StatusClientGone = 499

// The codes that this package itself gives; a service adds its own.
const (
	CodeInternal         = "internal"
	CodeInvalidBody      = "invalid_body"
	CodeUnknownField     = "unknown_field"
	CodeInvalidField     = "invalid_field"
	CodeBodyTooLarge     = "body_too_large"
	CodeUnsupportedMedia = "unsupported_media_type"
	CodeUnauthorized     = "unauthorized"
	CodeForbidden        = "forbidden"
	CodeNoRoute          = "no_such_route"
	CodeMethodNotAllowed = "method_not_allowed"
	CodeClientGone       = "client_gone"
	CodeNotReady         = "not_ready"
)

// Problem is an error that knows how it is answered. What the client sees is
// the body below; Err is for the log alone.
type Problem struct {
	Status     int           `json:"-"`
	Code       string        `json:"code"`    // stable: programs act on it
	Message    string        `json:"message"` // for people; may change
	Field      string        `json:"field,omitempty"`
	Value      string        `json:"value,omitempty"` // what was refused, cut to maxValue
	Remedy     string        `json:"remedy,omitempty"`
	RequestID  string        `json:"request_id,omitempty"` // filled in by Router
	RetryAfter time.Duration `json:"-"`                    // sent as Retry-After, in whole seconds, when not 0
	Err        error         `json:"-"`
}

// maxValue bounds the echo of a refused value, in bytes.
const maxValue = 128

// Error is the message with its cause.
func (p *Problem) Error() string {
	text := p.Code + ": " + p.Message
	if p.Field != "" {
		text += fmt.Sprintf(" (%s = %q)", p.Field, p.Value)
	}
	if p.Err != nil {
		text += ": " + p.Err.Error()
	}
	return text
}

// Unwrap is the cause.
func (p *Problem) Unwrap() error { return p.Err }

// BadField is the problem of a field, path part or query value that cannot be
// taken: it names the field, what it held, and what would do.
func BadField(field, value, message, remedy string) *Problem {
	return &Problem{
		Status: http.StatusBadRequest, Code: CodeInvalidField,
		Message: message, Field: field, Value: value, Remedy: remedy,
	}
}

// problem turns any error into a Problem. declared is the service's own map.
func problem(err error, declared func(error) *Problem) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		own := *p // the request id is written into it: errors may be shared
		if p.Error() != err.Error() {
			own.Err = err // keep what was wrapped around it
		}
		return &own
	}
	if declared != nil {
		if p := declared(err); p != nil {
			own := *p
			if own.Err == nil {
				own.Err = err
			}
			return &own
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &Problem{
			Status: http.StatusGatewayTimeout, Code: CodeInternal, Err: err,
			Message: "the request took too long", Remedy: "send it again",
		}
	}
	return &Problem{
		Status: http.StatusInternalServerError, Code: CodeInternal, Err: err,
		Message: "an error inside the service",
		Remedy:  "search the service's log for the request_id",
	}
}

// write sends the problem. The connection may be gone; there is nobody to tell.
func (p *Problem) write(w http.ResponseWriter) {
	if len(p.Value) > maxValue {
		p.Value = strings.ToValidUTF8(p.Value[:maxValue], "") + "…"
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("Content-Length")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="holdline"`)
	}
	w.WriteHeader(p.Status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // read by people and programs, not by browsers: see nosniff
	_ = e.Encode(p)
}

// JSON answers with v.
func JSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // a client that left is seen by the router
	return nil
}
