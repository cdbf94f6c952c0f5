package structure

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"unicode/utf8"
)

// LongFiles finds Go files of more than limit lines.
func (t *Tree) LongFiles(limit int) (problems []string) {
	for _, s := range t.sources {
		if n := len(s.lines); n > limit {
			problems = append(problems, fmt.Sprintf(
				"%s has %d lines, at most %d: split it by what its parts are about", s.path, n, limit))
		}
	}
	return problems
}

// LongFunctions finds functions of more than limit lines, from func to the closing brace. Functions
// without a name count too.
func (t *Tree) LongFunctions(limit int) (problems []string) {
	for _, s := range t.sources {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			name, start := "a function without a name", token.NoPos
			switch f := n.(type) {
			case *ast.FuncDecl:
				name, start = f.Name.Name, f.Type.Pos()
			case *ast.FuncLit:
				start = f.Pos()
			default:
				return true
			}
			if lines := t.line(n.End()-1) - t.line(start) + 1; lines > limit {
				problems = append(problems, at(s.path, t.line(start))+fmt.Sprintf(
					"%s has %d lines, at most %d: give its steps functions of their own", name, lines, limit))
			}
			return true
		})
	}
	return problems
}

// WideComments finds lines with a comment that have more than limit columns. A tab is one column.
// Directives are passed over, and so are lines with an address, which cannot be broken.
func (t *Tree) WideComments(limit int) (problems []string) {
	for _, s := range t.sources {
		for _, group := range s.syntax.Comments {
			for _, c := range group.List {
				first := t.fset.Position(c.Pos())
				if strings.HasPrefix(c.Text, "//go:") {
					continue
				}
				for line := first.Line; line <= t.line(c.End()); line++ {
					text := s.lines[line-1]
					if n := utf8.RuneCountInString(text); n > limit && !strings.Contains(text, "://") {
						problems = append(problems, at(s.path, line)+fmt.Sprintf(
							"a comment has %d columns, at most %d: break the line", n, limit))
					}
				}
			}
		}
	}
	return problems
}

// WideProse finds lines of Markdown of more than limit columns outside of tables and code, and
// cells of tables of more than cellLimit characters.
func (t *Tree) WideProse(limit, cellLimit int) (problems []string) {
	for _, a := range t.articles {
		var r markdown
		for i, text := range a.lines {
			switch r.kind(text) {
			case prose:
				if n := utf8.RuneCountInString(text); n > limit {
					problems = append(problems, at(a.path, i+1)+fmt.Sprintf(
						"%d columns, at most %d: break the line", n, limit))
				}
			case table:
				for _, cell := range cells(text) {
					if n := utf8.RuneCountInString(cell); n > cellLimit {
						problems = append(problems, at(a.path, i+1)+fmt.Sprintf(
							"a cell of %d characters, at most %d: say it shorter, or below the table", n, cellLimit))
					}
				}
			}
		}
	}
	return problems
}
