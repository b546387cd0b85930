package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"sluice/flowstore/har"
)

// scriptHAR prints a line for each flow of an archive.
func scriptHAR(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: har FILE")
	}
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	defer file.Close()
	for f, err := range har.Read(file) {
		ts.Check(err)
		fmt.Fprintln(ts.Stdout(), f.Request.Method, f.Request.URL(), f.Response.Status, string(f.Response.Body.Bytes()))
	}
}

// In the console the archive is written when it is left, and at any time by a command.
func TestJourneyHAR(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.har")
	journey(t, nil, []string{"--set", "hardump=" + out}, func(t *testing.T, w *world, x *terminal) {
		w.get("/first")
		x.see("/first", "200")
		saved := filepath.Join(t.TempDir(), "s.zhar")
		x.press(":", "save.har @all "+saved, keyEnter)
		x.see("Saved 1 flow")
		w.get("/second")
		x.see("/second", "[1/2]")
		quit(x)
		if got := pathsOf(t, saved); fmt.Sprint(got) != "[/first]" {
			t.Errorf("the command has saved %v", got)
		}
	})
	if got := pathsOf(t, out); fmt.Sprint(got) != "[/first /second]" {
		t.Errorf("at the end %v have been saved", got)
	}
}

func pathsOf(t *testing.T, path string) (paths []string) {
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for f, err := range har.Read(file) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, f.Request.Path)
	}
	return paths
}
