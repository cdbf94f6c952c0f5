package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/bench/server"
	"github.com/uringnet/uringnet/internal/bench/workload"
	"github.com/uringnet/uringnet/internal/gobuild"
)

const peerPackage = "github.com/uringnet/uringnet/internal/bench/peer"

// buildPeer builds the iouring-go server, if it is among the servers, and fills in its path. A
// server that cannot be built, say because there is no Go here, is left out with a warning.
func (r *runner) buildPeer(ctx context.Context) (warning string) {
	isPeer := func(s Spec) bool { return s.Kind == server.Peer && s.Binary == "" }
	canUse := slices.ContainsFunc(r.Cells, func(c workload.Cell) bool { return c.Work.HasPeer() })
	if !slices.ContainsFunc(r.Servers, isPeer) || !canUse {
		return ""
	}
	r.progress.note("building the iouring-go server")
	binary := filepath.Join(r.scratch, "peer")
	// See the comment of package peer for why the linker must not check.
	cmd := exec.CommandContext(ctx, "go", "build", "-tags=iouring_peer", "-ldflags=-checklinkname=0", "-o", binary, peerPackage)
	if out, err := cmd.CombinedOutput(); err != nil {
		r.Servers = slices.DeleteFunc(slices.Clone(r.Servers), isPeer)
		return fmt.Sprintf("iouring-go is left out: 'go build %s' failed: %v: %s (it works inside the module's folder)", peerPackage, err, firstLine(out))
	}
	r.runFrom(binary, isPeer)
	return ""
}

// buildWhole builds this program by `uringnet go`, if a server of that kind is among the servers,
// and fills in its path.
func (r *runner) buildWhole(ctx context.Context) error {
	isWhole := func(s Spec) bool { return s.Kind == server.Whole && s.Binary == "" }
	if !slices.ContainsFunc(r.Servers, isWhole) {
		return nil
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program does not say which package it is, and so cannot be built for the server whole")
	}
	r.progress.note("building the server whole")
	binary := filepath.Join(r.scratch, "whole")
	plan, _, err := gobuild.Prepare([]string{"build", "-o", binary, info.Path}, io.Discard)
	if err != nil {
		return fmt.Errorf("the server whole: %w", err)
	}
	cmd := exec.CommandContext(ctx, plan.Path, plan.Args...)
	cmd.Env = plan.Environ
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the server whole: 'uringnet go build %s' failed: %w: %s (it works inside the module's folder)",
			info.Path, err, firstLine(out))
	}
	r.runFrom(binary, isWhole)
	return nil
}

// runFrom has servers run from a binary.
func (r *runner) runFrom(binary string, which func(Spec) bool) {
	r.Servers = slices.Clone(r.Servers)
	for i := range r.Servers {
		if which(r.Servers[i]) {
			r.Servers[i].Binary = binary
		}
	}
}

// firstLine returns what go build complains about first; lines that begin with # only name a
// package.
func firstLine(out []byte) string {
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			return strings.TrimSpace(line)
		}
	}
	return "no reason given"
}
