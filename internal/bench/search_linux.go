package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/uringnet/uringnet/internal/bench/search"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// search starts one process that searches through files, which has no load generator.
func (r *runner) search(ctx context.Context, spec Spec, w workload.Workload, round int, s *ServerReport) (Round, error) {
	dir, err := r.tree(w)
	if err != nil {
		return Round{}, fmt.Errorf("making the files to search through: %w", err)
	}
	binary := r.binary
	if spec.Binary != "" {
		binary = spec.Binary
	}
	cfg := search.Config{Kind: spec.Kind, Dir: dir, Work: w}
	p, err := start(ctx, binary, searchCommand, cfg, r.serverEnv(spec), r.Pin.Server)
	if err != nil {
		return Round{}, err
	}
	var result search.Result
	const longest = 10 * time.Minute // a slow disk may take long
	if err := p.answer(&result, longest); err != nil {
		return Round{}, p.fail(fmt.Errorf("the search: %w", err))
	}
	s.Backend = result.Backend
	return Round{Result: result.Result, Number: round}, p.wait()
}

// tree is the folder with the files for such work, which is made once.
func (r *runner) tree(w workload.Workload) (string, error) {
	dir := filepath.Join(r.scratch, fmt.Sprintf("%d-files-of-%d", w.Files, w.Size))
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	return dir, search.MakeTree(dir, w)
}
