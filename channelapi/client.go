package channelapi

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"holdline/internal/web"
)

// DefaultTimeout bounds a command of a Client that was given no bound. It is
// longer than a server takes over one, so that the server's word arrives.
const DefaultTimeout = 6 * time.Second

// Error is a command that failed.
type Error struct {
	Operation string // "connect"
	Status    int    // 0: no answer
	Code      string // of the problem body, "" without one
	Message   string
	Field     string
	Value     string
	RequestID string // to be found in the server's log

	kind  error
	cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v", e.Operation, e.kind)
	if e.Status != 0 {
		fmt.Fprintf(&b, " (status %d %s)", e.Status, e.Code)
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": %s = %q", e.Field, e.Value)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	if e.RequestID != "" {
		b.WriteString(" [request " + e.RequestID + "]")
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

// Client sends commands to channelapi. It is safe for concurrent use.
//
// A command ends within the client's timeout. One that reached no replica, or
// was answered 502 or 503, is sent once more, to another replica where there is
// one (a proxy in front chooses; several addresses are taken in turn): every
// command is idempotent. One that got no answer in time is not repeated.
type Client struct {
	bases   []string
	token   string
	timeout time.Duration
	http    *http.Client
}

// NewClient makes a client of the service at address, or at several,
// comma-separated; timeout bounds a command, repetition included (0:
// DefaultTimeout).
func NewClient(address, token string, timeout time.Duration) *Client {
	c := &Client{token: token, timeout: cmp.Or(timeout, DefaultTimeout)}
	for base := range strings.SplitSeq(address, ",") {
		c.bases = append(c.bases, strings.TrimRight(strings.TrimSpace(base), "/"))
	}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 500 * time.Millisecond, KeepAlive: 5 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     30 * time.Second, // below the server's 75 s and HAProxy's 60 s
			DisableCompression:  true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// command is one request, ready to be sent more than once.
type command struct {
	operation string
	method    string
	path      string
	query     url.Values
	body      []byte
	id, key   string // X-Request-Id of both tries, Idempotency-Key
}

// send carries the command out and decodes the answer into out, unless nil.
func (c *Client) send(ctx context.Context, operation, method, path string, query url.Values, body, out any) error {
	cmd := command{operation: operation, method: method, path: path, query: query, id: newID(), key: newID()}
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return &Error{Operation: operation, kind: ErrInvalid, cause: err}
		}
		cmd.body = encoded
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	again, err := c.try(ctx, cmd, 0, out)
	if again && ctx.Err() == nil {
		_, err = c.try(ctx, cmd, 1, out)
	}
	return err
}

// try sends the command once; again says whether another replica may do better.
func (c *Client) try(ctx context.Context, cmd command, n int, out any) (again bool, err error) {
	target := c.bases[n%len(c.bases)] + cmd.path
	if len(cmd.query) > 0 {
		target += "?" + cmd.query.Encode()
	}
	failed := func(kind, cause error) *Error {
		return &Error{Operation: cmd.operation, RequestID: cmd.id, kind: kind, cause: cause}
	}
	var body io.Reader
	if cmd.body != nil {
		body = bytes.NewReader(cmd.body)
	}
	r, err := http.NewRequestWithContext(ctx, cmd.method, target, body)
	if err != nil {
		return false, failed(ErrInvalid, err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set(web.HeaderRequestID, cmd.id)
	r.Header.Set(web.HeaderIdempotencyKey, cmd.key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		var outer *url.Error // repeats the address
		if errors.As(err, &outer) {
			err = outer.Err
		}
		if ctx.Err() != nil {
			return false, failed(ErrOutcomeUnknown, err)
		}
		return true, failed(ErrUnavailable, err)
	}
	defer func() { _ = answer.Body.Close() }() // read to its end or given up
	return c.read(answer, failed, out)
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

func (c *Client) read(answer *http.Response, failed func(kind, cause error) *Error, out any) (again bool, err error) {
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return true, failed(ErrOutcomeUnknown, err)
	}
	if answer.StatusCode < 300 {
		if out == nil {
			return false, nil
		}
		if err := json.Unmarshal(body, out); err != nil {
			return false, failed(ErrOutcomeUnknown, fmt.Errorf("decode answer: %w", err))
		}
		return false, nil
	}
	var p web.Problem
	if json.Unmarshal(body, &p) != nil {
		p = web.Problem{} // not our body: a proxy's
	}
	e := failed(meaning(answer.StatusCode, p.Code), nil)
	e.Status, e.Code, e.Message, e.Field, e.Value = answer.StatusCode, p.Code, p.Message, p.Field, p.Value
	e.RequestID = cmp.Or(p.RequestID, e.RequestID)
	again = e.Status == http.StatusBadGateway || e.Status == http.StatusServiceUnavailable
	return again, e
}

// newID names a request: 64 random bits.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the process instead
	return hex.EncodeToString(b[:])
}
