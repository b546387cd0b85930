//go:build unix

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sluice/flowstore/dump"
)

// A saver is a sluice dump that writes flows to a file.
type saver struct {
	t   *testing.T
	cmd *exec.Cmd

	mu  sync.Mutex
	log strings.Builder
	eof chan struct{} // closed when all of log has been read
}

// save starts sluice dump in a shell, after a command of that.
func (w *world) save(before string, flags ...string) *saver {
	w.t.Helper()
	s := &saver{t: w.t, eof: make(chan struct{})}
	args := append([]string{"-c", before + `exec sluice dump "$@"`, "sh"}, w.flags(flags...)...)
	s.cmd = exec.Command("sh", args...)
	log, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.cmd.Process.Kill() })
	go func() {
		defer close(s.eof)
		for lines := bufio.NewReader(log); ; {
			line, err := lines.ReadString('\n')
			s.mu.Lock()
			s.log.WriteString(line)
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	s.says("listening at")
	return s
}

func (s *saver) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// says waits until the log has a text.
func (s *saver) says(text string) {
	s.t.Helper()
	s.until("the log says "+text, func() bool { return strings.Contains(s.text(), text) })
}

// until waits until something is true.
func (s *saver) until(what string, is func() bool) {
	s.t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-s.eof:
			if !is() {
				s.t.Fatalf("it ended before %s:\n%s", what, s.text())
			}
		case <-s.t.Context().Done():
			s.t.Fatalf("never: %s:\n%s", what, s.text())
		}
	}
}

// end sends a signal and waits for the end.
func (s *saver) end(sig os.Signal) error {
	s.cmd.Process.Signal(sig)
	<-s.eof
	return s.cmd.Wait()
}

// saved returns the paths in a file that must be whole.
func saved(t *testing.T, name string) []string {
	t.Helper()
	paths, err := readable(t, name)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// readable returns the paths in a file, and what is wrong with its end.
func readable(t *testing.T, name string) (paths []string, bad error) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for f, err := range dump.Read(f) {
		if err != nil {
			return paths, err
		}
		paths = append(paths, f.Request.Path)
	}
	return paths, nil
}

// TestKilledFile kills the program amid traffic, and goes on with its file.
func TestKilledFile(t *testing.T) {
	w, name := newWorld(t), filepath.Join(t.TempDir(), "flows.mitm")
	s := w.save("", "-w", name)
	const n = 20
	for i := range n {
		w.get(fmt.Sprint("/", i))
	}
	done := make(chan struct{})
	go func() { // until the proxy is no more
		defer close(done)
		for i := n; (<-w.ask("GET", fmt.Sprint("/", i), "")).err == nil; i++ {
		}
	}()
	s.until("a flow that had ended is in the file", func() bool {
		data, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(data), fmt.Sprintf("4:path;3:/%d,", n-1))
	})
	if s.end(syscall.SIGKILL) == nil {
		t.Error("it was not killed")
	}
	<-done
	got, err := readable(t, name)
	if err != nil && !strings.Contains(err.Error(), "the file ends in the middle of a flow") { // the last write may have been cut short
		t.Error(err)
	}
	if len(got) < n {
		t.Errorf("%d flows are left of %d", len(got), n)
	}
	for i, path := range got {
		if want := fmt.Sprint("/", i); path != want {
			t.Errorf("flow %d is %s", i, path)
		}
	}
	s = w.save("", "-w", "+"+name)
	w.get("/after")
	if err := s.end(syscall.SIGTERM); err != nil {
		t.Errorf("%v:\n%s", err, s.text())
	}
	if all := saved(t, name); !slices.Equal(all, append(got, "/after")) {
		t.Error(all)
	}
}

// TestEndedFile ends the program while a response is under way.
func TestEndedFile(t *testing.T) {
	for option, read := range map[string]func(*testing.T, string) []string{"save_stream_file": saved, "hardump": archived} {
		for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
			t.Run(option+"/"+sig.String(), func(t *testing.T) {
				w, name := newWorld(t), filepath.Join(t.TempDir(), "flows")
				s := w.save("", "--set", option+"="+name)
				stream := w.ask("GET", "/events", "")
				w.tick <- "it has begun"
				w.get("/whole")
				if err := s.end(sig); err != nil {
					t.Errorf("%v:\n%s", err, s.text())
				}
				<-stream
				got := read(t, name)
				slices.Sort(got)
				if !slices.Equal(got, []string{"/events", "/whole"}) {
					t.Error(got)
				}
			})
		}
	}
}

// TestSavedToOutput names the file that the standard output goes to: nothing is written over.
func TestSavedToOutput(t *testing.T) {
	w := newWorld(t)
	file := filepath.Join(t.TempDir(), "flows.mitm")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	for _, name := range []string{file, "/dev/stdout"} {
		var log strings.Builder
		cmd := exec.Command("sluice", append([]string{"dump"}, w.flags("-n", "-w", name)...)...)
		cmd.Stdout, cmd.Stderr = out, &log
		if err := cmd.Run(); err == nil || !strings.Contains(log.String(), "and would write over the flows: write to another file") {
			t.Errorf("%s: %v: %s", name, err, log.String())
		}
	}
}

// TestFullFile writes to a disk that is full, and to a file that may not grow.
func TestFullFile(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ before, file, says string }{
		"disk":  {"", "/dev/full", "cannot write flows: write /dev/full: no space left on device. Flows are missing in the file until it can be written again."},
		"limit": {"ulimit -f 40; ", filepath.Join(dir, "flows.mitm"), "flows.mitm: file too large. Flows are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/dev/full"); err != nil && name == "disk" {
				t.Skip("there is no /dev/full")
			}
			w := newWorld(t)
			s := w.save(c.before, "-w", c.file)
			w.get("/first")
			large := <-w.ask("POST", "/large", strings.Repeat("x", 100<<10))
			if large.err != nil {
				t.Fatal(large.err)
			}
			s.says(c.says)
			w.get("/last")
			lost := map[string]string{"disk": "sluice: 3 flows are missing in /dev/full", "limit": "sluice: 1 flow is missing in " + c.file}[name]
			if err := s.end(syscall.SIGTERM); err == nil || !strings.Contains(s.text(), lost) {
				t.Errorf("%v:\n%s", err, s.text())
			}
			if name == "disk" && strings.Contains(s.text(), "again:") {
				t.Errorf("it says that it can write:\n%s", s.text())
			}
			if name == "limit" {
				if got := saved(t, c.file); !slices.Equal(got, []string{"/first", "/last"}) {
					t.Errorf("%v:\n%s", got, s.text())
				}
				if !strings.Contains(s.text(), "again: 1 are missing") {
					t.Error(s.text())
				}
			}
		})
	}
}

// TestGoneFolder has the folder of the file go away and come back.
func TestGoneFolder(t *testing.T) {
	for option, read := range map[string]func(*testing.T, string) []string{"save_stream_file": saved, "hardump": archived} {
		t.Run(option, func(t *testing.T) {
			w, dir := newWorld(t), filepath.Join(t.TempDir(), "dir")
			if option == "hardump" { // which makes none
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			name := filepath.Join(dir, "flows")
			s := w.save("", "--set", option+"="+name)
			w.get("/first")
			s.there(option, name, "/first")
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			w.get("/lost")
			s.says("flows: no such file or directory. Flows are missing")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			w.get("/found")
			s.says("again: 1 are missing")
			if err := s.end(syscall.SIGTERM); err == nil || !strings.Contains(s.text(), "1 flow is missing in "+name) {
				t.Errorf("%v:\n%s", err, s.text())
			}
			if got := read(t, name); !slices.Equal(got, []string{"/found"}) {
				t.Error(got)
			}
		})
	}
}

// there waits until the flow that has ended first is in the file of an option.
func (s *saver) there(option, name, path string) {
	s.t.Helper()
	if option == "hardump" {
		s.inArchive(name, path)
		return
	}
	s.until("the first flow is there", func() bool {
		info, err := os.Stat(name)
		return err == nil && info.Size() > 0
	})
}

// TestPipeFile writes to a pipe that nobody reads from: the proxy goes on, and ends when it is told to.
func TestPipeFile(t *testing.T) {
	for _, option := range []string{"save_stream_file", "hardump"} {
		t.Run(option, func(t *testing.T) {
			w, name := newWorld(t), filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(name, 0o600); err != nil {
				t.Fatal(err)
			}
			s := w.save("", "--set", option+"="+name)
			body := strings.Repeat("x", 100<<10) // more than a pipe holds
			for range 5 {
				if a := <-w.ask("POST", "/large", body); a.err != nil {
					t.Fatal(a.err)
				}
			}
			_ = s.end(syscall.SIGTERM)
			if !strings.Contains(s.text(), "the disk does not answer") {
				t.Error(s.text())
			}
		})
	}
}
