package apitest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// pattern is an endless sequence of bytes that a seed determines, so that a reader knows what must
// come.
func pattern(seed uint64) *rand.ChaCha8 {
	return rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), 'p'})
}

// chunks yields random lengths up to limit, small ones as often as large ones.
func chunks(seed uint64, limit int) func() int {
	rng := rand.New(rand.NewPCG(seed, 3))
	return func() int {
		if rng.IntN(2) == 0 {
			return 1 + rng.IntN(min(limit, 64))
		}
		return 1 + rng.IntN(limit)
	}
}

// send writes total bytes of the pattern in random chunks.
func send(w io.Writer, seed uint64, total, limit int) ([]byte, error) {
	p, next, sum := pattern(seed), chunks(seed, limit), sha256.New()
	buf := make([]byte, limit)
	for sent := 0; sent < total; {
		b := buf[:min(next(), total-sent)]
		p.Read(b)
		sum.Write(b)
		n, err := w.Write(b)
		sent += n
		if err != nil || n != len(b) {
			return nil, fmt.Errorf("write of %d bytes at %d = %d, %w", len(b), sent-n, n, err)
		}
	}
	return sum.Sum(nil), nil
}

// receive reads total bytes in random chunks, and names the first byte that is not the one that was
// sent. What lies behind the bytes read must stay as it was.
func receive(r io.Reader, seed uint64, total, limit int) ([]byte, error) {
	const guard = 0xa5
	p, next, sum := pattern(seed), chunks(seed+1, limit), sha256.New()
	buf := bytes.Repeat([]byte{guard}, limit+1)
	want := make([]byte, limit)
	for got := 0; got < total; {
		k := min(next(), total-got)
		buf[k] = guard
		n, err := r.Read(buf[:k])
		if err != nil || n == 0 {
			return nil, fmt.Errorf("read at %d = %d, %w", got, n, err)
		}
		if err := compare(sum, p, buf[:n], want[:n]); err != nil {
			return nil, fmt.Errorf("at %d: %w", got, err)
		}
		if buf[k] != guard {
			return nil, fmt.Errorf("at %d: a read of %d bytes wrote behind them", got, k)
		}
		got += n
	}
	return sum.Sum(nil), nil
}

func compare(sum hash.Hash, p *rand.ChaCha8, got, want []byte) error {
	p.Read(want)
	sum.Write(got)
	if bytes.Equal(got, want) {
		return nil
	}
	for i := range got {
		if got[i] != want[i] {
			return fmt.Errorf("byte %d of %d is wrong", i, len(got))
		}
	}
	return nil
}

// transfer sends total bytes each way at the same time.
func transfer(a, b net.Conn, total, limit int) error {
	type outcome struct {
		sum []byte
		err error
	}
	var results [4]chan outcome
	for i, f := range []func() ([]byte, error){
		func() ([]byte, error) { return send(a, 1, total, limit) },
		func() ([]byte, error) { return receive(b, 1, total, limit) },
		func() ([]byte, error) { return send(b, 2, total, limit) },
		func() ([]byte, error) { return receive(a, 2, total, limit) },
	} {
		results[i] = make(chan outcome, 1)
		go func() {
			sum, err := f()
			if err != nil { // the other three must not wait for what never comes
				a.Close()
				b.Close()
			}
			results[i] <- outcome{sum, err}
		}()
	}
	var sums [4][]byte
	var first error
	for i, r := range results {
		o := <-r
		sums[i] = o.sum
		if o.err != nil && first == nil {
			first = o.err
		}
	}
	if first == nil && (!bytes.Equal(sums[0], sums[1]) || !bytes.Equal(sums[2], sums[3])) {
		first = fmt.Errorf("hashes differ: %x", sums)
	}
	return first
}

// TestExactness moves 64 MiB in all, or 1 GiB of it when URINGNET_SLOW is set, through sockets that
// are nearly always full or nearly always empty.
func TestExactness(t *testing.T) {
	mib := size(64, 8)
	if slow() {
		mib = 1024
	}
	for _, tc := range []struct {
		name, network  string
		listen, dial   maker
		sndbuf, rcvbuf int // 0: as the system has it
		limit          int
		share          int // of the total, in 1/16
	}{
		{"tcp", "tcp", onRing, onRing, 0, 0, 256 << 10, 6},
		{"tcp/small send buffer", "tcp", onRing, onRing, 4 << 10, 0, 16 << 10, 1},
		{"tcp/small receive buffer", "tcp", onRing, onRing, 0, 16 << 10, 64 << 10, 2},
		{"tcp/listener", "tcp", onRing, onNet, 64 << 10, 64 << 10, 64 << 10, 2},
		{"tcp/dialer", "tcp", onNet, onRing, 64 << 10, 64 << 10, 64 << 10, 2},
		{"unix", "unix", onRing, onRing, 0, 0, 256 << 10, 2},
		{"unix/small buffers", "unix", onRing, onRing, 4 << 10, 4 << 10, 16 << 10, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			begin(t)
			a, d := connect(t, listen(t, tc.listen, tc.network), tc.dial)
			for _, c := range []stream{a, d} {
				if tc.sndbuf > 0 {
					check(t, c.SetWriteBuffer(tc.sndbuf))
				}
				if tc.rcvbuf > 0 {
					check(t, c.SetReadBuffer(tc.rcvbuf))
				}
			}
			check(t, transfer(a, d, mib<<20*tc.share/16/2, tc.limit))
		})
	}
}

// TestExactnessManyConns has more connections than a pool of receive buffers would like, all with
// traffic.
func TestExactnessManyConns(t *testing.T) {
	begin(t)
	conns := size(500, 100)
	l := listen(t, onRing, "tcp")
	errs := make(chan error, conns)
	for i := range conns {
		a, d := connect(t, l, onRing)
		go func() { errs <- transfer(a, d, size(32<<10, 8<<10), 1+i*10) }()
	}
	for range conns {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestSlowReaders leaves data unread on many connections, half of them with a Read that timed out,
// which may have left a receive behind. None of that may keep another connection from going on, and
// nothing of it is lost.
func TestSlowReaders(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	type unread struct{ a, d stream }
	var all []unread
	for i := range size(500, 100) {
		a, d := connect(t, l, onRing)
		if i%2 == 0 {
			check(t, a.SetReadDeadline(time.Now().Add(time.Microsecond)))
			if n, err := a.Read(make([]byte, 16)); n != 0 || err == nil {
				t.Fatalf("Read = %d, %v", n, err)
			}
		}
		if _, err := send(d, uint64(i), 6000, 1500); err != nil {
			t.Fatal(err)
		}
		all = append(all, unread{a, d})
	}
	a, d := connect(t, l, onRing)
	check(t, transfer(a, d, 1<<20, 64<<10))
	for i, u := range all {
		check(t, u.a.SetReadDeadline(time.Time{}))
		if _, err := receive(u.a, uint64(i), 6000, 1500); err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
	}
}
