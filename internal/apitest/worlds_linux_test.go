package apitest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/internal/testutil"
)

// world is one of the two packages, for tests that make the same experiment on both.
// What package net does is what is right.
type world struct {
	maker
	dialWith     func(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error)
	listenWith   func(ctx context.Context, lc net.ListenConfig, network, address string) (net.Listener, error)
	fileListener func(f *os.File) (net.Listener, error)
	newListener  func(l net.Listener) (net.Listener, error)
	writeBuffers func(c net.Conn, b *net.Buffers) (int64, error)
}

var netWorld = world{
	maker: onNet,
	dialWith: func(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
		return d.DialContext(ctx, network, address)
	},
	listenWith: func(ctx context.Context, lc net.ListenConfig, network, address string) (net.Listener, error) {
		return lc.Listen(ctx, network, address)
	},
	fileListener: net.FileListener,
	newListener:  func(l net.Listener) (net.Listener, error) { return l, nil },
	writeBuffers: func(c net.Conn, b *net.Buffers) (int64, error) { return b.WriteTo(c) },
}

var ourWorld = world{
	maker: onRing,
	dialWith: func(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
		ud := uringnet.Dialer(d)
		return ud.DialContext(ctx, network, address)
	},
	listenWith: func(ctx context.Context, lc net.ListenConfig, network, address string) (net.Listener, error) {
		ulc := uringnet.ListenConfig(lc)
		return ulc.Listen(ctx, network, address)
	},
	fileListener: uringnet.FileListener,
	newListener:  uringnet.NewListener,
	writeBuffers: func(c net.Conn, b *net.Buffers) (int64, error) {
		if w, ok := c.(interface {
			WriteBuffers(b *net.Buffers) (int64, error)
		}); ok {
			return w.WriteBuffers(b)
		}
		return b.WriteTo(c)
	},
}

var worlds = []world{netWorld, ourWorld}

// worldEnv tells a child which world is its own, and sceneEnv what it is to do there.
const (
	worldEnv = "URINGNET_TEST_WORLD"
	sceneEnv = "URINGNET_TEST_SCENE"
)

// childWorld is the world of this process, which is a child.
func childWorld() world {
	if os.Getenv(worldEnv) == netWorld.name {
		return netWorld
	}
	return ourWorld
}

// mode is a world and where its receives wait, which an environment variable decides for the whole
// process.
type mode struct {
	name string
	env  []string
}

var modes = []mode{
	{"net", []string{worldEnv + "=net"}},
	{"uringnet", []string{worldEnv + "=uringnet", waitEnv + "="}},
	{"uringnet,poller", []string{worldEnv + "=uringnet", waitEnv + "=", "URINGNET=poller"}},
	{"uringnet,ring", []string{worldEnv + "=uringnet", waitEnv + "=ring"}},
}

// eachMode is modes, for a test whose children go through all of them.
func eachMode(t *testing.T) []mode {
	t.Helper()
	skipIfChosen(t)
	return modes
}

// skipIfChosen skips a test whose children go through all modes where the environment chooses one:
// it would be the same again.
func skipIfChosen(t *testing.T) {
	t.Helper()
	for _, name := range []string{waitEnv, "URINGNET", "URINGNET_SQPOLL"} {
		if value := os.Getenv(name); value != "" && value != "auto" {
			t.Skipf("%s=%s: the run without it goes through all modes", name, value)
		}
	}
}

// childLimit ends a child that would never end.
const childLimit = 20 * time.Second

// childCommand prepares the function of that name to run in a process of its own, which lives until
// ctx ends at the latest.
func childCommand(ctx context.Context, t *testing.T, name string, env ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// tryChild runs a child and returns what it printed. One that takes longer than childLimit is
// killed and has failed.
func tryChild(t *testing.T, name string, env ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), childLimit)
	defer cancel()
	cmd := childCommand(ctx, t, name, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("hangs: killed after %v: %w", childLimit, err)
	}
	return out.String(), err
}

// parkedTask runs f in a goroutine of its own and returns when that is blocked in it, or f is over.
// It is for children, which have no testing.T.
func parkedTask[T any](f func() T) (<-chan T, error) {
	g, done := testutil.Go(f)
	if !testutil.Poll(func() bool { return len(done) > 0 || testutil.IsParked(g) }) {
		return nil, errors.New("goroutine " + g + " does not block")
	}
	return done, nil
}
