package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// baseline returns the outcomes on plain package net. They are kept in the system's temporary
// directory for each Go version and choice of flags, since they do not change with uringnet.
func (s *suite) baseline(pkg string) (results, error) {
	file, err := s.baselineFile(pkg)
	if err != nil {
		return nil, err
	}
	if text, err := os.ReadFile(file); err == nil && !*s.fresh {
		var res results
		if json.Unmarshal(text, &res) == nil {
			return res, nil
		}
	}
	res, outputs, err := s.onNet.test(pkg, *s.pattern)
	if err != nil {
		return nil, err
	}
	if _, err := s.onNet.retry(pkg, res.failedTests(), 1, res, outputs); err != nil {
		return nil, err
	}
	text, err := json.Marshal(res)
	if err != nil {
		return nil, err
	}
	return res, os.WriteFile(file, text, 0o666)
}

func (s *suite) baselineFile(pkg string) (string, error) {
	version, err := exec.Command("go", "env", "GOVERSION", "GOOS", "GOARCH", "CGO_ENABLED").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	key := sha256.Sum256(fmt.Append(version, pkg, s.onNet.race, s.onNet.short, *s.pattern))
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("uringnet-stdsuite-%d", os.Getuid()))
	return filepath.Join(dir, fmt.Sprintf("%x.json", key[:12])), os.MkdirAll(dir, 0o777)
}
