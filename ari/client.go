package ari

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// DefaultTimeout bounds a command when Options says nothing. Asterisk answers in
	// about a millisecond, an originate in a few; seconds mean that it stalls.
	DefaultTimeout = 3 * time.Second

	maxAnswer  = 64 << 20 // bytes; a list of 10,000 channels is about 10 MB
	maxRefusal = 64 << 10 // bytes of an error body that are looked at
)

// Options configure a [Client].
type Options struct {
	User, Password string
	Application    string        // the Stasis application of Originate, Create and Claim
	Timeout        time.Duration // bound of every operation; default DefaultTimeout
	// Transport replaces the client's own (tests). Its connections are then its owner's.
	Transport http.RoundTripper
	// Observe is called after every operation, with the name that Operations lists.
	Observe func(operation string, took time.Duration, err error)
}

// Client commands one Asterisk node.
type Client struct {
	base    string
	options Options
	http    *http.Client
	parking *http.Client // for what parks a caller
}

// New returns a client of the interface at base, such as "http://10.0.0.5:8088/ari".
func New(base string, o Options) *Client {
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	return &Client{base: strings.TrimRight(base, "/"), options: o, http: connections(o), parking: connections(o)}
}

// connections gives a client with a pool of its own.
func connections(o Options) *http.Client {
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{
			// Nodes are near: one that is gone must not hold up whoever asks for it.
			DialContext: (&net.Dialer{Timeout: min(o.Timeout, 500*time.Millisecond), KeepAlive: 5 * time.Second}).DialContext,
			// Asterisk closes an idle session after session_keep_alive (15 s). Ours ends
			// before, so that no request is written into a session that is being closed.
			IdleConnTimeout:     10 * time.Second,
			MaxConnsPerHost:     32, // Asterisk spends a thread on each
			MaxIdleConnsPerHost: 32,
			DisableCompression:  true,
		}
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Base is the address the client was made for.
func (c *Client) Base() string { return c.base }

// Close ends idle connections. Operations under way are not touched.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.parking.CloseIdleConnections()
}

// request is what an operation is called with.
type request struct {
	path  []string // values for the {} of the operation's path, in order
	query url.Values
	body  map[string]any
}

// call performs the operation and decodes the answer into out, unless out is nil.
func (c *Client) call(ctx context.Context, op *Operation, r request, out any) error {
	start := time.Now()
	err := c.perform(ctx, op, r, out)
	if c.options.Observe != nil {
		c.options.Observe(op.Name, time.Since(start), err)
	}
	return err
}

func (c *Client) perform(ctx context.Context, op *Operation, r request, out any) error {
	target, body, err := c.encode(op, r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()

	// Between GetConn and GotConn nothing has been sent. A transport that does not
	// trace counts as having sent.
	var asked, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	if err := ctx.Err(); err != nil {
		return transportError(op, err, false)
	}
	req, err := http.NewRequestWithContext(ctx, op.Method, target, body)
	if err != nil {
		return invalid(op, "address is not usable")
	}
	req.SetBasicAuth(c.options.User, c.options.Password)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	pool := c.http
	if op.parks {
		pool = c.parking
	}
	resp, err := pool.Do(req)
	if err != nil {
		return transportError(op, err, got.Load() || !asked.Load())
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or abandoned
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return refusal(op, resp)
	}
	return decode(op, resp, out)
}

// encode builds the URL and the body, and refuses what Asterisk would misread.
func (c *Client) encode(op *Operation, r request) (string, io.Reader, error) {
	path, rest := strings.Builder{}, op.Path
	for _, value := range r.path {
		before, after, ok := strings.Cut(rest, "{")
		_, after, closed := strings.Cut(after, "}")
		if !ok || !closed {
			return "", nil, fmt.Errorf("%s: %w", op.Name, errPathParams)
		}
		if value == "" || value == "." || value == ".." || strings.ContainsRune(value, 0) {
			return "", nil, invalid(op, "empty or unusable id")
		}
		path.WriteString(before)
		path.WriteString(escapePath(value))
		rest = after
	}
	if strings.Contains(rest, "{") {
		return "", nil, fmt.Errorf("%s: %w", op.Name, errPathParams)
	}
	path.WriteString(rest)
	if !declares(op.Query, maps.Keys(r.query)) || !declares(op.Body, maps.Keys(r.body)) {
		return "", nil, fmt.Errorf("%s: %w", op.Name, errUndeclared)
	}
	for key, values := range r.query {
		// C ends a string at NUL: what Asterisk would use is not what was meant.
		if strings.ContainsRune(strings.Join(values, ""), 0) {
			return "", nil, invalid(op, key+" contains NUL")
		}
	}
	target := c.base + path.String()
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	if r.body == nil {
		return target, nil, nil
	}
	encoded, err := json.Marshal(r.body)
	if err != nil {
		return "", nil, invalid(op, "body: "+err.Error())
	}
	return target, bytes.NewReader(encoded), nil
}

// escapePath escapes one path segment. Asterisk decodes segments by the rules of
// forms, where '+' is a space, which url.PathEscape leaves as it is.
func escapePath(segment string) string {
	return strings.ReplaceAll(url.QueryEscape(segment), "+", "%20")
}

// refusal reads the reason out of an answer that is not a success.
func refusal(op *Operation, resp *http.Response) error {
	e := &Error{Operation: op.Name, Endpoint: op.Endpoint(), Status: resp.StatusCode, kind: meaningOf(op, resp.StatusCode)}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err != nil {
		return e // the status says enough
	}
	// Asterisk says "message" mostly, and "error" when an allocation failed.
	var said struct{ Message, Error any }
	if json.Unmarshal(body, &said) == nil {
		message, _ := said.Message.(string)
		alternative, _ := said.Error.(string)
		e.Message = printable(cmp.Or(message, alternative), 200)
	}
	return e
}

// decode reads a success. When the answer is broken the operation has been carried
// out all the same, but nobody can say with what result.
func decode(op *Operation, resp *http.Response, out any) error {
	fail := func(err error) error {
		return &Error{Operation: op.Name, Endpoint: op.Endpoint(), Status: resp.StatusCode, kind: ErrUnknown, cause: err}
	}
	limited := &io.LimitedReader{R: resp.Body, N: maxAnswer + 1}
	body, err := io.ReadAll(limited)
	if err != nil {
		return fail(err)
	}
	if limited.N == 0 {
		return fail(errors.New("answer is too large"))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fail(err)
	}
	return nil
}

// printable makes a foreign string safe for a log line: valid, one line, bounded.
func printable(s string, limit int) string {
	s = strings.ToValidUTF8(s, "?")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "…"
	}
	return s
}
