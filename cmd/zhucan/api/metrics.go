package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"zhucan/events"
)

// Metrics is what is counted, in a registry of its own. One serves one server.
type Metrics struct {
	registry *prometheus.Registry
	append   *prometheus.HistogramVec
	commands *prometheus.CounterVec
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
}

// NewMetrics returns counters at zero.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		append: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "zhucan_append_seconds", Help: "Time until records are on disk, or are known or feared not to be, by how it ended.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
		}, []string{"outcome"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "zhucan_commands_total", Help: "Commands by order and outcome: accepted, fault, or the code of the refusal.",
		}, []string{"do", "code"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "zhucan_http_requests_total", Help: "Requests by route and status.",
		}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "zhucan_http_request_seconds", Help: "Time to answer by route.", Buckets: prometheus.ExponentialBuckets(0.001, 2, 15),
		}, []string{"route"}),
	}
	m.registry.MustRegister(m.append, m.commands, m.requests, m.took,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Log returns log with the time of each Append measured.
func (m *Metrics) Log(log events.Log) events.Log { return timed{log, m} }

type timed struct {
	events.Log
	metrics *Metrics
}

func (t timed) Append(ctx context.Context, last uint64, r ...events.Record) (uint64, error) {
	began := time.Now()
	first, err := t.Log.Append(ctx, last, r...)
	outcome := "failed"
	switch {
	case err == nil:
		outcome = "appended"
	case errors.Is(err, events.ErrConflict):
		outcome = "conflict"
	case errors.Is(err, events.ErrFull):
		outcome = "full"
	case errors.Is(err, events.ErrUnknown):
		outcome = "unknown"
	}
	t.metrics.append.WithLabelValues(outcome).Observe(time.Since(began).Seconds())
	return first, err
}

// handler returns what shows the metrics together with those of a position.
func (m *Metrics) handler(p position) http.Handler {
	own := prometheus.NewRegistry()
	own.MustRegister(p)
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, own}, promhttp.HandlerOpts{})
}

// decided counts a command.
func (m *Metrics) decided(do string, err error) {
	if _, ok := events.OrderType(do); !ok {
		do = "unknown" // what a client wrote is no label
	}
	code := "accepted"
	if err != nil {
		code = problemOf(err, "").Code
	}
	m.commands.WithLabelValues(do, code).Inc()
}

// answered counts a request.
func (m *Metrics) answered(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

func (s *server) scrape(w http.ResponseWriter, r *http.Request, _ query) error {
	s.scraped.ServeHTTP(w, r)
	return nil
}

// position collects how far the log and the read models are, when it is asked.
type position struct{ server *server }

var (
	headSeq      = prometheus.NewDesc("zhucan_head_seq", "Number of the last record of the log.", nil, nil)
	projectedSeq = prometheus.NewDesc("zhucan_projected_seq", "Number of the last record that is projected.", nil, nil)
	lagEvents    = prometheus.NewDesc("zhucan_lag_events", "Records not yet projected.", nil, nil)
	lagSeconds   = prometheus.NewDesc("zhucan_lag_seconds", "Age of the oldest record not yet projected.", nil, nil)
	halted       = prometheus.NewDesc("zhucan_projection_halted", "1 for the reason for which the projection stands still.", []string{"reason"}, nil)
	reachable    = prometheus.NewDesc("zhucan_log_reachable", "1 when the log and the read models answer.", nil, nil)
)

// Describe names what is collected.
func (p position) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{headSeq, projectedSeq, lagEvents, lagSeconds, halted, reachable} {
		out <- d
	}
}

// Collect asks for the status once.
func (p position) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // a scrape brings none
	defer cancel()
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	status, err := p.server.Runner.Status(ctx)
	if err != nil {
		gauge(reachable, 0)
		return
	}
	gauge(reachable, 1)
	gauge(headSeq, float64(status.HeadSeq))
	gauge(projectedSeq, float64(status.ProjectedSeq))
	gauge(lagEvents, float64(status.LagEvents))
	gauge(lagSeconds, status.LagSeconds)
	for _, reason := range reasons {
		v := 0.0
		if status.Halted && status.Reason == string(reason) {
			v = 1
		}
		gauge(halted, v, string(reason))
	}
}
