package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/uringnet/uringnet"
)

// vars is the variable of uringnet among those that a process publishes by package expvar.
type vars struct {
	url    string
	name   string
	client *http.Client
}

const (
	varsPath    = "/debug/vars" // where package expvar puts its handler
	varsTimeout = 10 * time.Second
	varsMax     = 16 << 20 // bytes: the memory statistics of the runtime take some 10 KiB
)

// newVars takes an address like localhost:6060 too.
func newVars(address, name string) (*vars, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, err
	case u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("neither a process id nor a URL of http or https")
	case u.Path == "" || u.Path == "/":
		u.Path = varsPath
	}
	return &vars{u.String(), name, &http.Client{Timeout: varsTimeout}}, nil
}

// published is the variable: uringnet.Stats, and the backend where metrics/expvars has published
// it.
type published struct {
	Backend uringnet.BackendInfo `json:"backend"`
	uringnet.Stats
}

func (v *vars) look(ctx context.Context) (sample, error) {
	p, err := v.read(ctx)
	if err != nil {
		return sample{}, err
	}
	heading := []string{v.url}
	if p.Backend.Name != "" {
		heading = append(heading, "backend "+p.Backend.String())
	}
	return sample{time.Now(), heading, rowsOf(p.Stats)}, nil
}

func (v *vars) read(ctx context.Context) (p published, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.url, nil)
	if err != nil {
		return p, err
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return p, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return p, fmt.Errorf("%s answers %s", v.url, resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, varsMax))
	if err != nil {
		return p, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return p, fmt.Errorf("%s is not what package expvar publishes: %w", v.url, err)
	}
	own, ok := all[v.name]
	if !ok {
		return p, fmt.Errorf("%s has no variable %q: publish it by metrics/expvars, as 'uringnet top -h' says", v.url, v.name)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(own, &fields); err != nil || fields["rings"] == nil {
		return p, fmt.Errorf("the variable %q of %s is not uringnet's: it has no rings", v.name, v.url)
	}
	if err := json.Unmarshal(own, &p); err != nil {
		return p, fmt.Errorf("the variable %q of %s is not uringnet's: %w", v.name, v.url, err)
	}
	return p, nil
}

// sections say where the counters are shown, by their names in JSON; one that is not listed comes
// last.
var sections = []struct {
	name   string
	fields []string
}{
	{"rings", []string{"in_flight", "submissions", "enters", "ready", "cqes", "batches", "parks", "overflows", "stale"}},
	{"waits", []string{"watched", "turns", "misses"}},
	{"cancellations", []string{"cancels", "withdrawn"}},
}

// labels are the names for a person of counters whose names in JSON do not say enough.
var labels = map[string]string{
	"in_flight": "requests in flight",
	"enters":    "io_uring_enter calls",
	"ready":     "completed at once",
	"cqes":      "completions",
	"batches":   "reaps",
	"watched":   "receives in the poller",
	"turns":     "receives in turn",
	"misses":    "turns without data",
	"cancels":   "sent to the kernel",
	"withdrawn": "before that",
}

// rowsOf are the sums over all groups of Ps, and beside them the groups if there are several.
func rowsOf(s uringnet.Stats) []row {
	names := counterNames()
	rows := []row{{name: "groups of Ps", kind: gauge, value: uint64(len(s.Rings))}}
	add := func(field string) {
		at := slices.Index(names, field)
		r := row{name: field, kind: counter, value: reflect.ValueOf(s.Total()).Field(at).Uint()}
		if label, ok := labels[field]; ok {
			r.name = label
		}
		if field == "in_flight" {
			r.kind = gauge
		}
		if len(s.Rings) > 1 {
			var each []string
			for _, ring := range s.Rings {
				each = append(each, fmt.Sprint(reflect.ValueOf(ring).Field(at).Uint()))
			}
			r.note = "groups: " + strings.Join(each, ", ")
		}
		rows = append(rows, r)
	}
	var shown []string
	for _, s := range sections {
		rows = append(rows, row{name: s.name})
		for _, field := range s.fields {
			add(field)
		}
		shown = append(shown, s.fields...)
	}
	for _, field := range names {
		if !slices.Contains(shown, field) {
			add(field)
		}
	}
	return rows
}

// counterNames are the names in JSON of the fields of RingStats, in their order.
func counterNames() (names []string) {
	for field := range reflect.TypeFor[uringnet.RingStats]().Fields() {
		names = append(names, field.Tag.Get("json"))
	}
	return names
}
