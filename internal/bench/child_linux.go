package bench

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/uringnet/uringnet/internal/bench/load"
	"github.com/uringnet/uringnet/internal/bench/search"
	"github.com/uringnet/uringnet/internal/bench/server"
)

// The hidden subcommands that the benchmark starts itself with.
const (
	serverCommand = "bench-server"
	loadCommand   = "bench-load"
	searchCommand = "bench-search"
)

// Roles are what a process that the benchmark starts can be.
type Roles struct {
	Serve func(cfg server.Config, stdin io.Reader, stdout io.Writer) error
	Load  func(cfg load.Config) (load.Result, error)
}

// Child runs the process as a server or load generator of the benchmark if args, those after the
// program's name, say so. It reports whether they did.
func Child(args []string, stdin io.Reader, stdout io.Writer) (isChild bool, err error) {
	return Roles{Serve: server.Run, Load: load.Run}.Child(args, stdin, stdout)
}

// Child is the function Child with these roles.
func (r Roles) Child(args []string, stdin io.Reader, stdout io.Writer) (isChild bool, err error) {
	if len(args) != 2 {
		return false, nil
	}
	switch args[0] {
	case serverCommand:
		var cfg server.Config
		if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
			return true, fmt.Errorf("%s: %w", serverCommand, err)
		}
		return true, r.Serve(cfg, stdin, stdout)
	case loadCommand:
		var cfg load.Config
		if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
			return true, fmt.Errorf("%s: %w", loadCommand, err)
		}
		result, err := r.Load(cfg)
		if err != nil {
			return true, fmt.Errorf("load generator: %w", err)
		}
		return true, json.NewEncoder(stdout).Encode(result)
	case searchCommand:
		var cfg search.Config
		if err := json.Unmarshal([]byte(args[1]), &cfg); err != nil {
			return true, fmt.Errorf("%s: %w", searchCommand, err)
		}
		result, err := search.Run(cfg)
		if err != nil {
			return true, err
		}
		return true, json.NewEncoder(stdout).Encode(result)
	}
	return false, nil
}
