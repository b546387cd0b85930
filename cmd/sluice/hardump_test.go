package main

import (
	"fmt"
	"os"

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
