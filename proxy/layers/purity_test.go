package layers_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLayersAreSansIO: no layer has a goroutine, a channel, a socket, a clock or a logger of its own.
func TestLayersAreSansIO(t *testing.T) {
	banned := []string{"time.Now", "time.Since", "time.Sleep", "time.After", "time.AfterFunc", "time.NewTimer", "time.NewTicker",
		"net.Dial", "net.Listen", "net.Pipe", "slog.Info", "slog.Warn", "slog.Error", "slog.Default", "os.Open", "os.ReadFile", "os.Getenv"}
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if slices.Contains([]string{`"sync"`, `"log"`, `"context"`, `"net/http"`}, i.Path.Value) {
				t.Errorf("%s imports %s", name, i.Path.Value)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			bad := false
			switch n := n.(type) {
			case *ast.GoStmt, *ast.ChanType, *ast.SelectStmt:
				bad = true
			case *ast.SelectorExpr:
				x, ok := n.X.(*ast.Ident)
				bad = ok && slices.Contains(banned, x.Name+"."+n.Sel.Name)
			}
			if bad {
				t.Errorf("%s: a layer must not do this", fset.Position(n.Pos()))
			}
			return true
		})
	}
}
