package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// netemModules are what a line between two networks is made of, and what may disturb it.
var netemModules = []string{"veth", "sch_netem"}

// modules returns a folder with the kernel's modules of these names. They come from the very
// package that the image is from, since no other kernel would take them.
func (l library) modules(k kernel, arch string, names []string) (string, error) {
	dir := filepath.Join(filepath.Dir(k.image), "modules")
	wanted := regexp.MustCompile(`^\./(usr/)?lib/modules/[^/]+/kernel/.*/(` + strings.Join(names, "|") + `)\.ko(\.xz)?$`)
	if found, err := filepath.Glob(filepath.Join(dir, "*")); err == nil && len(found) == len(names) {
		return dir, nil
	}
	version, suite, _ := strings.Cut(k.version, ", ")
	i := slices.IndexFunc(sources, func(s source) bool { return s.name == suite })
	if i < 0 {
		return "", fmt.Errorf("there is no suite %s", suite)
	}
	a, err := l.apt(sources[i], arch)
	if err != nil {
		return "", err
	}
	deb, err := a.download("linux-image-" + k.release + "=" + version)
	if err != nil {
		return "", fmt.Errorf("the modules of Linux %s; -fresh fetches a newer kernel: %w", k.release, err)
	}
	defer os.Remove(deb)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	found := 0
	err = extract(deb, wanted, func(name string, content []byte) error {
		found++
		return replace(filepath.Join(dir, filepath.Base(name)), content)
	})
	if err == nil && found < len(names) {
		err = fmt.Errorf("%s has %d of the modules %v", filepath.Base(deb), found, names)
	}
	return dir, err
}
