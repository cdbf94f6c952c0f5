package gobuild

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// The go command cannot assemble in a folder that is not on the disk, as those of the copies are
// not. Assembly of golang.org/x/sys/unix does no more than jump to what package syscall has; the
// copies link their functions to that instead.

// syscallCalls are the bodies of functions that package syscall has, but does not let others link
// to. None of them gets a pointer.
var syscallCalls = map[string]string{
	"SyscallNoError":    " { r1, r2, _ = syscall.Syscall(trap, a1, a2, a3); return }",
	"RawSyscallNoError": " { r1, r2, _ = syscall.RawSyscall(trap, a1, a2, a3); return }",
}

// linkToSyscall gives each function that has no body the one of package syscall. Lines change
// places only behind the first such function.
func linkToSyscall(name string, text []byte) ([]byte, error) {
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	imports := "" // what is to be imported anew
	for _, decl := range slices.Backward(tree.Decls) {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Body != nil || isLinked(fn) {
			continue
		}
		name := fn.Name.Name
		if body, ok := syscallCalls[name]; ok {
			text = slices.Insert(text, fset.Position(fn.End()).Offset, []byte(body)...)
			imports = `; import "syscall"`
			continue
		}
		at := fset.Position(fn.Type.Pos()).Offset
		text = slices.Insert(text, at, []byte("//go:linkname "+name+" syscall."+name+"\n")...)
		imports = `; import _ "unsafe"` // the directive needs it
	}
	return slices.Insert(text, fset.Position(tree.Name.End()).Offset, []byte(imports)...), nil
}

func isLinked(fn *ast.FuncDecl) bool {
	return fn.Doc != nil && slices.ContainsFunc(fn.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:linkname ")
	})
}
