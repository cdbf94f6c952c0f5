package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cavaliergopher/cpio"

	"github.com/uringnet/uringnet/compat/kernels/job"
)

const module = "github.com/uringnet/uringnet"

// allPackages are those whose tests are run.
var allPackages = []string{"ring", "sched", "socket", "apitest", "file"}

// folder is where a package lies in the repository, and in a guest.
func folder(name string) string {
	if name == "file" {
		return name
	}
	return "internal/" + name
}

// setting is an environment in which tests run.
type setting struct {
	name     string
	env      []string
	packages string // which have tests that the environment makes a difference to
}

var allSettings = []setting{
	{"auto", nil, "ring sched socket apitest file"},
	{"rings", []string{"URINGNET_WAIT=ring"}, "apitest"},
	{"poller", []string{"URINGNET=poller"}, "apitest"},
	{"net", []string{"URINGNET=off"}, "apitest"},
}

// guest is a folder with all that runs in an emulated machine.
type guest struct {
	root     string // of the repository
	dir      string
	arch     string
	packages []string
}

// goEnv is how programs for the machine are compiled: static, since it has no libraries.
func (g guest) goEnv() []string {
	return append(os.Environ(), "GOOS=linux", "GOARCH="+g.arch, "CGO_ENABLED=0")
}

func (g guest) goCommand(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = g.root, g.goEnv()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// build compiles the tests, and lays them beside the documents that they read, as in the
// repository.
func (g guest) build() error {
	for _, p := range g.packages {
		out := filepath.Join(g.dir, "src", folder(p), p+".test")
		if err := g.goCommand("test", "-c", "-ldflags=-w", "-o", out, module+"/"+folder(p)); err != nil {
			return err
		}
	}
	out := filepath.Join(g.dir, "src/uringnet/uringnet")
	if err := g.goCommand("build", "-ldflags=-w", "-o", out, module+"/uringnet"); err != nil {
		return err
	}
	return os.CopyFS(filepath.Join(g.dir, "src/docs"), os.DirFS(filepath.Join(g.root, "docs")))
}

// etc is what a resolver reads.
var etc = map[string]string{
	"etc/hosts":         "127.0.0.1 localhost\n::1 localhost ip6-localhost\n",
	"etc/nsswitch.conf": "hosts: files dns\n",
	"etc/passwd":        "root:x:0:0:root:/:/none\n",
}

// initramfs adds the first process and the list of runs, and packs everything.
func (g guest) initramfs(runs []job.Run) (string, error) {
	first := filepath.Join(g.dir, "init")
	if err := g.goCommand("build", "-ldflags=-w", "-o", first, module+"/compat/kernels/init"); err != nil {
		return "", err
	}
	list, err := json.Marshal(runs)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(g.dir, job.Path), list, 0o644); err != nil {
		return "", err
	}
	for name, text := range etc {
		name = filepath.Join(g.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	archive := g.dir + ".cpio"
	return archive, pack(archive, g.dir)
}

// pack writes the archive of a folder. It is not compressed: the emulated machine would take
// seconds to undo that.
func pack(archive, dir string) (err error) {
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	w := cpio.NewWriter(f)
	tree := os.DirFS(dir)
	err = fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		h := &cpio.Header{Name: name, Links: 1, Mode: cpio.TypeDir | 0o755}
		var content []byte
		if !d.IsDir() {
			if content, err = fs.ReadFile(tree, name); err != nil {
				return err
			}
			h.Mode, h.Size = cpio.TypeReg|0o755, int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	if err != nil {
		return err
	}
	return w.Close()
}

// plan is what is to be run.
type plan struct {
	settings []setting
	pattern  string
	skip     string
	short    bool
	verbose  bool
	limit    time.Duration // for each package
}

// runs lists the programs, as they lie in a guest: in each setting first the command's probe, which
// says which backend runs, and then the tests.
func (p plan) runs(g guest) []job.Run {
	var runs []job.Run
	for _, s := range p.settings {
		runs = append(runs, job.Run{
			Dir: "/src/uringnet", Program: "uringnet", Args: []string{"probe"},
			Env: s.env, Seconds: 60, Verbose: true,
		})
		for _, name := range g.packages {
			if !slices.Contains(strings.Fields(s.packages), name) {
				continue
			}
			args := []string{"-test.v", "-test.timeout=" + p.limit.String()}
			if p.pattern != "" {
				args = append(args, "-test.run="+p.pattern)
			}
			if p.skip != "" {
				args = append(args, "-test.skip="+p.skip)
			}
			if p.short {
				args = append(args, "-test.short")
			}
			runs = append(runs, job.Run{
				Dir: "/src/" + folder(name), Program: name + ".test", Args: args,
				Env: s.env, Seconds: int(p.limit.Seconds()) + 30, Verbose: p.verbose,
			})
		}
	}
	return runs
}
