//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// errNotHere says that this machine cannot have a slow source.
var errNotHere = errors.New("a loop device cannot be mounted and throttled here")

// The file that is read: each page begins with its number.
const (
	pageSize = 4 << 10
	pages    = 16 << 10
)

// The files that a file server has: some that are not in memory, and a small one that is.
const (
	coldFiles = 1000
	coldSize  = 64 << 10
	smallSize = 1 << 10
	smallName = "small.txt"
)

func coldName(i int) string { return strconv.Itoa(i) + ".bin" }

// source is a file system on a loop device that a control group allows so many reads a second.
type source struct {
	name  string // the file
	group string // the control group

	scratch, mounted, device string

	queue int // places in the queue of the device, 0 for as many as it has
}

func newSource(rate, queue int) (s *source, err error) {
	s = &source{queue: queue}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if os.Geteuid() != 0 {
		return s, fmt.Errorf("%w: it takes root", errNotHere)
	}
	if s.scratch, err = os.MkdirTemp("", "uringnet-blocking-"); err != nil {
		return s, err
	}
	if err := s.mount(); err != nil {
		return s, fmt.Errorf("%w: %w", errNotHere, err)
	}
	if err := s.fill(); err != nil {
		return s, err
	}
	if err := s.throttle(rate); err != nil {
		return s, fmt.Errorf("%w: %w", errNotHere, err)
	}
	return s, nil
}

func (s *source) mount() error {
	image, dir := filepath.Join(s.scratch, "image"), filepath.Join(s.scratch, "mounted")
	f, err := os.Create(image)
	if err != nil {
		return err
	}
	const others = 128 << 20 // the files of the server, journal, tables
	err = f.Truncate(pages*pageSize + others)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	if err == nil {
		_, err = output("mkfs.ext4", "-q", "-F", image)
	}
	if err == nil {
		s.device, err = s.setUpLoop(image)
	}
	if err == nil {
		if err = unix.Mount(s.device, dir, "ext4", unix.MS_NOATIME, ""); err == nil {
			s.mounted = dir
		}
	}
	return err
}

// setUpLoop makes a loop device. One with a queue of its own leaves nothing in memory of its image.
func (s *source) setUpLoop(image string) (device string, err error) {
	if s.queue == 0 {
		return output("losetup", "--find", "--show", image)
	}
	device, err = output("losetup", "--find", "--show", "--direct-io=on", image)
	if err != nil {
		return device, err
	}
	size := filepath.Join("/sys/block", filepath.Base(device), "queue/nr_requests")
	return device, os.WriteFile(size, []byte(strconv.Itoa(s.queue)), 0)
}

// slowDevice is the one whose reads are counted: the loop device, or the disk where its image is.
func (s *source) slowDevice() (string, error) {
	var st unix.Stat_t
	if s.queue == 0 {
		err := unix.Stat(s.device, &st)
		return deviceNumber(st.Rdev), err
	}
	if err := unix.Stat(s.scratch, &st); err != nil {
		return "", err
	}
	number := deviceNumber(st.Dev)
	// The folder of a partition lies in that of its disk.
	whole, err := os.ReadFile(filepath.Join("/sys/dev/block", number, "../dev"))
	if err == nil {
		number = strings.TrimSpace(string(whole))
	}
	return number, nil
}

func deviceNumber(n uint64) string { return fmt.Sprintf("%d:%d", unix.Major(n), unix.Minor(n)) }

// output runs a program and returns what it prints.
func output(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w: %s", name, err, exit.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

func (s *source) fill() error {
	s.name = filepath.Join(s.mounted, "file")
	data := make([]byte, pages*pageSize)
	for i := range pages {
		binary.LittleEndian.PutUint64(data[i*pageSize:], uint64(i))
	}
	if err := os.WriteFile(s.name, data, 0o600); err != nil {
		return err
	}
	for i := range coldFiles {
		if err := os.WriteFile(filepath.Join(s.mounted, coldName(i)), data[:coldSize], 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(s.mounted, smallName), data[:smallSize], 0o600)
}

// throttle makes the control group, which a child joins.
func (s *source) throttle(rate int) error {
	device, err := s.slowDevice()
	if err != nil {
		return err
	}
	const v1, v2 = "/sys/fs/cgroup/blkio", "/sys/fs/cgroup"
	root, name, limit := v1, "blkio.throttle.read_iops_device", fmt.Sprintf("%s %d", device, rate)
	if _, err := os.Stat(v1); err != nil {
		root, name, limit = v2, "io.max", fmt.Sprintf("%s riops=%d", device, rate)
		if err := os.WriteFile(filepath.Join(v2, "cgroup.subtree_control"), []byte("+io"), 0); err != nil {
			return err
		}
	}
	group := filepath.Join(root, filepath.Base(s.scratch))
	if err := os.Mkdir(group, 0o700); err != nil {
		return err
	}
	s.group = group
	return os.WriteFile(filepath.Join(group, name), []byte(limit), 0)
}

// forget has the kernel forget what it has in memory of the files, but for the small one.
func (s *source) forget() error {
	names := []string{s.name}
	for i := range coldFiles {
		names = append(names, filepath.Join(s.mounted, coldName(i)))
	}
	for _, name := range names {
		if err := forget(name); err != nil {
			return err
		}
	}
	return nil
}

func forget(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// close leaves nothing behind.
func (s *source) close() error {
	var errs []error
	if s.mounted != "" {
		errs = append(errs, unix.Unmount(s.mounted, 0))
	}
	if s.device != "" {
		_, err := output("losetup", "--detach", s.device)
		errs = append(errs, err)
	}
	if s.group != "" {
		errs = append(errs, os.Remove(s.group))
	}
	if s.scratch != "" {
		errs = append(errs, os.RemoveAll(s.scratch))
	}
	return errors.Join(errs...)
}
