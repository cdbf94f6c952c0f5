package apitest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
)

const exitConns = 4

// TestExitFreesPort guards that the port of a process is free once the process has been waited for,
// however it ended: a server that is started again must not meet the socket of its predecessor.
func TestExitFreesPort(t *testing.T) {
	for _, m := range eachMode(t) {
		for _, how := range []string{"SIGKILL", "os.Exit", "panic"} {
			t.Run(m.name+"/"+how, func(t *testing.T) {
				begin(t)
				taken := 0
				var last error
				rounds := size(10, 2)
				for range rounds {
					if err := exitThenListen(t, m, how); err != nil {
						taken++
						last = err
					}
				}
				if taken > 0 {
					t.Errorf("%d of %d ports were taken after the process had ended: %v", taken, rounds, last)
				}
			})
		}
	}
}

// exitThenListen lets a process end while it waits for connections and for data, and listens on its
// port.
func exitThenListen(t *testing.T, m mode, how string) error {
	t.Helper()
	cmd := childCommand(t.Context(), t, "exit", append(slices.Clone(m.env), sceneEnv+"="+how, "GOTRACEBACK=none")...)
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	defer cmd.Process.Kill()
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	check(t, err)
	address := strings.TrimSpace(line)
	for range exitConns {
		c, err := net.Dial("tcp", address)
		check(t, err)
		defer c.Close()
	}
	if line, err = lines.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	if how == "SIGKILL" {
		check(t, cmd.Process.Kill())
	} else {
		fmt.Fprintln(stdin, "end")
	}
	if err := cmd.Wait(); (err == nil) != (how == "os.Exit") {
		t.Fatalf("the child ends with %v", err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

func init() { children["exit"] = exitChild }

func exitChild() error {
	// An address of its own, so that no connection of another process can have the port on its own
	// side.
	pid := os.Getpid()
	l, err := childWorld().listen("tcp", fmt.Sprintf("127.%d.%d.2:0", 1+pid>>8%200, pid%256))
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	for range exitConns {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		if _, err := parkedTask(func() ioResult { return result(c.Read(make([]byte, 64))) }); err != nil {
			return err
		}
	}
	accepts, err := parkedTask(func() error { _, err := l.Accept(); return err })
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := io.ReadFull(os.Stdin, make([]byte, 4)); err != nil {
		return err
	}
	if len(accepts) > 0 {
		return errors.New("Accept has returned")
	}
	if os.Getenv(sceneEnv) == "panic" {
		panic("the end")
	}
	os.Exit(0)
	return nil
}
