package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// Bearer tells who has one of the tokens. Several are valid at one time while
// one is being replaced by another. It keeps their hashes alone.
type Bearer struct{ hashes [][sha256.Size]byte }

// NewBearer takes the valid tokens; empty ones do not count.
func NewBearer(tokens ...string) *Bearer {
	b := new(Bearer)
	for _, t := range tokens {
		if t != "" {
			b.hashes = append(b.hashes, sha256.Sum256([]byte(t)))
		}
	}
	return b
}

// Allows says whether the request carries a valid token. It takes the same
// time whichever token, and however much of it, is wrong.
func (b *Bearer) Allows(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = ""
	}
	got := sha256.Sum256([]byte(token))
	match := 0
	for _, want := range b.hashes {
		match |= subtle.ConstantTimeCompare(got[:], want[:])
	}
	return match == 1 && token != ""
}

// Require lets through who has a token, and answers everybody else with 401.
func (b *Bearer) Require(next Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !b.Allows(r) {
			return unauthorized()
		}
		return next(w, r)
	}
}

func unauthorized() *Problem {
	return &Problem{
		Status: http.StatusUnauthorized, Code: CodeUnauthorized,
		Message: "this needs a valid token", Remedy: "send Authorization: Bearer <token>",
	}
}
