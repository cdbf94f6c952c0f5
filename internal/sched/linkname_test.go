//go:build linux && !uringnet_nolinkname

package sched

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// runtimeFile is the file whose declarations must be those of the runtime.
const runtimeFile = "runtime_unsafe.go"

// The compiler believes what runtimeFile says of the runtime's functions. So each declaration is
// compared with the sources of the release of Go that compiled this.
func TestLinknames(t *testing.T) {
	goroot := sources(t)
	ours := open(t, ".", "sched")
	theirs := &library{t: t, goroot: goroot, packages: make(map[string]*source)}
	links := ours.linknames(runtimeFile)
	if len(links) == 0 {
		t.Errorf("%s has no go:linkname", runtimeFile)
	}
	for _, l := range links {
		our := ours.pkg.Scope().Lookup(l.local)
		if our == nil {
			t.Errorf("%s: %s is not declared", runtimeFile, l.local)
			continue
		}
		their, err := theirs.find(l.target)
		if err != nil {
			t.Errorf("%s in %s: %v", l.target, runtime.Version(), err)
			continue
		}
		err = fits(our.Type(), their.Type())
		if isFunc(our) != isFunc(their) {
			err = errors.New("only one of the two is a function")
		}
		if err != nil {
			t.Errorf("%s of %s: %v\n  ours:  %s %s\n  there: %s %s", l.target, runtime.Version(), err,
				our.Name(), short(our.Type()), their.Name(), short(their.Type()))
		}
	}
}

func isFunc(o types.Object) bool {
	_, ok := o.(*types.Func)
	return ok
}

// assumed are constants of the runtime that this package's code has as plain numbers.
var assumed = map[string]int64{"pollNoError": 0, "pollErrClosing": 1, "pollErrTimeout": 2}

// A constant of this package with a name of the runtime's has the runtime's value.
func TestRuntimeConstants(t *testing.T) {
	goroot := sources(t)
	want := make(map[string]constant.Value)
	for name, n := range assumed {
		want[name] = constant.MakeInt64(n)
	}
	ours := open(t, ".", "sched").pkg.Scope()
	for _, name := range ours.Names() {
		c, ok := ours.Lookup(name).(*types.Const)
		if ok && isRuntimeConstant(name) {
			want[name] = c.Val()
		}
	}
	theirs := (&library{t: t, goroot: goroot, packages: make(map[string]*source)}).open("runtime")
	for name, our := range want {
		their, ok := theirs.pkg.Scope().Lookup(name).(*types.Const)
		switch {
		case !ok:
			t.Errorf("runtime.%s is not a constant of %s; ours is %v", name, runtime.Version(), our)
		case our == nil || !constant.Compare(our, token.EQL, their.Val()):
			t.Errorf("runtime.%s of %s: ours is %v, the runtime's %v", name, runtime.Version(), our, their.Val())
		}
	}
}

func isRuntimeConstant(name string) bool {
	for _, prefix := range []string{"waitReason", "traceBlock", "pollErr", "pollNoError"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// sources returns the GOROOT of the toolchain that compiled this test, if its sources are there.
func sources(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOVERSION", "GOROOT").Output()
	if err != nil {
		t.Skipf("there is no go command to ask for the runtime's sources: %v", err)
	}
	version, goroot, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	// runtime.Version may go on with the experiments that are switched on.
	if here, _, _ := strings.Cut(runtime.Version(), " "); here != version {
		t.Skipf("the go command is %s, this test was compiled by %s", version, here)
	}
	if _, err := os.Stat(filepath.Join(goroot, "src/runtime/proc.go")); err != nil {
		t.Skipf("the toolchain came without its sources: %v", err)
	}
	before := build.Default.GOROOT
	build.Default.GOROOT = goroot // where the source importer looks
	t.Cleanup(func() { build.Default.GOROOT = before })
	return goroot
}

// source is a package that was parsed and checked.
type source struct {
	pkg   *types.Package
	files map[string]*ast.File // by base name
}

// open parses and checks the declarations of the package in dir. What depends on a package that
// cannot be imported has an invalid type, which fits nothing. The build tag race is not set.
func open(t *testing.T, dir, path string) *source {
	t.Helper()
	list, err := build.Default.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	s := &source{files: make(map[string]*ast.File)}
	var files []*ast.File
	for _, name := range list.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		s.files[name] = f
		files = append(files, f)
	}
	cfg := types.Config{
		IgnoreFuncBodies: true,
		Importer:         standardImporter{importer.ForCompiler(fset, "source", nil)},
		Sizes:            types.SizesFor("gc", runtime.GOARCH),
		Error:            func(error) {},
	}
	s.pkg, _ = cfg.Check(path, fset, files, nil)
	return s
}

// standardImporter imports the standard library only.
type standardImporter struct{ types.Importer }

func (i standardImporter) Import(path string) (*types.Package, error) {
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return nil, errors.New("not of the standard library")
	}
	return i.Importer.Import(path)
}

// linkname is a directive: //go:linkname local target.
type linkname struct{ local, target string }

func (s *source) linknames(name string) (links []linkname) {
	f := s.files[name]
	if f == nil {
		return nil
	}
	for _, group := range f.Comments {
		for _, c := range group.List {
			words := strings.Fields(c.Text)
			if len(words) == 3 && words[0] == "//go:linkname" {
				links = append(links, linkname{words[1], words[2]})
			}
		}
	}
	return links
}

// library holds the packages of the standard library that were looked at.
type library struct {
	t        *testing.T
	goroot   string
	packages map[string]*source
}

func (l *library) open(path string) *source {
	l.t.Helper()
	if s := l.packages[path]; s != nil {
		return s
	}
	s := open(l.t, filepath.Join(l.goroot, "src", path), path)
	l.packages[path] = s
	return s
}

// find returns the definition of a symbol: one of its package, or one that the runtime pushes by a
// linkname of its own.
func (l *library) find(symbol string) (types.Object, error) {
	slash := strings.LastIndexByte(symbol, '/') + 1
	dot := strings.IndexByte(symbol[slash:], '.')
	if dot < 0 {
		return nil, fmt.Errorf("%q names no package", symbol)
	}
	path, name := symbol[:slash+dot], symbol[slash+dot+1:]
	rt := l.open("runtime")
	if path != "runtime" {
		for file := range rt.files {
			for _, link := range rt.linknames(file) {
				if link.target == symbol {
					return found(rt, link.local)
				}
			}
		}
	}
	return found(l.open(path), name)
}

func found(s *source, name string) (types.Object, error) {
	if o := s.pkg.Scope().Lookup(name); o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("package %s has no %s", s.pkg.Path(), name)
}

// short writes a type without its packages.
func short(t types.Type) string {
	return types.TypeString(t, func(*types.Package) string { return "" })
}

// fits says why our type cannot stand for the runtime's, or nil if it can.
func fits(ours, theirs types.Type) error {
	our, their := ours.Underlying(), theirs.Underlying()
	ok := false
	switch our := our.(type) {
	case *types.Signature:
		their, isFunc := their.(*types.Signature)
		if isFunc {
			return signatureFits(our, their)
		}
	case *types.Basic:
		ok = basicFits(our, their)
	case *types.Pointer:
		if their, isPointer := their.(*types.Pointer); isPointer {
			_, ourStruct := our.Elem().Underlying().(*types.Struct)
			_, theirStruct := their.Elem().Underlying().(*types.Struct)
			ok = ourStruct && theirStruct || fits(our.Elem(), their.Elem()) == nil
		}
	case *types.Slice:
		their, isSlice := their.(*types.Slice)
		ok = isSlice && fits(our.Elem(), their.Elem()) == nil
	case *types.Array:
		their, isArray := their.(*types.Array)
		ok = isArray && our.Len() == their.Len() && fits(our.Elem(), their.Elem()) == nil
	default:
		ok = types.Identical(our, their)
	}
	if !ok {
		return fmt.Errorf("%s does not stand for %s", short(ours), short(theirs))
	}
	return nil
}

func signatureFits(ours, theirs *types.Signature) error {
	if ours.Variadic() != theirs.Variadic() {
		return errors.New("one of the two is variadic")
	}
	if err := tupleFits(ours.Params(), theirs.Params()); err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	if err := tupleFits(ours.Results(), theirs.Results()); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	return nil
}

func tupleFits(ours, theirs *types.Tuple) error {
	if ours.Len() != theirs.Len() {
		return fmt.Errorf("%d here, %d there", ours.Len(), theirs.Len())
	}
	for i := range ours.Len() {
		if err := fits(ours.At(i).Type(), theirs.At(i).Type()); err != nil {
			return fmt.Errorf("number %d: %w", i+1, err)
		}
	}
	return nil
}

// basicFits: unsafe.Pointer stands for whatever is one pointer, uintptr for a pointer to what the
// garbage collector never frees or moves. All else stands for its own kind only.
func basicFits(our *types.Basic, their types.Type) bool {
	switch t := their.(type) {
	case *types.Basic:
		return our.Kind() == t.Kind() && our.Kind() != types.Invalid
	case *types.Pointer:
		return our.Kind() == types.UnsafePointer || our.Kind() == types.Uintptr && notInHeap(t.Elem())
	case *types.Signature, *types.Map, *types.Chan:
		return our.Kind() == types.UnsafePointer
	}
	return false
}

// notInHeap reports whether a struct has the mark of those that the runtime allocates elsewhere.
func notInHeap(t types.Type) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if named, ok := f.Type().(*types.Named); ok && named.Obj().Name() == "NotInHeap" {
			return true
		}
	}
	return false
}
