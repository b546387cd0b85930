//go:build unix && !wireguard

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Who asks for WireGuard gets the program that has it, with the same arguments, or is told how to make it.
func TestHandOver(t *testing.T) {
	path, err := exec.LookPath("sluice")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(t.TempDir(), "sluice")
	if err := os.WriteFile(self, program, 0o700); err != nil {
		t.Fatal(err)
	}
	run := func() string {
		out, _ := exec.Command(self, "dump", "--set", "confdir="+t.TempDir(), "--mode", "wireguard").CombinedOutput()
		return string(out)
	}
	if got := run(); !strings.Contains(got, "go build -tags wireguard -o bin/sluice-wireguard") {
		t.Errorf("%q", got)
	}
	if err := os.WriteFile(self+"-wireguard", []byte("#!/bin/sh\necho taken over: $*\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(); !strings.Contains(got, "sluice-wireguard is there, but: permission denied") {
		t.Errorf("%q", got)
	}
	if err := os.Chmod(self+"-wireguard", 0o700); err != nil {
		t.Fatal(err)
	}
	if got := run(); !strings.HasPrefix(got, "taken over: dump --set confdir=") || !strings.HasSuffix(got, "--mode wireguard\n") {
		t.Errorf("%q", got)
	}
}
