//go:build linux

package proc

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

func TestTake(t *testing.T) {
	before, err := Take(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	workload.Burn(workload.CalibrateBurn(30 * time.Millisecond))
	after, err := Take(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	var ru unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &ru); err != nil {
		t.Fatal(err)
	}
	spent := after.CPU - before.CPU
	// The loops were calibrated with the clock on the wall, so other processes may have made them
	// fewer.
	if spent <= 0 || after.CPU > time.Duration(ru.Utime.Nano()+ru.Stime.Nano())+tick {
		t.Errorf("%v of CPU spent, %v in all; getrusage says %v and %v", spent, after.CPU,
			time.Duration(ru.Utime.Nano()), time.Duration(ru.Stime.Nano()))
	}
	if split := after.User + after.System; split < after.CPU-2*tick || split > after.CPU+2*tick {
		t.Errorf("user %v and system %v do not add up to %v", after.User, after.System, after.CPU)
	}
	if after.Switches == 0 || after.RSS < 1<<20 || after.Machine < after.CPU-2*tick {
		t.Errorf("sampled %+v", after)
	}
}

func TestTakeAbsent(t *testing.T) {
	const noSuchPID = 1 << 30
	if _, err := Take(noSuchPID); err == nil {
		t.Error("a process that does not exist was sampled")
	}
}
