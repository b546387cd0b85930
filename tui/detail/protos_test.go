package detail

import (
	"path/filepath"
	"testing"

	"sluice/proxy/content"
)

// TestFieldsGetNames: what names the fields of Protobuf is followed, in bodies and in the messages of gRPC alike.
func TestFieldsGetNames(t *testing.T) {
	ps, err := content.LoadProtos(filepath.Join("..", "..", "proxy", "content", "testdata", "protos", "shop.proto"))
	if err != nil {
		t.Fatal(err)
	}
	var now *content.Protos
	m := newModel(Config{Protos: func() *content.Protos { return now }})
	m.SetSize(80, 40)
	run(m, m.SetFlow(grpcFlow()))
	for tab, named := range map[int]string{0: "buyer: ada", 2: "number: shirt"} {
		now = nil
		run(m, m.SelectTab(tab))
		run(m, m.Refresh())
		wantScreen(t, m, "1: ")
		now = ps
		run(m, m.Refresh())
		wantScreen(t, m, named)
	}
}
