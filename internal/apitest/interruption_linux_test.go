package apitest

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"
)

// Raw access during a small Read: once that Read is interrupted, the bytes that come are for the
// raw reader.
func TestRawAccessDuringRead(t *testing.T) {
	receiveOnRings(t)
	begin(t)
	subject, peer := connect(t, listen(t, onRing, "tcp"), onNet)
	blocked := parked(t, func() ioResult { return result(subject.Read(make([]byte, 1))) })
	f, err := subject.File()
	check(t, err)
	defer f.Close()
	check(t, subject.SetReadDeadline(past))
	mustTimeOut(t, <-blocked)
	mustWrite(t, peer, "for the duplicate")
	mustRead(t, f, "for the duplicate")
}

// TestAcceptDeadlineRacesConnection has a connection come and the deadline pass at the same moment:
// either this Accept returns it or the next one does, also where the descriptor is shared.
func TestAcceptDeadlineRacesConnection(t *testing.T) {
	for _, shared := range []bool{false, true} {
		name := map[bool]string{false: "alone", true: "shared"}[shared]
		t.Run(name, func(t *testing.T) {
			begin(t)
			l := listen(t, onRing, "tcp").(interface {
				net.Listener
				File() (*os.File, error)
				SetDeadline(time.Time) error
			})
			if shared {
				f, err := l.File()
				check(t, err)
				check(t, f.Close())
			}
			timeouts := 0
			var lead steering
			for i := range size(10_000, 1000) {
				type accepted struct {
					c   net.Conn
					err error
				}
				first := make(chan accepted, 1)
				go func() {
					c, err := l.Accept()
					first <- accepted{c, err}
				}()
				if i%2 == 0 {
					runtime.Gosched()
				}
				d, err := onNet.dial("tcp", l.Addr().String())
				check(t, err)
				lead.wait()
				check(t, l.SetDeadline(past))
				a := <-first
				check(t, l.SetDeadline(never))
				lead.steer(a.err == nil)
				if isTimeout(a.err) {
					timeouts++
					a.c, a.err = l.Accept()
				}
				check(t, a.err)
				if from, to := a.c.RemoteAddr().String(), d.LocalAddr().String(); from != to {
					t.Fatalf("round %d: accepted %s, want %s", i, from, to)
				}
				check(t, a.c.Close())
				check(t, d.Close())
			}
			t.Logf("%d Accepts timed out first", timeouts)
		})
	}
}
