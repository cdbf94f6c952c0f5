package structure

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/printer"
	"go/token"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// API returns the exported declarations of a system's package in the root of fsys, one a line and
// sorted. Methods of embedded types that are not exported count as those of the type that embeds
// them.
func API(fsys fs.FS, goos string) ([]string, error) {
	fset := token.NewFileSet()
	files, err := filesFor(fsys, fset, goos)
	if err != nil {
		return nil, err
	}
	pkg, err := doc.NewFromFiles(fset, files, ".")
	if err != nil {
		return nil, err
	}
	var a api
	a.values(pkg.Consts)
	a.values(pkg.Vars)
	a.functions(pkg.Funcs)
	for _, t := range pkg.Types {
		a.values(t.Consts)
		a.values(t.Vars)
		a.functions(t.Funcs)
		a.functions(t.Methods)
		for _, spec := range t.Decl.Specs {
			a.typ(spec.(*ast.TypeSpec))
		}
	}
	slices.Sort(a.lines)
	return a.lines, nil
}

// filesFor parses the files of the root that this release of Go compiles for a system.
func filesFor(fsys fs.FS, fset *token.FileSet, goos string) ([]*ast.File, error) {
	ctx := build.Context{
		GOOS: goos, GOARCH: "amd64", Compiler: "gc", ReleaseTags: build.Default.ReleaseTags,
		JoinPath: path.Join,
		OpenFile: func(name string) (io.ReadCloser, error) { return fsys.Open(name) },
	}
	names, err := fs.Glob(fsys, "*.go")
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		matches, err := ctx.MatchFile(".", name)
		if err != nil {
			return nil, err
		}
		if !matches || strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

type api struct{ lines []string }

func (a *api) add(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	a.lines = append(a.lines, strings.Join(strings.Fields(line), " "))
}

// values adds constants and variables: with their types where these are written down, and with what
// they are set to.
func (a *api) values(groups []*doc.Value) {
	for _, group := range groups {
		for _, spec := range group.Decl.Specs {
			v := spec.(*ast.ValueSpec)
			for i, name := range v.Names {
				if !name.IsExported() {
					continue
				}
				line := group.Decl.Tok.String() + " " + name.Name
				if v.Type != nil {
					line += " " + text(v.Type)
				}
				if i < len(v.Values) {
					line += " = " + text(v.Values[i])
				}
				a.add("%s", line)
			}
		}
	}
}

func (a *api) functions(list []*doc.Func) {
	for _, f := range list {
		decl := &ast.FuncDecl{Name: f.Decl.Name, Type: f.Decl.Type}
		if f.Decl.Recv != nil {
			receiver := &ast.Field{Type: f.Decl.Recv.List[0].Type}
			decl.Recv = &ast.FieldList{List: []*ast.Field{receiver}}
		}
		a.add("%s", text(decl))
	}
}

// typ adds a type; the fields of a struct and the methods of an interface have lines of their own.
func (a *api) typ(spec *ast.TypeSpec) {
	name := spec.Name.Name
	switch t := spec.Type.(type) {
	case *ast.StructType:
		hidden := ""
		if t.Incomplete {
			hidden = ", with unexported fields"
		}
		a.add("type %s struct%s", name, hidden)
		for _, f := range t.Fields.List {
			a.field("type "+name+" struct", f)
		}
	case *ast.InterfaceType:
		hidden := ""
		if t.Incomplete {
			hidden = ", with unexported methods"
		}
		a.add("type %s interface%s", name, hidden)
		for _, f := range t.Methods.List {
			a.field("type "+name+" interface", f)
		}
	default:
		bare := *spec
		bare.Doc, bare.Comment = nil, nil
		a.add("type %s", text(&bare))
	}
}

func (a *api) field(of string, f *ast.Field) {
	tag := ""
	if f.Tag != nil {
		tag = " " + f.Tag.Value
	}
	for _, name := range f.Names {
		a.add("%s: %s %s%s", of, name.Name, text(f.Type), tag)
	}
	if len(f.Names) == 0 {
		a.add("%s: embedded %s%s", of, text(f.Type), tag)
	}
}

// text writes a piece of syntax as gofmt does.
func text(node any) string {
	var b strings.Builder
	if err := printer.Fprint(&b, token.NewFileSet(), node); err != nil {
		return err.Error() // differs from every declaration, so the comparison shows it
	}
	return b.String()
}
