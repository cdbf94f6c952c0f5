package thirdparty

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFasthttp(t *testing.T) {
	compareModule(t, module{
		path: "github.com/valyala/fasthttp", version: "v1.77.0",
		unchanged: map[string]string{
			"github.com/valyala/fasthttp/prefork/prefork_test.go": "replaces the method expression (*net.TCPListener).File of the package",
		},
	})
}

func TestGorillaWebsocket(t *testing.T) {
	compareModule(t, module{path: "github.com/gorilla/websocket", version: "v1.5.3"})
}

func TestCoderWebsocket(t *testing.T) {
	compareModule(t, module{
		path: "github.com/coder/websocket", version: "v1.8.15",
		// TestMain counts the goroutines. Those of the rings stay.
		edits: []edit{
			{"main_test.go", "\t\"runtime\"\n", "\t\"runtime\"\n\t\"strings\"\n"},
			{"main_test.go", `!= "js" && runtime.NumGoroutine() != 1`,
				`!= "js" && runtime.NumGoroutine()-` +
					`strings.Count(string(goroutineStacks()), "created by github.com/uringnet/uringnet") != 1`},
		},
	})
}

// Many of its tests make sockets in a bubble of testing/synctest, the first of the process too.
func TestHTTP2(t *testing.T) {
	compareModule(t, module{
		path: "golang.org/x/net", version: "v0.62.0",
		only: []string{"./http2", "./nettest", "./netutil", "./websocket"},
	})
}

func TestGRPC(t *testing.T) {
	compareModule(t, module{
		path: "google.golang.org/grpc", version: "v1.85.0",
		only: []string{".", "./internal/transport/..."},
		// Each test looks for goroutines that are left over. Those of the rings stay.
		edits: []edit{{"internal/leakcheck/leakcheck.go",
			"\t\"goroutine in C code\",\n",
			"\t\"goroutine in C code\",\n\t\"created by github.com/uringnet/uringnet\",\n"}},
	})
}

// The test that is left out takes 20 s and fails on net too.
func TestNATSRoutes(t *testing.T) {
	compareModule(t, module{
		path: "github.com/nats-io/nats-server/v2", version: "v2.15.3",
		only: []string{"./server"}, run: "^TestRoute", skip: "^TestRouteSlowConsumerRecover$",
	})
}

// An edit whose place is gone or ambiguous fails instead of changing nothing.
func TestEditWantsExactlyOne(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	for text, want := range map[string]string{"one old word": "one new word", "nothing": "", "old old": ""} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		err := edit{"f", "old", "new"}.apply(dir)
		got, _ := os.ReadFile(path)
		if want == "" && err == nil || want != "" && (err != nil || string(got) != want) {
			t.Errorf("edit of %q: %q, %v; want %q", text, got, err, want)
		}
	}
}
