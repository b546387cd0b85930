package tui

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sluice/flowstore/dump"
)

func TestSaveFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.mitm")
	drive(t, 160, 24, gallery(), func(d *driver) {
		for _, name := range []string{path, "+" + path} {
			d.press("w")
			d.wantScreen(": save.file @shown")
			d.write(name)
			d.press("enter")
			d.wantScreen("Saved 13 flows to ")
		}
	})
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for f, err := range dump.Read(bytes.NewReader(data)) {
		if err != nil {
			t.Fatal(err)
		}
		if want := gallery()[n%13]; f.Kind != want.Kind || f.Request != nil && f.Request.URL() != want.Request.URL() {
			t.Errorf("flow %d is another one", n)
		}
		n++
	}
	if n != 26 {
		t.Error(n, "flows")
	}
}

// TestSaveFileElsewhere makes no folder of a typing mistake.
func TestSaveFileElsewhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tpyo", "x.mitm")
	drive(t, 220, 24, gallery(), func(d *driver) {
		d.run("save.file @shown " + path)
		d.wantScreen("0 flows of 13 were saved: ", "no such file or directory: choose a folder that is there, or make this one")
	})
	if _, err := os.Stat(filepath.Dir(path)); err == nil {
		t.Error("the folder was made")
	}
}

// TestSaveFileNamedLikeAnArchive says how to have one.
func TestSaveFileNamedLikeAnArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.HAR")
	drive(t, 160, 24, gallery(), func(d *driver) {
		d.run("save.file @shown " + path)
		d.wantScreen("This is a flow file: save.har makes an HTTP archive.")
	})
}
