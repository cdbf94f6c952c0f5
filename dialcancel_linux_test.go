package uringnet_test

import (
	"context"
	"errors"
	"testing"

	"github.com/uringnet/uringnet"
)

// TestDialCancelLeavesNothing: a dial that is broken off has taken its CONNECT back when it returns.
func TestDialCancelLeavesNothing(t *testing.T) {
	begin(t)
	address := deafAddress(t)
	for range 20 {
		before := totals().InFlight
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := uringnet.DialContext(ctx, "tcp", address)
			done <- err
		}()
		if onRings() {
			eventually(t, "the CONNECT to be in flight", func() bool { return totals().InFlight > before })
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if after := totals().InFlight; after > before {
			t.Fatalf("%d operations in flight after the dial, %d before", after, before)
		}
	}
}
