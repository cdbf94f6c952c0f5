//go:build linux

package ring

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sys "github.com/iceber/iouring-go/syscall"
)

// The profile that we hand out can be read by container runtimes, allows the three system calls,
// and forbids a call only once.
func TestSeccompProfile(t *testing.T) {
	text, err := os.ReadFile("../../docs/seccomp.json")
	if err != nil {
		t.Fatal(err)
	}
	var profile struct {
		DefaultAction string `json:"defaultAction"`
		Syscalls      []struct {
			Names    []string `json:"names"`
			Action   string   `json:"action"`
			ErrnoRet uint     `json:"errnoRet"`
			Args     []struct {
				Index, Value, ValueTwo uint64
				Op                     string
			} `json:"args"`
		} `json:"syscalls"`
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields() // Docker and the OCI runtimes have these fields in common
	if err := d.Decode(&profile); err != nil {
		t.Fatal(err)
	}
	if profile.DefaultAction != "SCMP_ACT_ALLOW" {
		t.Errorf("the default action is %s; the documentation says that it allows", profile.DefaultAction)
	}
	actions := map[string]string{}
	for _, rule := range profile.Syscalls {
		if rule.Action != "SCMP_ACT_ALLOW" && (rule.Action != "SCMP_ACT_ERRNO" || rule.ErrnoRet == 0) {
			t.Errorf("%v: action %s with errno %d", rule.Names, rule.Action, rule.ErrnoRet)
		}
		for _, name := range rule.Names {
			if actions[name] != "" {
				t.Errorf("%s has two rules", name)
			}
			actions[name] = rule.Action
		}
	}
	for _, name := range []string{"io_uring_setup", "io_uring_enter", "io_uring_register"} {
		if actions[name] != "SCMP_ACT_ALLOW" {
			t.Errorf("%s: %q", name, actions[name])
		}
	}
	for _, name := range []string{"ptrace", "bpf", "mount", "init_module", "unshare", "clone", "clone3"} {
		if actions[name] != "SCMP_ACT_ERRNO" {
			t.Errorf("%s: %q", name, actions[name])
		}
	}
}

// The documentation lists the requests that a ring may carry, and no others.
func TestDocumentedRequests(t *testing.T) {
	text, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]uint8{
		"IORING_OP_NOP":          sys.IORING_OP_NOP,
		"IORING_OP_RECV":         sys.IORING_OP_RECV,
		"IORING_OP_READ":         sys.IORING_OP_READ,
		"IORING_OP_ASYNC_CANCEL": sys.IORING_OP_ASYNC_CANCEL,
	}
	var want, got []uint8
	for name, op := range documented {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the documentation does not name %s", name)
		}
		want = append(want, op)
	}
	for _, rule := range slices.Concat(forSockets, forFiles) {
		if rule.kind == maySubmit && !slices.Contains(got, rule.value) {
			got = append(got, rule.value)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("opcodes that rings may carry (-documented +got):\n%s", diff)
	}
	if n := strings.Count(string(text), "`IORING_OP_"); n != len(documented) {
		t.Errorf("the documentation names %d requests, want %d", n, len(documented))
	}
}
