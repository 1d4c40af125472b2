package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"holdline/internal/role"
)

// ServerOptions of a Server.
type ServerOptions struct {
	Name    string // of the part, and in the log
	Listen  string // host:port; port 0 takes a free one
	Handler http.Handler
	Log     zerolog.Logger
	// WriteTimeout bounds the whole answer; 0 is 30 s. A connection that a
	// handler took over (WebSocket) is not bound by it.
	WriteTimeout time.Duration
}

// Server is an HTTP server as a part of a role. Start listens, so that an
// address that is taken fails the start and the port is known when Start has
// returned; Drain and Stop let the requests in progress finish.
type Server struct {
	options ServerOptions
	server  *http.Server
	listen  net.Listener
	open    atomic.Int64 // requests in progress
}

// NewServer makes a server; Part puts it into a role.
func NewServer(o ServerOptions) *Server {
	s := &Server{options: o}
	s.server = &http.Server{
		Handler:           http.HandlerFunc(s.count),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      cmp.Or(o.WriteTimeout, 30*time.Second),
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          stdlog.New(warnings{o.Log, o.Name}, "", 0),
	}
	return s
}

// Part is the server as a part of a role.
func (s *Server) Part() role.Part {
	return role.Part{
		Name: s.options.Name, Start: s.Start, Run: s.Run, Drain: s.Stop, Stop: s.Stop,
		Progress: func() string {
			if n := s.open.Load(); n > 0 {
				return fmt.Sprintf("%d requests", n)
			}
			return ""
		},
	}
}

// AdminPart is the server as a part that goes on serving through a drain, so
// that health and metrics can be seen to the end.
func (s *Server) AdminPart() role.Part {
	p := s.Part()
	p.Drain, p.Progress = nil, nil
	return p
}

func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	s.open.Add(1)
	defer s.open.Add(-1)
	s.options.Handler.ServeHTTP(w, r)
}

// Start listens.
func (s *Server) Start(ctx context.Context) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", s.options.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listen = l
	s.options.Log.Info().Str("server", s.options.Name).Str("address", l.Addr().String()).Msg("listening")
	return nil
}

// Addr is where it listens, once started.
func (s *Server) Addr() string { return s.listen.Addr().String() }

// Run serves until its context ends.
func (s *Server) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.server.Serve(s.listen) }()
	select {
	case err := <-failed:
		if !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
	case <-ctx.Done():
	}
	<-ctx.Done() // a drained server has still to wait for its turn to stop
	return nil
}

// Stop takes no more connections and waits for the requests in progress; when
// the context ends first, they are cut off.
func (s *Server) Stop(ctx context.Context) error {
	if err := s.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("finish requests: %w", err), s.server.Close())
	}
	return nil
}

// warnings takes what net/http has to say (bad handshakes, failed accepts).
type warnings struct {
	log  zerolog.Logger
	name string
}

func (w warnings) Write(p []byte) (int, error) {
	w.log.Warn().Str("server", w.name).Bytes("text", p).Msg("server warns")
	return len(p), nil
}
