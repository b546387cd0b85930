package addon

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"testing"
)

// TestStagesAreTold holds what addons say of their stages against the hooks that their code names.
func TestStagesAreTold(t *testing.T) {
	bits := map[string]stages{"RequestHeaders": atRequestHeaders, "Request": atRequest, "ResponseHeaders": atResponseHeaders, "Response": atResponse}
	addons := map[string]Addon{}
	for _, a := range []Addon{&AntiCache{}, &AntiComp{}, &Block{}, &BlockList{}, &CRL{}, &DisableH2C{}, &MapLocal{}, &MapRemote{}, &NextLayer{},
		&Onboarding{}, &ProxyAuth{}, &ServerReplay{}, &StickyAuth{}, &StickyCookie{}, &StripDNSHTTPS{}, &TLSConfig{}, &TLSPassthrough{}, &UpdateAltSvc{}, &UpstreamAuth{}} {
		addons[reflect.TypeOf(a).Elem().Name()] = a
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Name.Name != "Handle" || f.Recv == nil {
				continue
			}
			star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			a, ok := addons[star.X.(*ast.Ident).Name].(selective)
			if !ok {
				continue
			}
			seen++
			var named stages
			ast.Inspect(f.Body, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if s.Sel.Name == "decide" {
						named |= atRequestHeaders | atRequest
					}
					if x, ok := s.X.(*ast.Ident); ok && x.Name == "layer" {
						named |= bits[s.Sel.Name]
					}
				}
				return true
			})
			if said := a.stages(); said != named {
				t.Errorf("%s says %04b and handles %04b", star.X.(*ast.Ident).Name, said, named)
			}
		}
	}
	if seen != len(addons) {
		t.Errorf("%d of %d addons were found", seen, len(addons))
	}
}
