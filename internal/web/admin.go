package web

import (
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"holdline/internal/logging"
	"holdline/internal/metrics"
)

// Page is one more thing to see or do on the admin listener.
type Page struct {
	Path    string // below /debug/
	Text    string // what it shows, for the home page
	Handler http.Handler
}

// AdminOptions of the admin pages.
type AdminOptions struct {
	Role     string
	Version  string
	Registry *prometheus.Registry
	Health   *Health
	Level    *logging.Level // nil: no /debug/log-level
	// Listen is the address of the listener. Off the loopback, /metrics,
	// /debug and the reasons of /readyz need Token; with no token they are
	// refused there.
	Listen string
	Token  string
	Pages  []Page
}

// Admin serves /metrics, /healthz, /readyz, /debug/ and a home page that lists
// them all.
func Admin(o AdminOptions) http.Handler {
	guard := guard{loopback: Loopback(o.Listen), bearer: NewBearer(o.Token)}
	mux := http.NewServeMux()
	pages := append([]Page{
		{"/debug/pprof/", "profiles: heap, goroutines, and the rest", http.HandlerFunc(pprof.Index)},
		{"/debug/pprof/profile", "processor profile of ?seconds=30", http.HandlerFunc(pprof.Profile)},
		{"/debug/pprof/trace", "execution trace of ?seconds=1", http.HandlerFunc(pprof.Trace)},
		{"/debug/pprof/symbol", "names of program counters", http.HandlerFunc(pprof.Symbol)},
		{"/metrics", "metrics for Prometheus", metrics.Handler(o.Registry)},
	}, o.Pages...)
	if o.Level != nil {
		pages = append(pages, Page{"/debug/log-level", "the log level; PUT debug, info, warn or error to change it", levelPage(o.Level)})
	}
	for _, p := range pages {
		mux.Handle(p.Path, guard.of(p.Handler))
	}
	mux.HandleFunc("GET /healthz", alive)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if guard.allows(r) {
			o.Health.detailed(w, r)
			return
		}
		o.Health.plain(w, r)
	})
	home := home(o, pages)
	mux.Handle("GET /{$}", home)
	mux.Handle("GET /debug/{$}", home)
	return mux
}

// Loopback says whether a listener of this address is reached from its own
// host alone.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// guard keeps what tells of the inside from who may not see it.
type guard struct {
	loopback bool
	bearer   *Bearer
}

func (g guard) allows(r *http.Request) bool { return g.loopback || g.bearer.Allows(r) }

func (g guard) of(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.allows(r) {
			next.ServeHTTP(w, r)
			return
		}
		if len(g.bearer.hashes) == 0 {
			(&Problem{
				Status: http.StatusForbidden, Code: CodeForbidden,
				Message: "this is shown off the loopback only to who has the metrics token, and none is set",
				Remedy:  "set HOLDLINE_METRICS_TOKEN, or ask from the host itself",
			}).write(w)
			return
		}
		unauthorized().write(w)
	})
}

// levelPage shows the log level, and changes it.
func levelPage(l *logging.Level) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
		case http.MethodPut:
			body, err := io.ReadAll(io.LimitReader(r.Body, 16))
			if err == nil {
				err = l.Set(strings.TrimSpace(string(body)))
			}
			if err != nil {
				(&Problem{
					Status: http.StatusBadRequest, Code: CodeInvalidBody, Message: err.Error(),
					Remedy: "PUT one of debug, info, warn, error",
				}).write(w)
				return
			}
		default:
			w.Header().Set("Allow", "GET, PUT")
			text(w, http.StatusMethodNotAllowed, "use GET or PUT\n")
			return
		}
		text(w, http.StatusOK, fmt.Sprintln(l))
	})
}

var homePage = template.Must(template.New("home").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>holdline {{.Role}}</title>
<h1>holdline {{.Role}}</h1><p>version {{.Version}}</p>
<ul>
<li><a href="/healthz">/healthz</a> this process lives
<li><a href="/readyz">/readyz</a> it takes work, and what it needs answers
{{range .Pages}}<li><a href="{{.Path}}">{{.Path}}</a> {{.Text}}
{{end}}</ul>
</html>
`))

func home(o AdminOptions, pages []Page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = homePage.Execute(w, struct {
			Role, Version string
			Pages         []Page
		}{o.Role, o.Version, pages})
	})
}
