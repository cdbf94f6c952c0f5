package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// apt runs the tools of that name on folders of its own, so that suites and architectures can be
// asked that are foreign to this machine, and this machine is left as it is.
type apt struct {
	dir, arch string
}

const debianKeys = "/usr/share/keyrings/debian-archive-keyring.gpg"

var ubuntuKeys = regexp.MustCompile(`/ubuntu-archive-keyring\.gpg$`)

// apt returns the tools for one source, with the list of its packages.
func (l library) apt(s source, arch string) (apt, error) {
	a := apt{filepath.Join(l.dir, "apt", s.name+"-"+arch), arch}
	if _, err := os.Stat(filepath.Join(a.dir, "updated")); err == nil {
		return a, nil
	}
	keys := debianKeys
	if s.ubuntu {
		var err error
		if keys, err = l.ubuntuKeys(); err != nil {
			return apt{}, err
		}
	}
	for _, d := range []string{"etc/preferences.d", "etc/apt.conf.d", "state/lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(a.dir, d), 0o755); err != nil {
			return apt{}, err
		}
	}
	line := fmt.Sprintf("deb [signed-by=%s arch=%s] %s %s %s\n", keys, arch, s.uri, s.suite, s.section)
	for name, text := range map[string]string{"etc/sources.list": line, "state/status": ""} {
		if err := os.WriteFile(filepath.Join(a.dir, name), []byte(text), 0o644); err != nil {
			return apt{}, err
		}
	}
	if _, err := a.run("apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"); err != nil {
		return apt{}, err
	}
	return a, os.WriteFile(filepath.Join(a.dir, "updated"), nil, 0o644)
}

// ubuntuKeys fetches Ubuntu's key from Debian, which vouches for it.
func (l library) ubuntuKeys() (string, error) {
	keys := filepath.Join(l.dir, "ubuntu-archive-keyring.gpg")
	if _, err := os.Stat(keys); err == nil {
		return keys, nil
	}
	a, err := l.apt(source{name: "trixie", uri: debian, suite: "trixie", section: "main"}, "amd64")
	if err != nil {
		return "", err
	}
	deb, err := a.download("ubuntu-keyring")
	if err != nil {
		return "", err
	}
	defer os.Remove(deb)
	return keys, unpack(deb, ubuntuKeys, keys)
}

// names lists the packages with kernels.
func (a apt) names() ([]string, error) {
	out, err := a.run("apt-cache", "pkgnames", "linux-")
	return strings.Fields(out), err
}

// download fetches a package, and returns the file.
func (a apt) download(name string) (string, error) {
	scratch, err := os.MkdirTemp(a.dir, "download-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	if _, err := a.runIn(scratch, "apt-get", "download", "-q", name); err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(scratch, "*.deb"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("apt-get download %s left %v, %w", name, found, err)
	}
	deb := filepath.Join(a.dir, filepath.Base(found[0]))
	return deb, os.Rename(found[0], deb)
}

func (a apt) run(tool string, args ...string) (string, error) { return a.runIn(a.dir, tool, args...) }

func (a apt) runIn(dir, tool string, args ...string) (string, error) {
	options := []string{
		"Dir::Etc=" + a.dir + "/etc",
		"Dir::State=" + a.dir + "/state",
		"Dir::State::status=" + a.dir + "/state/status",
		"Dir::Cache=" + a.dir + "/cache",
		"APT::Architecture=" + a.arch,
		"APT::Architectures=" + a.arch,
		"APT::Sandbox::User=root", // the folders are the caller's
	}
	for _, o := range options {
		args = append(args, "-o", o)
	}
	cmd := exec.Command(tool, args...)
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", tool, args[0], err, complaint.Bytes())
	}
	return string(out), nil
}
