//go:build linux

package container

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/ring"
)

const (
	uidEnv   = "URINGNET_CONTAINER_UID"
	countEnv = "URINGNET_CONTAINER_RINGS"

	// usualLimit is what systemd gives to a user as RLIMIT_MEMLOCK.
	usualLimit = 8 << 20
)

// ringSize is what the library asks for.
var ringSize = ring.Config{SQEntries: 256, CQEntries: 4096}

func init() {
	children["rings"] = func() error {
		n, err := strconv.Atoi(os.Getenv(countEnv))
		if err == nil {
			err = becomeUser()
		}
		if err != nil {
			return err
		}
		full, smaller, err := makeRings(n)
		fmt.Println(full, smaller, err)
		bufio.NewReader(os.Stdin).ReadString('\n')
		return nil
	}
	children["rings until there is no room"] = func() error {
		if err := becomeUser(); err != nil {
			return err
		}
		m, err := ring.MemlockOf(ringSize)
		if err != nil {
			return err
		}
		const more = 60
		full, smaller, err := makeRings(more)
		fmt.Println(m)
		switch {
		case !m.Bound() && (full != more || err != nil):
			return fmt.Errorf("%d full and %d smaller rings, %w, where none are counted", full, smaller, err)
		case m.Bound() && !errors.Is(err, syscall.ENOMEM):
			return fmt.Errorf("%d full and %d smaller rings, %w, where there is room for %d", full, smaller, err, m.Room())
		}
		fmt.Println(full, smaller, m.Bound(), m.Room())
		return nil
	}
}

// becomeUser makes this process one of an ordinary user, with the limit that such a user has.
func becomeUser() error {
	uid, err := strconv.Atoi(os.Getenv(uidEnv))
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_MEMLOCK, &unix.Rlimit{Cur: usualLimit, Max: usualLimit}); err != nil {
		return err
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	return errors.Join(syscall.Setgid(uid), syscall.Setuid(uid))
}

// makeRings makes up to n rings and returns how many have the size that was asked for.
func makeRings(n int) (full, smaller int, err error) {
	for full+smaller < n {
		r, err := ring.New(ringSize)
		if err != nil {
			return full, smaller, err
		}
		sq, cq := r.Sizes()
		if sq == int(ringSize.SQEntries) && cq == int(ringSize.CQEntries) {
			full++
		} else {
			smaller++
		}
	}
	return full, smaller, nil
}

// TestRoomForRings makes 84 rings in four processes of one user, all of full size, under the
// limit that a user has. A fifth process takes what room is left: it gets smaller rings at the
// end, and in all there are as many as MemlockOf says. The kernel counts them for a user: this
// one is nobody else.
func TestRoomForRings(t *testing.T) {
	needTrials(t)
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become a user who has no other rings")
	}
	if os.Getpagesize() > 4096 {
		t.Skip("rings take whole pages, and these are large")
	}
	const processes, each = 4, 21
	user := fmt.Sprint(uidEnv, "=", 100_000_000+rand.IntN(1_000_000_000))
	for range processes {
		d := talk(t, "rings", user, fmt.Sprint(countEnv, "=", each))
		defer d.end()
		d.hear(fmt.Sprint(each, " 0 <nil>"))
	}
	last := talk(t, "rings until there is no room", user)
	defer last.end()
	last.out.Scan()
	t.Log(last.out.Text())
	last.out.Scan()
	var (
		full, smaller, room int
		bound               bool
	)
	if _, err := fmt.Sscan(last.out.Text(), &full, &smaller, &bound, &room); err != nil {
		t.Fatalf("%q: %v", last.out.Text(), err)
	}
	t.Logf("%d rings of full size in all, then %d smaller ones", processes*each+full, smaller)
	if bound && (processes*each+full != room || smaller == 0) {
		t.Errorf("%d rings of full size, %d smaller ones: want %d, and at least one", processes*each+full, smaller, room)
	}
}
