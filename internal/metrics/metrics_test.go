package metrics_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"holdline/internal/metrics"
)

func TestRolesOfOneProcessShareARegistry(t *testing.T) {
	t.Parallel()
	reg := metrics.New("v1")
	for _, role := range []string{"stasis", "callmanager"} {
		r := metrics.For(reg, role)
		metrics.Counter(r, "events_total", "Events.", "kind").WithLabelValues("start").Inc()
		metrics.Gauge(r, "backlog", "Backlog.").WithLabelValues().Set(2)
		metrics.Seconds(r, "work_seconds", "Work.").WithLabelValues().Observe(.2)
	}
	w := httptest.NewRecorder()
	metrics.Handler(reg).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`holdline_events_total{kind="start",role="stasis"} 1`,
		`holdline_backlog{role="callmanager"} 2`,
		`holdline_work_seconds_bucket{role="stasis",le="0.25"} 1`,
		`holdline_work_seconds_bucket{role="stasis",le="0.1"} 0`,
		`version="v1"`,
		"go_goroutines ",
		"process_open_fds ",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestTheBoundsOfThePromisesAreBuckets(t *testing.T) {
	t.Parallel()
	for _, bound := range []float64{.05, .1, 1, 2, 3} {
		if !slices.Contains(metrics.Buckets, bound) {
			t.Errorf("%v s is no bucket", bound)
		}
	}
	if !slices.IsSorted(metrics.Buckets) {
		t.Error("not sorted")
	}
}
