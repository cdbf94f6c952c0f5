package overlay

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"

	"github.com/uringnet/uringnet/internal/gobuild"
)

// socketTypes are the types that a test asks for by assertion, and that uringnet must replace.
var socketTypes = map[string]bool{"TCPConn": true, "UnixConn": true, "TCPListener": true, "UnixListener": true}

// edit replaces the source between two offsets.
type edit struct {
	from, to int
	text     string
}

// rewriteTest returns the test file with its patches applied and each *net.TCPConn and the like
// replaced by net.UringTCPConn. It edits the text at the places that the syntax tree names, so that
// line numbers in failures stay right.
func rewriteTest(release, importPath, name, text string) (string, error) {
	file := importPath + "/" + name
	text, err := gobuild.Apply(text, slices.Concat(testPatches[file], releasePatches[release][file]))
	if err != nil {
		return "", fmt.Errorf("%s of %s needs another patch: %w", file, release, err)
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	r := &rewriter{inNet: importPath == "net" && tree.Name.Name == "net"}
	r.offset = func(p token.Pos) int { return fset.Position(p).Offset }
	r.text = text
	for _, decl := range tree.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		switch {
		case !ok:
			ast.Inspect(decl, r.visit)
		case !returnsSockets(fn.Type) && fn.Body != nil: // the receiver of a method stays
			ast.Inspect(fn.Type, r.visit)
			ast.Inspect(fn.Body, r.visit)
		}
	}
	return applyEdits(text, r.edits), nil
}

type rewriter struct {
	inNet  bool // package net's own tests say TCPConn, all others net.TCPConn
	text   string
	offset func(token.Pos) int
	edits  []edit
}

func (r *rewriter) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SelectorExpr:
		return !r.rewriteField(n)
	case *ast.CallExpr:
		if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "port" && r.assertsSocket(sel.X) {
			r.replace(n, "uringPort("+r.source(sel.X.(*ast.TypeAssertExpr).X)+")")
			return false
		}
	case *ast.FuncLit:
		return !returnsSockets(n.Type)
	case *ast.StarExpr:
		if name, ok := r.socketType(n); ok {
			r.replace(n, name)
			return false
		}
	}
	return true
}

// rewriteField turns x.(*TCPListener).fd into uringFD(x).
func (r *rewriter) rewriteField(sel *ast.SelectorExpr) bool {
	if sel.Sel.Name != "fd" || !r.assertsSocket(sel.X) {
		return false
	}
	r.replace(sel, "uringFD("+r.source(sel.X.(*ast.TypeAssertExpr).X)+")")
	return true
}

func (r *rewriter) assertsSocket(x ast.Expr) bool {
	assert, ok := x.(*ast.TypeAssertExpr)
	if !ok || assert.Type == nil || !r.inNet {
		return false
	}
	star, ok := assert.Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	_, ok = r.socketType(star)
	return ok
}

// socketType returns the interface that stands for a pointer type such as *net.TCPConn.
func (r *rewriter) socketType(star *ast.StarExpr) (string, bool) {
	switch x := star.X.(type) {
	case *ast.Ident:
		if r.inNet && socketTypes[x.Name] {
			return "Uring" + x.Name, true
		}
	case *ast.SelectorExpr:
		if pkg, ok := x.X.(*ast.Ident); ok && pkg.Name == "net" && socketTypes[x.Sel.Name] {
			return "net.Uring" + x.Sel.Name, true
		}
	}
	return "", false
}

// returnsSockets reports whether a function returns concrete sockets and an error. Such functions
// in package net's tests wrap DialTCP or ListenTCP or fill a hook like testHookDialTCP: their types
// are net's, and stay.
func returnsSockets(fn *ast.FuncType) bool {
	if fn.Results == nil || len(fn.Results.List) < 2 {
		return false
	}
	t := fn.Results.List[0].Type
	if slice, ok := t.(*ast.ArrayType); ok {
		t = slice.Elt
	}
	star, ok := t.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && socketTypes[id.Name]
}

func (r *rewriter) source(n ast.Node) string { return r.text[r.offset(n.Pos()):r.offset(n.End())] }

func (r *rewriter) replace(n ast.Node, text string) {
	r.edits = append(r.edits, edit{r.offset(n.Pos()), r.offset(n.End()), text})
}

// applyEdits applies edits that do not overlap.
func applyEdits(text string, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	last := 0
	for _, e := range edits {
		out.WriteString(text[last:e.from])
		out.WriteString(e.text)
		last = e.to
	}
	out.WriteString(text[last:])
	return out.String()
}
