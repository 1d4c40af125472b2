package web

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
)

// Bound counts the requests that a handler answers at one moment. It refuses none:
// its Check says that the role is full, so that a balancer sends the next one to
// another replica, and to this one only when there is no other.
type Bound struct {
	most int64
	open atomic.Int64
}

// NewBound makes a Bound of so many requests; 0 is none.
func NewBound(most int) *Bound { return &Bound{most: int64(most)} }

// Of counts the requests of a handler.
func (b *Bound) Of(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.open.Add(1)
		defer b.open.Add(-1)
		h.ServeHTTP(w, r)
	})
}

// Check is ErrFull while there are as many requests as there may be.
func (b *Bound) Check(context.Context) error {
	return Full(int(b.open.Load()), int(b.most), "requests in progress")
}

// Full is ErrFull, with the numbers, when there are as many as there may be; most 0
// is no bound.
func Full(have, most int, what string) error {
	if most <= 0 || have < most {
		return nil
	}
	return fmt.Errorf("%w: %d %s, bound %d", ErrFull, have, what, most)
}
