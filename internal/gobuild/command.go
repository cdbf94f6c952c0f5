package gobuild

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// CacheName is the environment variable for the folder that has what uringnet writes, where the
// user's cache will not do.
const CacheName = "URINGNET_CACHE"

// markTag is a build tag that no file has. The go command notes it in the program, where
// debug.ReadBuildInfo and `go version -m` show it.
const markTag = "uringnet_whole"

// IsWhole reports whether this program was built by `uringnet go`.
func IsWhole() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool {
		return s.Key == "-tags" && slices.Contains(strings.Split(s.Value, ","), markTag)
	})
}

// Plan is a go command that is to be run.
type Plan struct {
	Path    string
	Args    []string // without the name of the command
	Environ []string

	// Settings are what makes any go command do the same: variables of the environment.
	Settings map[string]string
}

// ErrUsage is in the error chain of Prepare if the arguments make no sense.
var ErrUsage = errors.New("wrong usage")

// Prepare finds out what `uringnet go` is to run with the arguments that follow it, and makes the
// standard library. What a person should know goes to stderr. For the command env there is nothing
// to run: names are those of the settings that are asked for, and the Plan has Settings only.
func Prepare(args []string, stderr io.Writer) (p *Plan, names []string, err error) {
	a, err := parseArguments(args)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if p, err = a.plan(stderr); err != nil {
		return nil, nil, err
	}
	if a.command == "env" {
		return &Plan{Settings: p.Settings}, slices.Concat(a.flags, a.rest), nil
	}
	if slices.Contains(a.flags, "-x") || slices.Contains(a.flags, "-n") {
		fmt.Fprintf(stderr, "# uringnet: %s %s\n", p.Path, strings.Join(p.Args, " "))
	}
	return p, nil, nil
}

// plan finds out what to run.
func (a arguments) plan(stderr io.Writer) (*Plan, error) {
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	t, err := Find(a.dir)
	switch {
	case errors.Is(err, ErrRelease):
		return nil, fmt.Errorf("%w\nuse a newer version of uringnet, another release of Go "+
			"(GOTOOLCHAIN=%s.0), or the go command itself", err, releases[len(releases)-1])
	case err != nil:
		return nil, err
	case t.GOOS != "linux":
		fmt.Fprintf(stderr, "uringnet: for %s the program is built as it is: io_uring is a Linux interface\n", t.GOOS)
		tags := ""
		if a.hasTags {
			tags = "-tags=" + a.tags
		}
		return &Plan{Path: "go", Args: a.all(tags), Environ: os.Environ(), Settings: map[string]string{"GOFLAGS": t.GOFLAGS}}, nil
	}
	goflags, err := splitQuoted(t.GOFLAGS)
	if err != nil {
		return nil, fmt.Errorf("GOFLAGS=%s: %w", t.GOFLAGS, err)
	}
	a.addDefaults(goflags)
	if a.compiler == "gccgo" {
		return nil, errors.New("-compiler gccgo has another standard library: uringnet knows that of gc only")
	}
	if err := a.checkOverlay(t.GOROOT); err != nil {
		return nil, err
	}
	return a.planOn(t, cache, goflags)
}

// addDefaults notes what GOFLAGS says and the arguments do not.
func (a *arguments) addDefaults(goflags []string) {
	for _, flag := range goflags {
		switch name, value, _ := splitFlag([]string{flag}); {
		case name == "overlay" && a.overlay == "":
			a.overlay = value
		case name == "tags" && !a.hasTags:
			a.tags = value
		case name == "compiler" && a.compiler == "":
			a.compiler = value
		}
	}
}

// checkOverlay refuses the user's overlay if it replaces files of the standard library: it names
// them where they are not read.
func (a *arguments) checkOverlay(goroot string) error {
	if a.overlay == "" {
		return nil
	}
	name := a.overlay
	if !filepath.IsAbs(name) {
		name = filepath.Join(a.dir, name)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var o struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &o); err != nil {
		return fmt.Errorf("overlay %s: %w", name, err)
	}
	for file := range o.Replace {
		if strings.HasPrefix(file, filepath.Clean(goroot)+string(filepath.Separator)) {
			return fmt.Errorf("the overlay %s replaces %s, and uringnet has a standard library of its own: only one can",
				name, file)
		}
	}
	return nil
}

// planOn is plan for a toolchain that uringnet knows.
func (a arguments) planOn(t *Toolchain, cache string, goflags []string) (*Plan, error) {
	goroot, err := t.Patched(cache)
	if path := (*os.PathError)(nil); errors.As(err, &path) && !strings.HasPrefix(path.Path, t.GOROOT) {
		err = fmt.Errorf("%w\n%s names another folder for what uringnet writes", err, CacheName)
	}
	if err != nil {
		return nil, err
	}
	bin := filepath.Join(goroot, "bin")
	mark := "-tags=" + withMark(a.tags)
	p := &Plan{Path: filepath.Join(bin, "go"), Args: a.all(mark), Environ: os.Environ()}
	p.Settings = map[string]string{
		"GOROOT":      goroot,
		"GOTOOLCHAIN": "local", // the standard library is for this one
		"PATH":        bin + string(os.PathListSeparator) + os.Getenv("PATH"),
	}
	for name, value := range p.Settings {
		p.Environ = append(p.Environ, name+"="+value)
	}
	goflags = slices.DeleteFunc(goflags, func(f string) bool { return isFlag(f, "tags") })
	p.Settings["GOFLAGS"] = joinQuoted(append(goflags, mark))
	return p, nil
}

// all returns the arguments of the go command with the flag for build tags.
func (a arguments) all(tags string) []string {
	args := []string{a.command}
	if a.dir != "" {
		args = []string{"-C", a.dir, a.command}
	}
	if tags != "" {
		args = append(args, tags)
	}
	return slices.Concat(args, a.flags, a.rest)
}

func withMark(tags string) string {
	list := strings.FieldsFunc(tags, func(r rune) bool { return r == ',' || r == ' ' })
	if !slices.Contains(list, markTag) {
		list = append(list, markTag)
	}
	return strings.Join(list, ",")
}

// Print prints settings as `go env` does: the values of those that are named, or all.
func (p *Plan) Print(w io.Writer, names []string) {
	for _, name := range names {
		fmt.Fprintln(w, p.Settings[name])
	}
	if len(names) > 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		fmt.Fprintf(w, "%s='%s'\n", name, strings.ReplaceAll(p.Settings[name], "'", `'\''`))
	}
}

func cacheDir() (string, error) {
	if dir := os.Getenv(CacheName); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("%w: set %s to a folder for what uringnet writes", err, CacheName)
	}
	return filepath.Join(dir, "uringnet"), nil
}
