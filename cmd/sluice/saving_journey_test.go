//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// TestJourneyQuitSaves quits the console right after flows have ended, in every way there is: all of them are in the file.
func TestJourneyQuitSaves(t *testing.T) {
	for name, end := range map[string]func(x *terminal){
		"q":       quit,
		"Q":       func(x *terminal) { x.press("Q") },
		"SIGTERM": func(x *terminal) { x.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(x *terminal) { x.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "flows.mitm")
			w := newWorld(t)
			x := openTerminal(t, 80, 24, nil, "sluice", w.flags("-w", file)...)
			x.see("No flows yet", "[W:")
			want := []string{"/1", "/2", "/3", "/events"}
			stream := w.ask("GET", "/events", "")
			w.tick <- "it has begun"
			for _, path := range want[:3] {
				w.get(path)
			}
			end(x)
			if err := x.ended(); err != nil {
				t.Errorf("the console ended with %v:\n%s", err, x.text())
			}
			<-stream
			got := saved(t, file)
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("the file has %v, want %v", got, want)
			}
		})
	}
}

// TestJourneyStreamToFile starts and ends saving with keys: what ends meanwhile is in the file, at once when it is ended.
func TestJourneyStreamToFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "flows.mitm")
	w := newWorld(t)
	x := openTerminal(t, 80, 24, nil, "sluice", w.flags()...)
	x.see("No flows yet")
	w.get("/before")
	x.see("/before", "[1/1]")
	x.press("W")
	x.see(": set save_stream_file ''")
	x.press(file, keyEnter)
	x.see("[W:")
	w.get("/meanwhile")
	x.see("/meanwhile", "[1/2]")
	x.press(":", "set save_stream_file", keyEnter)
	x.miss("[W:")
	if got := saved(t, file); !slices.Equal(got, []string{"/meanwhile"}) {
		t.Errorf("the file has %v", got)
	}
	w.get("/after")
	x.see("/after", "[1/3]")
	x.press("W", "+"+filepath.Join(t.TempDir(), "none", "flows.mitm"), keyEnter)
	x.see("flows go to a new folder")
	quit(x)
	if err := x.ended(); err != nil {
		t.Error(err)
	}
	if got := saved(t, file); !slices.Equal(got, []string{"/meanwhile"}) {
		t.Errorf("the file has %v", got)
	}
}

// TestJourneyQuitSaysWhatIsMissing quits the console after a disk was full: the last line of the terminal says so.
func TestJourneyQuitSaysWhatIsMissing(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	w := newWorld(t)
	x := openTerminal(t, 80, 24, nil, "sluice", w.flags("-w", "/dev/full")...)
	x.see("No flows yet", "[W:")
	w.get("/lost")
	x.see("/lost")
	quit(x)
	if err := x.ended(); err == nil {
		t.Error("it ended as if nothing were missing")
	}
	x.see("sluice: 1 flow is missing in /dev/full")
}

// TestJourneySaveToTerminal names the terminal that the console is on: no flow gets there.
func TestJourneySaveToTerminal(t *testing.T) {
	w := newWorld(t)
	x := openTerminal(t, 120, 40, nil, "sluice", w.flags()...)
	x.see("No flows yet")
	x.press("W", "/dev/stdout", keyEnter)
	x.see("it is a terminal: choose another file")
	quit(x)
	if err := x.ended(); err != nil {
		t.Error(err)
	}
}
