// Package metrics holds what every role's metrics have in common. It promises:
//
//   - one registry a process, with the Go runtime's and the process's own
//     metrics and holdline_build_info; nothing registers itself globally;
//   - every metric of a role carries the label role, so that `holdline all`
//     and separate processes look alike;
//   - durations are histograms in seconds, with buckets fine enough to judge
//     the promises (50 ms, 100 ms, 1 s, 2 s, 3 s are bucket bounds).
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Namespace begins the name of every metric.
const Namespace = "holdline"

// Buckets are bounds in seconds, from the fastest answer of a local Asterisk
// to the longest wait that is still a wait and not a fault.
var Buckets = []float64{
	.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5, 10, 30,
}

// New makes the registry of a process.
func New(version string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: Namespace, Name: "build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	})
	info.Set(1)
	reg.MustRegister(info,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return reg
}

// For is the registerer of one role: all that is registered with it carries
// the label role.
func For(reg prometheus.Registerer, role string) prometheus.Registerer {
	return prometheus.WrapRegistererWith(prometheus.Labels{"role": role}, reg)
}

// Counter registers a counter; its name must end in _total.
func Counter(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: Namespace, Name: name, Help: help}, labels)
	reg.MustRegister(c)
	return c
}

// Gauge registers a gauge.
func Gauge(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: Namespace, Name: name, Help: help}, labels)
	reg.MustRegister(g)
	return g
}

// Seconds registers a histogram of durations; its name must end in _seconds.
func Seconds(reg prometheus.Registerer, name, help string, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: Namespace, Name: name, Help: help, Buckets: Buckets,
	}, labels)
	reg.MustRegister(h)
	return h
}

// Handler serves the registry, and counts its own errors in it.
func Handler(reg *prometheus.Registry) http.Handler {
	return promhttp.InstrumentMetricHandler(reg, promhttp.HandlerFor(reg, promhttp.HandlerOpts{
		Registry: reg, EnableOpenMetrics: true, MaxRequestsInFlight: 4,
	}))
}
