package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain puts the program as sluice into the PATH of the journeys. It runs
// there as a process of its own, built like the tests: with the race detector if they are.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sluice": main})
}
