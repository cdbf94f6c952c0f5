package metrics

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/uringnet/uringnet"
)

// gather returns the values of a collector by name.
func gather(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(c); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range families {
		if len(f.GetMetric()) != 1 {
			t.Errorf("%s has %d values, want 1", f.GetName(), len(f.GetMetric()))
		}
		m := f.GetMetric()[0]
		if m.Counter != nil {
			values[f.GetName()] = m.GetCounter().GetValue()
		} else {
			values[f.GetName()] = m.GetGauge().GetValue()
		}
	}
	return values
}

// Each field of Stats, and of RingStats, has a metric that shows its own value, summed up over the
// groups. A field that is new, and of which no metric is known, fails.
func TestEveryFieldIsExported(t *testing.T) {
	for field := range reflect.TypeFor[uringnet.Stats]().Fields() {
		if field.Name != "Rings" {
			t.Errorf("Stats.%s has no metric: export it in metrics.go, and name it here", field.Name)
		}
	}
	for field := range reflect.TypeFor[uringnet.RingStats]().Fields() {
		d, ok := described[field.Name]
		if !ok {
			t.Fatalf("RingStats.%s has no metric: describe it in described.go", field.Name)
		}
		if isTotal := strings.HasSuffix(d.name, "_total"); isTotal == d.gauge {
			t.Errorf("%s: the name says counter: %v; it is a gauge: %v", d.name, isTotal, d.gauge)
		}
	}
	stats := uringnet.Stats{Rings: []uringnet.RingStats{numbered(1), numbered(10)}}
	got := gather(t, newCollector(func() uringnet.Stats { return stats }))
	if n := got["uringnet_groups"]; n != 2 {
		t.Errorf("uringnet_groups is %v, want 2", n)
	}
	fields := reflect.TypeFor[uringnet.RingStats]()
	for i := range fields.NumField() {
		name := "uringnet_" + described[fields.Field(i).Name].name
		if want := float64(11 * (i + 1)); got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if want := fields.NumField() + 2; len(got) != want {
		t.Errorf("%d metrics, want %d: %v", len(got), want, got)
	}
}

// numbered has a number of its own in each field, n times.
func numbered(n uint64) (r uringnet.RingStats) {
	fields := reflect.ValueOf(&r).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetUint(n * uint64(i+1))
	}
	return r
}

// Names and help texts follow the conventions of Prometheus.
func TestLint(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewCollector())
	problems, err := testutil.GatherAndLint(registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if n, err := testutil.GatherAndCount(registry, "uringnet_submissions_total"); n != 1 || err != nil {
		t.Errorf("uringnet_submissions_total is there %d times, %v", n, err)
	}
}

// What Prometheus shows beside a counter is what its documentation says first.
func TestHelpIsTheDocumentation(t *testing.T) {
	docs := fieldDocs(t, "../stats.go", "RingStats")
	for name, d := range described {
		first, rest, _ := strings.Cut(docs[name], ". ")
		if first+"." != d.help || rest == "" {
			t.Errorf("the help of %s is %q; RingStats.%s is documented as %q", d.name, d.help, name, docs[name])
		}
	}
}

// fieldDocs returns the comments above the fields of a struct, each on one line.
func fieldDocs(t *testing.T, file, structName string) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != structName {
			return true
		}
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			docs[f.Names[0].Name] = strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
		return false
	})
	return docs
}

// The backend is a label, so that a dashboard can count processes that go without io_uring.
func TestBackendInfo(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewCollector())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{}
	for _, f := range families {
		if f.GetName() == "uringnet_backend_info" {
			for _, l := range f.GetMetric()[0].GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
		}
	}
	want := uringnet.Backend()
	if labels["backend"] != want.Name || labels["reason"] != want.Reason || len(labels) != 2 {
		t.Errorf("the labels are %v, want those of %v", labels, want)
	}
}
