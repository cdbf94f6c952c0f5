//go:build linux

// Command init is the first process of an emulated machine, and with what it starts the only one.
// It mounts what programs expect, runs the list that the command kernels has left in the initramfs,
// says on the console how each run ended, and stops the machine.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/compat/kernels/job"
)

func main() {
	if err := work(); err != nil {
		fmt.Println("init:", err)
	}
	say(job.Over, struct{}{})
	unix.Sync()
	// The emulator is told to end where a machine would start again.
	fmt.Println("init:", unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART))
}

func work() error {
	if err := prepare(); err != nil {
		return err
	}
	text, err := os.ReadFile(job.Path)
	if err != nil {
		return err
	}
	var runs []job.Run
	if err := json.Unmarshal(text, &runs); err != nil {
		return err
	}
	for _, r := range runs {
		say(job.Begin, r)
		result, out := r.Execute()
		if result.Error != "" || r.Verbose {
			os.Stdout.Write(out)
			fmt.Println()
		}
		say(job.End, result)
	}
	return nil
}

// prepare makes the machine one in which programs feel at home.
func prepare() error {
	for _, m := range []struct{ kind, place string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/tmp"},
	} {
		if err := os.MkdirAll(m.place, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(m.kind, m.place, m.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", m.place, err)
		}
	}
	if err := os.Chmod("/tmp", 0o777|os.ModeSticky); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("emulated")); err != nil {
		return fmt.Errorf("sethostname: %w", err)
	}
	if err := loadModules(); err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("the loopback interface: %w", err)
	}
	// What systemd gives.
	files := unix.Rlimit{Cur: 1024, Max: 524288}
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &files)
}

// loadModules loads what stands in the folder of modules, if there is one.
func loadModules() error {
	files, err := filepath.Glob(job.Modules + "/*")
	if err != nil {
		return err
	}
	for _, name := range files {
		flags := 0
		if strings.HasSuffix(name, ".xz") {
			flags = unix.MODULE_INIT_COMPRESSED_FILE
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(f.Fd()), "", flags)
		f.Close()
		if err != nil {
			return fmt.Errorf("the module %s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	req, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, req); err != nil {
		return err
	}
	req.SetUint16(req.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, req)
}

func say(kind string, what any) {
	text, err := json.Marshal(what)
	if err != nil {
		fmt.Println("init:", err)
		return
	}
	fmt.Printf("\n%s%s %s\n", job.Marker, kind, text)
}
