package apitest

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

var bubbleScenes = map[string]func(t *testing.T, w world){
	"first use":                  bubbleFirstUse,
	"first use waits":            bubbleFirstWait,
	"many connections":           bubbleCrowd,
	"HTTP":                       bubbleHTTP,
	"dial that is given up":      bubbleDial,
	"sockets of the bubble":      bubbleDeadlines,
	"sockets from outside":       bubbleForeignDeadlines,
	"deadline set from outside":  bubbleDeadlinesFromOutside,
	"deadline of another bubble": bubbleDeadlinesOfOther,
	"deadline moved":             bubbleMoved,
	"closed from outside":        bubbleClosedFromOutside,
	"closed by another bubble":   bubbleClosedByOther,
}

// Nothing that the first use starts belongs to the bubble: that would not end, or be of no use in
// the next one.
func bubbleFirstUse(t *testing.T, w world) {
	for range 2 {
		inBubble(t, func(t *testing.T) {
			s := newSockets(t, w)
			s.exchange(t)
			s.close(t)
		})
		s := newSockets(t, w)
		s.exchange(t)
		s.close(t)
	}
}

func bubbleFirstWait(t *testing.T, w world) {
	for range 2 {
		inBubble(t, func(t *testing.T) {
			s := newSockets(t, w)
			echoed := make(chan error)
			go func() {
				_, err := io.Copy(s.c, struct{ io.Reader }{s.c})
				echoed <- err
			}()
			for range 10 {
				mustWrite(t, s.peer, "ping")
				mustRead(t, s.peer, "ping")
			}
			check(t, s.peer.CloseWrite())
			check(t, <-echoed)
			s.close(t)
		})
	}
}

// So many connections at work at once that they are a crowd.
func bubbleCrowd(t *testing.T, w world) {
	crowd := func(t *testing.T) {
		l, err := w.listen("tcp", "127.0.0.1:0")
		check(t, err)
		const conns, rounds = 64, 100
		ended := make(chan error)
		var peers []net.Conn
		for range conns {
			c, peer := connect(t, l, onNet)
			peers = append(peers, peer)
			go func() {
				_, err := io.Copy(c, struct{ io.Reader }{c})
				ended <- err
			}()
		}
		for range rounds {
			for _, p := range peers {
				mustWrite(t, p, "x")
			}
			for _, p := range peers {
				mustRead(t, p, "x")
			}
		}
		for _, p := range peers {
			check(t, p.Close())
			check(t, <-ended)
		}
		check(t, l.Close())
	}
	inBubble(t, crowd)
	crowd(t)
	inBubble(t, crowd)
}

func bubbleHTTP(t *testing.T, w world) {
	inBubble(t, func(t *testing.T) {
		l, err := w.listen("tcp", "127.0.0.1:0")
		check(t, err)
		srv := &http.Server{Handler: http.HandlerFunc(echoBody)}
		served := make(chan error)
		go func() { served <- srv.Serve(l) }()
		tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return w.dialWith(ctx, net.Dialer{}, network, address)
		}}
		for range 3 {
			resp, err := (&http.Client{Transport: tr}).Get("http://" + l.Addr().String())
			check(t, err)
			_, err = io.Copy(io.Discard, resp.Body)
			check(t, err)
			check(t, resp.Body.Close())
		}
		tr.CloseIdleConnections()
		check(t, srv.Close())
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}

func bubbleDial(t *testing.T, w world) {
	address, err := fullBacklog()
	check(t, err)
	release := make(chan bool)
	inBubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := w.dialWith(ctx, net.Dialer{}, "tcp", address)
			ended <- err
		}()
		go func() { release <- true }()
		<-release
		cancel()
		check(t, expect(<-ended, context.Canceled))
	})
}

func bubbleDeadlines(t *testing.T, w world) {
	for range 2 {
		inBubble(t, func(t *testing.T) {
			s := newSockets(t, w)
			for name, x := range s.waits() {
				t.Log(name)
				mustTimeOutReally(t, x.set, x.wait)
				check(t, x.set(never))
			}
			s.close(t)
		})
	}
}

func bubbleForeignDeadlines(t *testing.T, w world) {
	s := newSockets(t, w)
	s.exchange(t)
	for range 2 {
		inBubble(t, func(t *testing.T) {
			for name, x := range s.waits() {
				t.Log(name)
				mustTimeOutReally(t, x.set, x.wait)
			}
		})
		for name, x := range s.waits() {
			t.Log(name, "outside")
			mustTimeOutReally(t, x.set, x.wait)
		}
	}
	s.close(t)
}

// bubbleDeadlinesFromOutside: somebody outside sets a deadline for what waits in the bubble
// already.
func bubbleDeadlinesFromOutside(t *testing.T, w world) {
	run := outside(t)
	inBubble(t, func(t *testing.T) {
		s := newSockets(t, w)
		for name, x := range s.waits() {
			t.Log(name)
			start := realNow()
			ended := make(chan error, 1)
			go func() { ended <- x.wait() }()
			check(t, run(func() error { return x.set(time.Now().Add(bubbleDeadline)) }))
			if err := <-ended; !isTimeout(err) || realNow()-start < bubbleDeadline {
				t.Errorf("ended with %v after %v, want a timeout", err, realNow()-start)
			}
			check(t, run(func() error { return x.set(never) }))
		}
		s.close(t)
	})
}

// bubbleDeadlinesOfOther: a deadline that was set in one bubble ends a wait in the next one, and
// outside.
func bubbleDeadlinesOfOther(t *testing.T, w world) {
	s := newSockets(t, w)
	for name, x := range s.waits() {
		t.Log(name)
		for _, elsewhere := range []func(*testing.T, func(*testing.T)){
			inBubble, func(t *testing.T, f func(*testing.T)) { f(t) },
		} {
			start := realNow()
			inBubble(t, func(t *testing.T) { check(t, x.set(time.Now().Add(bubbleDeadline))) })
			elsewhere(t, func(t *testing.T) {
				if err := x.wait(); !isTimeout(err) {
					t.Errorf("ended with %v, want a timeout", err)
				}
				if passed := realNow() - start; passed < bubbleDeadline {
					t.Errorf("ended after %v", passed)
				}
			})
			inBubble(t, func(t *testing.T) { check(t, x.set(never)) })
		}
	}
	s.close(t)
}

// bubbleMoved: a deadline that was set on one side of the border is moved, or taken away, on the
// other.
func bubbleMoved(t *testing.T, w world) {
	run := outside(t)
	s := newSockets(t, w)
	for name, x := range s.waits() {
		t.Log(name)
		check(t, x.set(future()))
		inBubble(t, func(t *testing.T) {
			mustTimeOutReally(t, x.set, x.wait)
			check(t, x.set(time.Now().Add(time.Hour)))
			ended := make(chan error, 1)
			go func() { ended <- x.wait() }()
			check(t, run(func() error { return x.set(past) }))
			if err := <-ended; !isTimeout(err) {
				t.Errorf("ended with %v, want a timeout", err)
			}
			check(t, x.set(time.Now().Add(time.Hour)))
		})
		mustTimeOutReally(t, x.set, x.wait)
		check(t, x.set(future()))
		inBubble(t, func(t *testing.T) { check(t, x.set(never)) })
	}
	s.c.SetReadDeadline(soon())
	inBubble(t, func(t *testing.T) { check(t, s.c.SetReadDeadline(never)) })
	mustWrite(t, s.peer, "ping")
	mustRead(t, s.c, "ping")
	s.close(t)
}

// closedWhileWaiting has a Read and an Accept wait in a bubble until somebody closes their sockets.
func closedWhileWaiting(t *testing.T, s *sockets, closeAll func() error) {
	t.Helper()
	ended := make(chan error, 2)
	go func() { ended <- s.read() }()
	go func() { ended <- s.accept() }()
	check(t, closeAll())
	for range 2 {
		mustBeClosed(t, "what waits", <-ended)
	}
}

func (s *sockets) closeOne() error {
	if err := s.l.Close(); err != nil {
		return err
	}
	return s.c.Close()
}

func bubbleClosedFromOutside(t *testing.T, w world) {
	run := outside(t)
	for range 10 {
		inBubble(t, func(t *testing.T) {
			s := newSockets(t, w)
			closedWhileWaiting(t, s, func() error { return run(s.closeOne) })
			check(t, s.peer.Close())
		})
		s := newSockets(t, w)
		ended := parked(t, s.read)
		inBubble(t, func(t *testing.T) { check(t, s.closeOne()) })
		mustBeClosed(t, "Read", <-ended)
		check(t, s.peer.Close())
	}
}

func bubbleClosedByOther(t *testing.T, w world) {
	for range 10 {
		s := newSockets(t, w)
		ready := make(chan bool)
		other := make(chan error)
		finished := make(chan bool)
		go func() { // synctest.Test cannot be called in a bubble: this is another one beside it
			t.Run("other", func(t *testing.T) {
				inBubble(t, func(t *testing.T) {
					<-ready
					other <- s.closeOne()
				})
			})
			close(finished)
		}()
		inBubble(t, func(t *testing.T) {
			closedWhileWaiting(t, s, func() error {
				ready <- true
				return <-other
			})
		})
		<-finished
		check(t, s.peer.Close())
	}
}
