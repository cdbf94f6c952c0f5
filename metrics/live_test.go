package metrics

import (
	"bufio"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/uringnet/uringnet"
)

// A server on uringnet that Prometheus scrapes counts the receives of the scrapes themselves.
func TestCountersOfLiveServerMove(t *testing.T) {
	if uringnet.Backend().Name == "net" {
		t.Skip("package net serves here, of which nothing is counted:", uringnet.Backend())
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(NewCollector())
	url := serve(t, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	// A receive counts as a wait only if the request was not there already. Each scrape is another
	// chance, and the time limit of the tests ends it.
	waits := func() float64 {
		m := scrape(t, url)
		return m["uringnet_poller_waits_total"] + m["uringnet_completions_total"] + m["uringnet_turns_total"]
	}
	before := waits()
	for waits() == before {
	}
	if m := scrape(t, url); m["uringnet_groups"] < 1 || m["uringnet_stale_completions_total"] != 0 {
		t.Errorf("scraped %v", m)
	}
}

// serve runs a handler on uringnet and returns its URL.
func serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	t.Cleanup(func() {
		srv.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return "http://" + ln.Addr().String()
}

// scrape returns the values of uringnet's metrics by name.
func scrape(t *testing.T, url string) map[string]float64 {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	values := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if !strings.HasPrefix(name, "uringnet_") || strings.Contains(name, "{") {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		values[name] = v
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || lines.Err() != nil {
		t.Fatal(err, lines.Err())
	}
	if len(values) == 0 {
		t.Fatal("there is no metric of uringnet")
	}
	return values
}
