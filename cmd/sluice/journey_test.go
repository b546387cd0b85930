package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sizes are the terminals that journeys are made in.
var sizes = [][2]int{{80, 24}, {120, 40}}

// journey runs a test in the console in terminals of all sizes. The console has to be quit when the test returns.
func journey(t *testing.T, env, flags []string, test func(t *testing.T, w *world, x *terminal)) {
	t.Helper()
	for _, size := range sizes {
		t.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(t *testing.T) {
			w := newWorld(t)
			x := openTerminal(t, size[0], size[1], env, "sluice", w.flags(flags...)...)
			x.see("No flows yet", fmt.Sprintf("127.0.0.1:%d", w.port))
			test(t, w, x)
			if err := x.ended(); err != nil {
				t.Errorf("the console ended with %v:\n%s", err, x.text())
			}
		})
	}
}

// quit leaves the console by its keys.
func quit(x *terminal) {
	x.t.Helper()
	x.press("q")
	x.see("Quit")
	x.press("y")
}

func TestJourneyList(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		w.get("/first")
		x.see("/first", "GET", "200", "[1/1]")
		<-w.ask("POST", "/missing", "x")
		x.see("/missing", "POST", "404", "[1/2]")
		x.press("f", "~m POST", keyEnter)
		x.miss("/first")
		x.see("/missing", "[1/1]")
		x.press("f", keyCtrlU, keyEnter)
		x.see("/first", "/missing")
		quit(x)
	})
}

func TestJourneyOpen(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		<-w.ask("POST", "/opened", `{"sent":["by","the","client"]}`)
		x.see("/opened", "200")
		x.press(keyEnter)
		x.see("Request", "Response", "Detail", "X-Client", "as the client said", `"sent"`)
		x.press(keyTab)
		x.see("200 OK", "application/json", `"greeting": "hello from the origin"`)
		x.press("/")
		x.see("Search for")
		x.press("hello", keyEnter)
		x.see("  1/1")
		x.press(keyTab)
		x.see("Server", w.origin.Listener.Addr().String())
		x.press("q")
		x.see("/opened", "[1/1]")
		x.miss("Response")
		quit(x)
	})
}

func TestJourneyResize(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		w.get("/here")
		for _, size := range [][2]int{{200, 60}, {20, 5}, {80, 24}} {
			x.resize(size[0], size[1])
			x.until("fill the screen", func(screen string) bool {
				lines := strings.Split(screen, "\n")
				return len(lines) == size[1] && strings.HasPrefix(lines[size[1]-1], "Proxy:") && strings.Contains(screen, "[1/1]")
			})
		}
		x.see("/here", "[1/1]")
		quit(x)
	})
}

// TestJourneyEdit holds a request, changes a header in the grid and the body in an editor, and lets it go on.
func TestJourneyEdit(t *testing.T) {
	editor := filepath.Join(t.TempDir(), "editor")
	script := "#!/bin/sh\nprintf 'a body from the editor' > \"$1\"\n"
	if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	journey(t, []string{"SLUICE_EDITOR=", "MITMPROXY_EDITOR=", "VISUAL=", "EDITOR=" + editor}, nil, func(t *testing.T, w *world, x *terminal) {
		x.press("i", "~u /held", keyEnter) // both the request and the response
		x.see("[i:~u /held]")
		w.get("/free")
		answer := w.ask("POST", "/held", "as the client said")
		x.see("/free", "held request", "[1/2]")
		x.press("G")
		x.see("[2/2]")
		editHeader(x)
		choosePart(x, "request-body")
		x.see("22b")
		x.press("a")
		x.see("held response")
		x.press("a")
		got := await(x, "answer", answer)
		if got.err != nil || !strings.Contains(got.body, "a body from the editor") {
			t.Errorf("the client got %+v", got)
		}
		await(x, "free request", w.received)
		r := await(x, "held request", w.received)
		if r.body != "a body from the editor" || r.header.Get("X-Client") != "as the person said" {
			t.Errorf("the origin got %q with %q", r.body, r.header.Get("X-Client"))
		}
		quit(x)
	})
}

// editHeader changes the value of the client's header in the grid editor.
func editHeader(x *terminal) {
	x.t.Helper()
	choosePart(x, "request-headers")
	x.seeLine("X-Client", "as the client said")
	for !strings.Contains(focused(x.text()), "X-Client") {
		before := x.text()
		x.press("j")
		x.until("move down", func(screen string) bool { return screen != before })
	}
	x.press("l", keyEnter, keyCtrlU, "as the person said", keyEnter)
	x.seeLine("X-Client", "as the person said")
	x.press("q")
	x.miss("Edit Request Headers")
}

// focused returns the line of a grid that has the focus.
func focused(screen string) string {
	for line := range strings.Lines(screen) {
		if strings.Contains(line, "›") {
			return line
		}
	}
	return ""
}

// choosePart picks a part of the flow in the list of what can be edited.
func choosePart(x *terminal, name string) {
	x.t.Helper()
	x.press("e")
	x.see("Edit...", name)
	x.press("/", name)
	x.miss("set-cookies")
	x.press(keyEnter)
}

func TestJourneyKillAndReplay(t *testing.T) {
	journey(t, nil, []string{"--intercept", "~u /held"}, func(t *testing.T, w *world, x *terminal) {
		answer := w.ask("GET", "/held", "")
		x.see("/held", "[1/1]")
		x.press("X")
		if got := await(x, "answer", answer); got.err == nil {
			t.Errorf("the client got %+v from a flow that was killed", got)
		}
		x.see("illed")
		x.press("r")
		if r := await(x, "replay", w.received); r.path != "/held" || r.header.Get("X-Client") != "as the client said" {
			t.Errorf("the origin got %+v", r)
		}
		x.see("200")
		quit(x)
	})
}

func TestJourneyEnds(t *testing.T) {
	for name, end := range map[string]func(x *terminal){
		"ctrl c":  func(x *terminal) { x.press(keyCtrlC); x.see("Quit"); x.press("y") },
		"Q":       func(x *terminal) { x.press("Q") },
		"SIGTERM": func(x *terminal) { x.cmd.Process.Signal(syscall.SIGTERM) },
		"SIGHUP":  func(x *terminal) { x.cmd.Process.Signal(syscall.SIGHUP) },
	} {
		t.Run(name, func(t *testing.T) {
			journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) { end(x) })
		})
	}
}

// A shell that does not care has the program outlive the terminal, and tells it nothing.
func TestJourneyTerminalGone(t *testing.T) {
	w := newWorld(t)
	x := openTerminal(t, 80, 24, nil, "sh", append([]string{"-c", `trap "" HUP; sluice "$@"; exit $?`, "sh"}, w.flags()...)...)
	x.see("No flows yet")
	x.ptm.Close()
	<-w.ask("GET", "/drawn", "") // the terminal is closed once the reader has come back from it; then sluice may end before it answers
	x.mu.Lock()
	defer x.mu.Unlock()
	for !x.exited && !x.late {
		x.news.Wait()
	}
	if !x.exited || x.status != nil {
		t.Errorf("ended: %v, with %v", x.exited, x.status)
	}
}
