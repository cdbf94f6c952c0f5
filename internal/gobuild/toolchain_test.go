package gobuild

import (
	"errors"
	"strings"
	"testing"
)

func TestReleaseOf(t *testing.T) {
	for version, want := range map[string]string{
		"go1.26.8": "go1.26", "go1.27.3": "go1.27", "go1.27rc1": "go1.27", "go1.27": "go1.27",
		"go1.28.0": "", "go1.270": "", "devel go1.28-0123456789": "",
	} {
		got, err := releaseOf(version)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("releaseOf(%q) = %q, %v; want %q", version, got, err, want)
		}
		if err != nil && (!strings.Contains(err.Error(), version) || !errors.Is(err, ErrRelease)) {
			t.Errorf("releaseOf(%q) is no ErrRelease that names it: %v", version, err)
		}
	}
}

func TestApplyWantsExactlyOne(t *testing.T) {
	for _, text := range []string{"nothing", "old old"} {
		if got, err := Apply(text, []Patch{{"old", "new"}}); err == nil {
			t.Errorf("Apply(%q) = %q, want an error", text, got)
		}
	}
}
