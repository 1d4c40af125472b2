package stasis

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"holdline/internal/metrics"
)

// Metrics are what a stasis tells Prometheus.
type Metrics struct {
	connections  *prometheus.GaugeVec
	events       *prometheus.CounterVec
	repairs      *prometheus.CounterVec
	refused      prometheus.Counter
	retries      prometheus.Counter
	parkFailures prometheus.Counter
	enqueueTime  prometheus.Observer
	bridgeTime   prometheus.Observer
}

// NewMetrics registers the metrics of one stasis.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	return &Metrics{
		connections:  metrics.Gauge(reg, "stasis_connections", "Event connections held now, by node.", "node"),
		events:       metrics.Counter(reg, "stasis_events_total", "Events read from the nodes, by type.", "type"),
		repairs:      metrics.Counter(reg, "repairs_total", "Differences between channels and contacts that were mended, by kind.", "kind"),
		refused:      metrics.Counter(reg, "stasis_refused_total", "Calls sent back to their dialplan because their arguments or queue were refused.").WithLabelValues(),
		retries:      metrics.Counter(reg, "stasis_retries_total", "Commands that Redis did not take at once.").WithLabelValues(),
		parkFailures: metrics.Counter(reg, "stasis_park_failures_total", "Answers and music starts that a node refused for a caller on the line.").WithLabelValues(),
		enqueueTime:  metrics.Seconds(reg, "stasis_enqueue_seconds", "From the caller's event to the record in the queue.").WithLabelValues(),
		bridgeTime:   metrics.Seconds(reg, "stasis_bridge_seconds", "From the claimed answer to both legs in the bridge.").WithLabelValues(),
	}
}

func (m *Metrics) connected(node string, by float64) { m.connections.WithLabelValues(node).Add(by) }
func (m *Metrics) event(kind string)                 { m.events.WithLabelValues(kind).Inc() }
func (m *Metrics) repaired(kind string)              { m.repairs.WithLabelValues(kind).Inc() }
func (m *Metrics) entered(d time.Duration)           { m.enqueueTime.Observe(d.Seconds()) }
func (m *Metrics) bridged(d time.Duration)           { m.bridgeTime.Observe(d.Seconds()) }
