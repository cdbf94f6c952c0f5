package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// source is a suite of packages that apt can fetch from.
type source struct {
	name       string
	uri, suite string
	section    string // one or more
	arches     string // the architectures that are served there
	ubuntu     bool   // signed by Ubuntu's key, and kernels have Ubuntu's names
}

const (
	debian   = "http://deb.debian.org/debian"
	security = "http://deb.debian.org/debian-security"
	ubuntu   = "http://archive.ubuntu.com/ubuntu"

	debianArches = "amd64 arm64 s390x"
)

// sources are searched in this order for the newest kernel of a version.
var sources = []source{
	{"bookworm-security", security, "bookworm-security", "main", debianArches, false},
	{"bookworm", debian, "bookworm", "main", debianArches, false},
	{"bullseye-security", security, "bullseye-security", "main", "amd64 arm64", false},
	{"trixie", debian, "trixie", "main", debianArches, false},
	{"trixie-backports", debian, "trixie-backports", "main", debianArches, false},
	{"sid", debian, "sid", "main", debianArches, false},
	{"jammy-updates", ubuntu, "jammy-updates", "main", "amd64", true},
	{"noble-updates", ubuntu, "noble-updates", "main", "amd64", true},
}

// packages matches the names of packages with a kernel of that version, such as 6.1. Those for
// clouds have what an emulated machine needs built in, and little else; s390x has no such.
func (s source) packages(version, arch string) *regexp.Regexp {
	flavour := "-cloud-" + arch
	switch {
	case s.ubuntu:
		flavour = "-generic"
	case arch == "s390x":
		flavour = "-s390x"
	}
	return regexp.MustCompile(`^linux-image-` + regexp.QuoteMeta(version) + `\.[0-9][^ ]*` + flavour + `$`)
}

// library is a folder that holds what was downloaded.
type library struct{ dir string }

func openLibrary() (library, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return library{}, err
	}
	dir := filepath.Join(cache, "uringnet-kernels")
	return library{dir}, os.MkdirAll(dir, 0o755)
}

// kernel is a bootable image.
type kernel struct {
	release string // what uname would say, from the name of the package
	image   string // the file
	version string // that of the package, which names the stable release, and the suite
}

// find returns the newest kernel of that version, from the library if it is there, since a table is
// made in several runs and a suite may have got a newer one between them.
func (l library) find(version, arch string, fresh bool) (kernel, error) {
	pattern := filepath.Join(l.dir, "images", arch, version+".*", "vmlinuz")
	if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 && !fresh {
		slices.SortFunc(found, natural)
		return imageAt(found[len(found)-1])
	}
	var errs error
	for _, s := range sources {
		if !slices.Contains(strings.Fields(s.arches), arch) {
			continue
		}
		k, err := l.fetch(s, version, arch)
		if err == nil {
			return k, nil
		}
		errs = errors.Join(errs, fmt.Errorf("%s: %w", s.name, err))
	}
	return kernel{}, fmt.Errorf("no kernel %s for %s: %w", version, arch, errs)
}

func imageAt(image string) (kernel, error) {
	dir := filepath.Dir(image)
	version, err := os.ReadFile(filepath.Join(dir, "version"))
	return kernel{filepath.Base(dir), image, string(version)}, err
}

// fetch downloads the newest kernel of that version from s.
func (l library) fetch(s source, version, arch string) (kernel, error) {
	a, err := l.apt(s, arch)
	if err != nil {
		return kernel{}, err
	}
	all, err := a.names()
	if err != nil {
		return kernel{}, err
	}
	wanted := s.packages(version, arch)
	names := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return !wanted.MatchString(n) })
	if len(names) == 0 {
		return kernel{}, fmt.Errorf("it has no package %v", wanted)
	}
	name := slices.MaxFunc(names, natural)
	release := strings.TrimPrefix(name, "linux-image-")
	dir := filepath.Join(l.dir, "images", arch, release)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return kernel{}, err
	}
	// From Linux 7.3 on the image is in a package of its own, which the other one depends on.
	if binary := "linux-binary-" + release; slices.Contains(all, binary) {
		name = binary
	}
	deb, err := a.download(name)
	if err != nil {
		return kernel{}, err
	}
	defer os.Remove(deb)
	// The name of the file is that of the package, its version and the architecture.
	full := strings.Split(filepath.Base(deb), "_")[1] + ", " + s.name
	if err := os.WriteFile(filepath.Join(dir, "version"), []byte(full), 0o644); err != nil {
		return kernel{}, err
	}
	image := filepath.Join(dir, "vmlinuz")
	if err := unpack(deb, imageName, image); err != nil {
		return kernel{}, err
	}
	return imageAt(image)
}

var imageName = regexp.MustCompile(`^\./(boot|usr/lib/modules/[^/]+)/vmlinu[xz]`)

// unpack writes the first file of a Debian package whose name is wanted.
func unpack(deb string, wanted *regexp.Regexp, to string) error {
	written := errors.New("written")
	err := extract(deb, wanted, func(_ string, content []byte) error {
		return cmp.Or(replace(to, content), written)
	})
	switch err {
	case written:
		return nil
	case nil:
		return fmt.Errorf("%s has no %v", filepath.Base(deb), wanted)
	}
	return err
}

// extract hands over the files of a Debian package whose names are wanted, until found fails.
func extract(deb string, wanted *regexp.Regexp, found func(name string, content []byte) error) error {
	cmd := exec.Command("dpkg-deb", "--fsys-tarfile", deb)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("dpkg-deb: %w: %s", err, complaint.Bytes())
	}
	for r := tar.NewReader(bytes.NewReader(out)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !wanted.MatchString(h.Name) {
			continue
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := found(h.Name, content); err != nil {
			return err
		}
	}
}

// replace writes a file that is whole or not there.
func replace(name string, content []byte) error {
	if err := os.WriteFile(name+".part", content, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".part", name)
}

var numbers = regexp.MustCompile(`[0-9]+|[^0-9]+`)

// natural compares as a person does, to whom 6.9 comes before 6.12.
func natural(a, b string) int {
	as, bs := numbers.FindAllString(a, -1), numbers.FindAllString(b, -1)
	for i := range min(len(as), len(bs)) {
		m, errM := strconv.Atoi(as[i])
		n, errN := strconv.Atoi(bs[i])
		c := cmp.Compare(m, n)
		if errM != nil || errN != nil {
			c = cmp.Compare(as[i], bs[i])
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}
