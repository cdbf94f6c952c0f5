package peers

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// hang ends what would never end by itself; no test is decided by how long something takes.
const hang = 2 * time.Minute

// tool finds a program. Where it is missing the test skips, or fails in CI, whose script has
// installed it.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs programs of others for seconds")
	}
	for _, file := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(file); err == nil {
			return path
		}
	}
	const reason = "%s is not installed (Debian package %s)"
	if os.Getenv("CI") == "true" {
		t.Fatalf(reason, name, debianPackage)
	}
	t.Skipf(reason, name, debianPackage)
	return ""
}

// run runs a program to its end. It returns what the program wrote to its standard output.
func run(t *testing.T, stdin io.Reader, name string, args ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	runTo(t, stdin, &out, name, args...)
	return out.Bytes()
}

// runTo is run for outputs that are too long to be kept.
func runTo(t *testing.T, stdin io.Reader, stdout io.Writer, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, &said
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, said.String())
	}
}

// dialTo dials one address, whatever it is asked for.
func dialTo(network, address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return uringnet.DialContext(ctx, network, address)
	}
}

func TestMain(m *testing.M) {
	println("backend:", uringnet.Backend().String())
	os.Exit(m.Run())
}
