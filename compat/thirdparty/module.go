package thirdparty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/compat/stdsuite/overlay"
)

const (
	uringnetModule = "github.com/uringnet/uringnet"
	compatModule   = uringnetModule + "/compat"
)

// module says what to test of a module.
type module struct {
	path, version string
	only          []string // packages, as "./server"; nil means all
	run, skip     string   // patterns for the flags of go test
	// unchanged names test files that must stay as they are, although they speak of *net.TCPConn or
	// the like, with the reason.
	unchanged map[string]string
	edits     []edit
}

// edit changes a file of the copy, for both sides: old must be there exactly once.
type edit struct{ file, old, new string }

func (e edit) apply(dir string) error {
	path := filepath.Join(dir, e.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), e.old); n != 1 {
		return fmt.Errorf("%s has this %d times, not once: %s", e.file, n, e.old)
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), e.old, e.new, 1)), 0o666)
}

// workspace is a copy of a module that go commands see together with uringnet.
type workspace struct {
	module
	dir    string // of the copied module
	goWork string // the file for GOWORK
}

// newWorkspace downloads a module and joins a copy of it with uringnet, all below dir.
func newWorkspace(dir string, m module) (*workspace, error) {
	source, err := download(dir, m.path+"@"+m.version)
	if err != nil {
		return nil, err
	}
	w := &workspace{module: m, dir: filepath.Join(dir, "module"), goWork: filepath.Join(dir, "go.work")}
	if err := os.CopyFS(w.dir, os.DirFS(source)); err != nil {
		return nil, err
	}
	for _, e := range m.edits {
		if err := e.apply(w.dir); err != nil {
			return nil, err
		}
	}
	ours, err := output(exec.Command("go", "list", "-m", "-f", "{{.Dir}}", uringnetModule, compatModule))
	if err != nil {
		return nil, err
	}
	text, err := goWork(filepath.Join(w.dir, "go.mod"), append(strings.Fields(string(ours)), w.dir))
	if err != nil {
		return nil, err
	}
	return w, os.WriteFile(w.goWork, []byte(text), 0o666)
}

// errDownload is in the error chain where the module proxy cannot be reached or does not have the
// version.
var errDownload = errors.New("the module cannot be downloaded")

// download returns the directory of a module in the module cache.
func download(dir, module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = dir // outside of any module
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	var answer struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || answer.Dir == "" {
		return "", fmt.Errorf("%w: %s: %s %w", errDownload, module, answer.Error, errors.Join(err, jsonErr))
	}
	return answer.Dir, nil
}

// goWork joins modules. In a workspace the Go version of go.work chooses the GODEBUG defaults,
// where the module's own go.mod would choose them otherwise; so they are set as the module has
// them.
func goWork(modFile string, dirs []string) (string, error) {
	out, err := output(exec.Command("go", "mod", "edit", "-json", modFile))
	if err != nil {
		return "", err
	}
	var mod struct{ Go string }
	if err := json.Unmarshal(out, &mod); err != nil {
		return "", err
	}
	release := strings.SplitN(mod.Go, ".", 3)
	if len(release) < 2 {
		return "", fmt.Errorf("%s has the Go version %q", modFile, mod.Go)
	}
	text := "go 1.26.0\n\ngodebug default=go" + release[0] + "." + release[1] + "\n\nuse (\n"
	for _, dir := range dirs {
		text += "\t" + dir + "\n"
	}
	return text + ")\n", nil
}

// packages are the patterns of what is tested.
func (w *workspace) packages() []string {
	if w.only == nil {
		return []string{"./..."}
	}
	return w.only
}

// tested lists the packages that have tests. The overlay will leave the unchanged files as they
// are.
func (w *workspace) tested() ([]overlay.Package, error) {
	out, err := output(w.command(append([]string{"list", "-json"}, w.packages()...)...))
	if err != nil {
		return nil, err
	}
	var pkgs []overlay.Package
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p overlay.Package
		if err := dec.Decode(&p); err != nil {
			return nil, err
		}
		if len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 {
			isUnchanged := func(file string) bool { return w.unchanged[p.ImportPath+"/"+file] != "" }
			p.TestGoFiles = slices.DeleteFunc(p.TestGoFiles, isUnchanged)
			p.XTestGoFiles = slices.DeleteFunc(p.XTestGoFiles, isUnchanged)
			pkgs = append(pkgs, p)
		}
	}
	return pkgs, nil
}

// command is a go command in the copy of the module.
func (w *workspace) command(args ...string) *exec.Cmd {
	cmd := exec.Command("go", args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "GOWORK="+w.goWork)
	return cmd
}

// output runs a command; its error holds what the command had to say.
func output(cmd *exec.Cmd) ([]byte, error) {
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, said.String())
	}
	return out, err
}
