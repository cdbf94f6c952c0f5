//go:build linux

package ring

import (
	"strings"
	"testing"
)

func TestWarnings(t *testing.T) {
	const smp = "#1 SMP PREEMPT_DYNAMIC "
	for _, tc := range []struct {
		name, release, version, signature string
		want                              string // what the warning begins with
	}{
		{"before", "6.1.112", smp, "", ""},
		{"the first", "6.1.113", smp, "", "Linux 6.1.113: "},
		{"a vendor's", "6.1.115-126.197.amzn2023.x86_64", smp, "", "Linux 6.1.115: "},
		{"the last", "6.1.118", smp, "", "Linux 6.1.118: "},
		{"fixed", "6.1.119", smp, "", ""},
		{"another series", "6.6.58", smp, "", "Linux 6.6.58: "},
		{"a series without it", "6.12.58", smp, "", ""},
		{"Debian", "6.1.0-27-amd64", smp + "Debian 6.1.115-1 (2024-11-01)", "", "Linux 6.1.115: "},
		{"Debian, fixed", "6.1.0-28-amd64", smp + "Debian 6.1.119-1 (2024-11-22)", "", ""},
		{"Ubuntu", "6.6.0-14-generic", "#14-Ubuntu SMP", "Ubuntu 6.6.0-14.14-generic 6.6.59\n", "Linux 6.6.59: "},
		{"Ubuntu, another series", "6.8.0-45-generic", "#45-Ubuntu SMP", "Ubuntu 6.8.0-45.45-generic 6.8.12\n", ""},
		{"no number", "6.1-rc7", smp, "", ""},
		{"nothing", "", "", "", ""},
	} {
		got := warnings(stable(tc.release, tc.version, tc.signature))
		switch {
		case tc.want == "" && len(got) > 0:
			t.Errorf("%s: a warning without reason: %q", tc.name, got)
		case tc.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], tc.want)):
			t.Errorf("%s: %q, want one that begins with %q", tc.name, got, tc.want)
		}
	}
}
