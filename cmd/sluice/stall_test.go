package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
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
