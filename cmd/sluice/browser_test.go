//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestJourneyBrowser starts a stand-in for a browser by its key. It ends, and its profile is gone, when the console has ended.
func TestJourneyBrowser(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere a real browser may be found before the stand-in")
	}
	dir, temp := t.TempDir(), t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "said"), 0o600); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\nPATH=/usr/bin:/bin\necho \"$@\" > '" + dir + "/said'\nexec tail -f /dev/null\n"
	if err := os.WriteFile(filepath.Join(dir, "google-chrome"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(filepath.Join(dir, "said"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	lines := make(chan string)
	go func() {
		defer close(lines)
		for in := bufio.NewScanner(pipe); in.Scan(); {
			lines <- in.Text()
		}
	}()
	env := []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "TMPDIR=" + temp}
	journey(t, env, nil, func(t *testing.T, w *world, x *terminal) {
		x.press("B")
		x.see("Started chrome.")
		said := await(x, "start of the browser", lines)
		if !strings.Contains(said, fmt.Sprintf("--proxy-server=127.0.0.1:%d ", w.port)) || !strings.Contains(said, "--user-data-dir="+temp) || !strings.Contains(said, "--ignore-certificate-errors-spki-list=") {
			t.Errorf("the browser was started with %s", said)
		}
		quit(x)
		if err := x.ended(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}
