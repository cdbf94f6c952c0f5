// Package metrics shows what the sockets of uringnet wait for to Prometheus.
//
//	prometheus.MustRegister(metrics.NewCollector())
//
// [uringnet.RingStats] says for each counter what it means when it grows, and what to do. Package
// [github.com/uringnet/uringnet/metrics/expvars] shows the same as an expvar, and the command
// `uringnet top` shows that in a terminal.
//
// The counters are sums over all groups of Ps (see [uringnet.Stats]). A group has no name that
// stays: the first of ReadStats may be the second one later, when another P has come to work.
package metrics

import (
	"reflect"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/uringnet/uringnet"
)

const namespace = "uringnet"

// collector has one metric for each field of uringnet.RingStats, in the order of the fields.
type collector struct {
	read     func() uringnet.Stats
	backend  *prometheus.Desc
	groups   *prometheus.Desc
	counters []metric
}

type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// NewCollector returns a collector of the process's counters. They belong to the process, so one
// collector is enough for all registries.
//
// When it is first asked it chooses the backend, as the first socket would (see
// [uringnet.Backend]).
func NewCollector() prometheus.Collector { return newCollector(uringnet.ReadStats) }

func newCollector(read func() uringnet.Stats) *collector {
	c := &collector{
		read: read,
		backend: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "backend_info"),
			"Which backend runs the sockets, and why; the value is always 1.", []string{"backend", "reason"}, nil),
		groups: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "groups"),
			"Groups of Ps that share a ring, or would if there were one.", nil, nil),
	}
	for field := range reflect.TypeFor[uringnet.RingStats]().Fields() {
		known, ok := described[field.Name]
		if !ok {
			panic("uringnet/metrics: no metric is named for the counter " + field.Name)
		}
		kind := prometheus.CounterValue
		if known.gauge {
			kind = prometheus.GaugeValue
		}
		name := prometheus.BuildFQName(namespace, "", known.name)
		c.counters = append(c.counters, metric{prometheus.NewDesc(name, known.help, nil, nil), kind})
	}
	return c
}

// Describe names all metrics, which do not change.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	out <- c.backend
	out <- c.groups
	for _, m := range c.counters {
		out <- m.desc
	}
}

// Collect reads the counters once, and sends their sums.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	b := uringnet.Backend()
	out <- prometheus.MustNewConstMetric(c.backend, prometheus.GaugeValue, 1, b.Name, b.Reason)
	stats := c.read()
	out <- prometheus.MustNewConstMetric(c.groups, prometheus.GaugeValue, float64(len(stats.Rings)))
	total := reflect.ValueOf(stats.Total())
	for i, m := range c.counters {
		out <- prometheus.MustNewConstMetric(m.desc, m.kind, float64(total.Field(i).Uint()))
	}
}
