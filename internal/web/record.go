package web

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"regexp"
)

// record watches what a handler answers.
type record struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (r *record) WriteHeader(status int) {
	if r.status == 0 && status >= 200 { // 1xx are not the answer
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *record) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection (flush, hijack).
func (r *record) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Headers by which a request is known.
const (
	HeaderRequestID      = "X-Request-Id"
	HeaderIdempotencyKey = "Idempotency-Key"
)

// safeID is what a client may call its request: it is written into logs and
// into the headers of the answer.
var safeID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// requestID is the client's id for the request when it can be taken, and a
// new one when not.
func requestID(r *http.Request) string {
	if id := r.Header.Get(HeaderRequestID); safeID.MatchString(id) {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the process instead
	return hex.EncodeToString(b[:])
}
