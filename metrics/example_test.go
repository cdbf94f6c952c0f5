package metrics_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/uringnet/uringnet/metrics"
)

// The collector is registered like any other. A program that shows its metrics by promhttp shows
// those of uringnet then.
func Example() {
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.NewCollector())

	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "uringnet_turns") {
			fmt.Printf("%s: %s\n", f.GetName(), f.GetHelp())
		}
	}
	// Output:
	// uringnet_turns_missed_total: Waits for others after which there was still nothing.
	// uringnet_turns_total: Receives that waited only for other connections to have their turn.
}
