package callmanager

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holdline/internal/metrics"
)

// Metrics are what a call manager tells Prometheus.
type Metrics struct {
	work        *prometheus.CounterVec
	workSeconds *prometheus.HistogramVec
	failures    *prometheus.CounterVec
	fired       prometheus.Counter
	hints       prometheus.Counter
	redisErrors prometheus.Counter
	nodesLost   prometheus.Counter
	version     prometheus.Gauge
	projections *prometheus.CounterVec
	destination *prometheus.CounterVec
	modes       *prometheus.CounterVec
	devices     *prometheus.CounterVec
}

// NewMetrics registers the metrics of one call manager.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	return &Metrics{
		work:        metrics.Counter(reg, "callmanager_work_total", "Entries of the work stream, by kind and how they came (taken, taken_over).", "kind", "how"),
		workSeconds: metrics.Seconds(reg, "callmanager_work_seconds", "Time to carry out one entry, by kind.", "kind"),
		failures:    metrics.Counter(reg, "callmanager_work_failures_total", "Entries left to be taken over, by kind.", "kind"),
		fired:       metrics.Counter(reg, "callmanager_deadlines_total", "Deadlines looked at when due.").WithLabelValues(),
		hints:       metrics.Counter(reg, "callmanager_hints_total", "Notifications of TTL keys that were deleted or ran out.").WithLabelValues(),
		redisErrors: metrics.Counter(reg, "callmanager_redis_errors_total", "Reads of work or deadlines that failed.").WithLabelValues(),
		nodesLost:   metrics.Counter(reg, "callmanager_nodes_lost_total", "Nodes whose contacts were ended because the node was dead.").WithLabelValues(),
		version:     metrics.Gauge(reg, "callmanager_directory_version", "Version of the directory last projected by this replica.").WithLabelValues(),
		projections: metrics.Counter(reg, "callmanager_projections_total", "Projections of the directory, by result (ok, failed, restored: of a pool that had lost it).", "result"),
		destination: metrics.Counter(reg, "callmanager_dispatcher_changes_total", "Changes of a Kamailio's dispatcher list, by change (added, removed, open, closed, failed).", "change"),
		modes:       metrics.Counter(reg, "callmanager_modes_total", "Modes of agents written for a Redis that loses its memory, by result (ok, failed).", "result"),
		devices:     metrics.Counter(reg, "callmanager_device_changes_total", "Agents' devices that came into a call outside the queues, or out of the last one, by change (in_use, free; failed: a Kamailio not heard, or a pool not told).", "change"),
	}
}

func (m *Metrics) taken(kind, how string) { m.work.WithLabelValues(kind, how).Inc() }

func (m *Metrics) done(kind string, took time.Duration, err error) {
	m.workSeconds.WithLabelValues(kind).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(kind).Inc()
	}
}

func (m *Metrics) projectedTo(version int64, err error) {
	if err != nil {
		m.projections.WithLabelValues("failed").Inc()
		return
	}
	m.projections.WithLabelValues("ok").Inc()
	m.version.Set(float64(version))
}
