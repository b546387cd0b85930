package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestDumpWithoutReader has dump print more than a pipe holds, flows and log lines, before anybody reads it.
func TestDumpWithoutReader(t *testing.T) {
	w := newWorld(t)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	dump := exec.Command("sluice", append([]string{"dump", "--flow-detail", "4", "-v"}, w.flags()...)...)
	dump.Stdout, dump.Stderr = in, in
	if err := dump.Start(); err != nil {
		t.Fatal(err)
	}
	defer dump.Process.Kill()
	in.Close()
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 8<<20)
	find := func(what string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return
			}
		}
		t.Fatalf("nothing was printed of %q", what)
	}
	find("listening at")
	body := strings.Repeat("a line of text\n", 80_000)
	for i := range 30 {
		if a := <-w.ask("POST", fmt.Sprintf("/%d", i), body); a.err != nil || a.status != 200 {
			t.Fatalf("request %d: %d, %v", i, a.status, a.err)
		}
	}
	find("lines are missing here")
	w.get("/later")
	find("/later")
	if err := dump.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := dump.Wait(); err != nil {
		t.Errorf("dump ended with %v", err)
	}
}

// TestDumpWhoseReaderLeaves completes the files that it writes when its lines are not wanted any more.
func TestDumpWhoseReaderLeaves(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out.Close()
	dir := t.TempDir()
	archive := filepath.Join(dir, "all.har")
	dump := exec.Command("sluice", "dump", "-n", "-r", "../../flowstore/dump/testdata/successful_log.mitm", "--set", "confdir="+dir, "--set", "hardump="+archive)
	var said strings.Builder
	dump.Stdout, dump.Stderr = in, &said
	err = dump.Run()
	in.Close()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || !strings.Contains(said.String(), "sluice: cannot print: ") {
		t.Errorf("dump ended with %v and said %q", err, said.String())
	}
	if b, err := os.ReadFile(archive); err != nil || !json.Valid(b) {
		t.Errorf("the archive is %q, %v", b, err)
	}
}
