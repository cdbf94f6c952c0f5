package bench

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/server"
)

// The hidden subcommands that the benchmark starts itself with.
const (
	serverCommand = "bench-server"
	loadCommand   = "bench-load"
)

// Child runs the process as a server or load generator of the benchmark if args, those after the
// program's name, say so. It reports whether they did.
func Child(args []string, stdin io.Reader, stdout io.Writer) (isChild bool, err error) {
	if len(args) != 2 {
		return false, nil
	}
	switch args[0] {
	case serverCommand:
		var cfg server.Config
		if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
			return true, fmt.Errorf("%s: %w", serverCommand, err)
		}
		return true, server.Run(cfg, stdin, stdout)
	case loadCommand:
		var cfg load.Config
		if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
			return true, fmt.Errorf("%s: %w", loadCommand, err)
		}
		r, err := load.Run(cfg)
		if err != nil {
			return true, fmt.Errorf("load generator: %w", err)
		}
		return true, json.NewEncoder(stdout).Encode(r)
	}
	return false, nil
}
