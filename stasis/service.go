package stasis

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"holdline/queue"
)

// Application is the name under which the nodes know us.
const Application = "holdline"

// Options are what a Service needs. Every field is required but the times.
type Options struct {
	Directory Directory
	// Asterisk gives the REST side of a node from the address it declared.
	Asterisk func(rest string) Asterisk
	Log      zerolog.Logger
	Metrics  *Metrics

	// RetryEvery is the first pause before a command that Redis did not take is
	// tried again; it doubles up to one second. Default 100 ms.
	RetryEvery time.Duration
	// SightingGap lies between the two sightings that a repair needs. Default 1 s.
	SightingGap time.Duration
	// CompareEvery is the pause between two comparisons. Default 1 min.
	CompareEvery time.Duration
}

// Service serves event connections; one for each node at a time.
type Service struct {
	o Options
}

// New gives a Service with the defaults filled in.
func New(o Options) *Service {
	if o.RetryEvery <= 0 {
		o.RetryEvery = 100 * time.Millisecond
	}
	if o.SightingGap <= 0 {
		o.SightingGap = time.Second
	}
	if o.CompareEvery <= 0 {
		o.CompareEvery = time.Minute
	}
	return &Service{o: o}
}

// Hello is what a node says of itself in the address it dials.
type Hello struct {
	Node, Boot, REST, SIP string
	Max                   int // callers that it may have; 0: as many as come
}

// ParseHello reads the query of an event connection. user is the name under
// which the connection authenticated, and must be the node's own.
func ParseHello(q url.Values, user string) (Hello, error) {
	h := Hello{Node: q.Get("node"), Boot: q.Get("boot"), REST: q.Get("rest"), SIP: q.Get("sip")}
	switch {
	case queue.ValidName(h.Node) != nil:
		return h, fmt.Errorf("read node: %w", queue.ValidName(h.Node))
	case h.Node != user:
		return h, fmt.Errorf("read node %q: the connection authenticated as %.40q", h.Node, user)
	case queue.ValidName(h.Boot) != nil:
		return h, fmt.Errorf("read boot: %w", queue.ValidName(h.Boot))
	}
	u, err := url.Parse(h.REST)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return h, fmt.Errorf("read rest %.80q: want http://host:port/ari", h.REST)
	}
	if !strings.HasPrefix(h.SIP, "sip:") || strings.ContainsAny(h.SIP, " \r\n<>\"") {
		return h, fmt.Errorf("read sip %.80q: want sip:host:port", h.SIP)
	}
	if most := q.Get("max"); most != "" {
		if h.Max, err = strconv.Atoi(most); err != nil || h.Max < 0 {
			return h, fmt.Errorf("read max %.20q: want a number of callers, 0 for no bound", most)
		}
	}
	return h, nil
}

// Serve handles one event connection until it is lost, refused as a zombie's, or
// ctx ends. It returns after everything that it began has ended.
func (s *Service) Serve(ctx context.Context, hello Hello, events Events) error {
	log := s.o.Log.With().Str("node", hello.Node).Str("boot", hello.Boot).Logger()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ses := &session{
		o: s.o, hello: hello, log: log, events: events,
		asterisk:  s.o.Asterisk(hello.REST),
		strands:   newStrands(),
		stop:      cancel,
		pools:     map[string]*membership{},
		known:     map[string]known{},
		arrivals:  map[string]*arrival{},
		suspected: make(chan struct{}, 1),
	}
	s.o.Metrics.connected(hello.Node, +1)
	defer s.o.Metrics.connected(hello.Node, -1)
	log.Info().Str("rest", hello.REST).Str("sip", hello.SIP).Msg("node connected")
	err := ses.run(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	log.Info().AnErr("reason", err).Msg("node connection ended")
	return err
}
