//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// An heir is a child of the server that inherits the listener and some connections. It sees no
// other socket and no ring, and closes all that it has: the server must not notice.
var heirs = fault{
	name: "heirs",
	what: "children that inherit sockets and close all descriptors",
	inject: func(t *trial) error {
		for range 10 {
			if _, err := t.server.inside("heirs"); err != nil {
				return err
			}
		}
		return nil
	},
}

func init() {
	inside["heirs"] = func(c *Child) (string, error) {
		files, err := c.server.share(4)
		defer func() {
			for _, f := range files {
				f.Close()
			}
		}()
		if err != nil {
			return "", err
		}
		exe, err := os.Executable()
		if err != nil {
			return "", err
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), roleEnv+"="+inheriting)
		cmd.ExtraFiles = files
		out, err := cmd.Output()
		for _, f := range files {
			// os/exec has made the sockets blocking, and package net's could not be closed then.
			err = errors.Join(err, unix.SetNonblock(int(f.Fd()), true))
		}
		if err != nil {
			return "", fmt.Errorf("the heir: %w", err)
		}
		var inherited []string
		if err := json.Unmarshal(out, &inherited); err != nil {
			return "", err
		}
		sockets := 0
		for _, f := range inherited {
			if strings.Contains(f, "io_uring") {
				return "", fmt.Errorf("a child inherits a ring: %s", f)
			}
			if strings.Contains(f, "socket:") {
				sockets++
			}
		}
		if sockets != len(files) {
			return "", fmt.Errorf("a child inherits %d sockets instead of %d: %v", sockets, len(files), inherited)
		}
		return "", nil
	}
}

// runHeir is the child: it tells what it has and closes it.
func runHeir() {
	var files []string
	for f := range testutil.OpenFDs() {
		files = append(files, f)
	}
	if err := json.NewEncoder(os.Stdout).Encode(files); err != nil {
		os.Exit(1)
	}
	if err := unix.CloseRange(0, math.MaxUint32, 0); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}
