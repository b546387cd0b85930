package actions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/flowstore/har"
	"sluice/proxy/flow"
)

func TestSaveHAR(t *testing.T) {
	x := newFixture(t, nil)
	x.store.Put(&flow.Flow{ID: flow.NewID(), Kind: flow.TCP, Client: &flow.Client{}, Server: &flow.Server{}})
	x.view.Sync()
	for _, name := range []string{"a.har", "b.zhar"} {
		path := filepath.Join(t.TempDir(), name)
		x.run(t, "save.har @all "+path)
		if got, want := x.said[len(x.said)-1], "Saved 1 flow to "+path+". Left out: 1 flow of 2, not HTTP."; got != want {
			t.Errorf("said %q, want %q", got, want)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		n := 0
		for f, err := range har.Read(file) {
			if n++; err != nil || f.Request.Method != "POST" || string(f.Response.Body.Bytes()) != "hello" {
				t.Error(f, err)
			}
		}
		if n != 1 {
			t.Errorf("%d flows in %s", n, name)
		}
	}
	x.run(t, "save.har @all no/such/folder.har")
	if got := x.said[len(x.said)-1]; !strings.HasPrefix(got, "cannot write the HTTP archive: open no/such/folder.har: ") {
		t.Errorf("said %q", got)
	}
	if _, err := x.reg.Run(t.Context(), "save.har ~tcp x.har"); err == nil || !strings.Contains(err.Error(), "none of the flows is HTTP") {
		t.Error(err)
	}
}
