package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluice/flowstore/dump"
	"sluice/proxy/flow"
	"sluice/tui/actions"
)

// flowFile returns a file with so many flows, the path of each its number.
func flowFile(t *testing.T, n int) []byte {
	t.Helper()
	var b []byte
	for i := range n {
		f, err := actions.Create("GET", fmt.Sprintf("https://files.example.com/%d", i), time.Unix(int64(i+1), 0))
		if err == nil {
			f.Response = &flow.Response{HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Body: flow.BodyOf(bytes.Repeat([]byte("body "), 50))}, Status: 200}
			b, err = dump.Append(b, f, dump.Newest)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// seeWords waits for a text that may be broken into lines.
func seeWords(x *terminal, text string) {
	x.t.Helper()
	x.until("see "+text, func(screen string) bool { return strings.Contains(strings.Join(strings.Fields(screen), " "), text) })
}

// TestJourneyLoadAndSave loads a file, filters what it shows, saves that, and has the program read the result without a console.
func TestJourneyLoadAndSave(t *testing.T) {
	recorded, err := filepath.Abs("../../flowstore/dump/testdata/websocket.mitm")
	if err != nil {
		t.Fatal(err)
	}
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		dir := t.TempDir()
		in, saved := filepath.Join(dir, "in.mitm"), filepath.Join(dir, "saved.mitm")
		if err := os.WriteFile(in, flowFile(t, 12), 0o600); err != nil {
			t.Fatal(err)
		}
		x.press("L")
		x.see(": view.flows.load")
		x.press(in, keyEnter)
		x.see("/0", "[1/12]", "Loaded 12 flows from")
		x.press(":", "view.flows.load "+recorded, keyEnter)
		x.see("[1/15]", "Loaded 3 flows from")
		w.get("/live")
		x.see("[1/16]")
		x.press("f", "~u com/1 | ~u live", keyEnter)
		x.see("[1/4]", "/11", "/live")
		x.press("w")
		x.see(": save.file @shown")
		x.press(saved, keyEnter)
		x.see("Saved 4 flows to")
		x.press("L", filepath.Join(dir, "none.mitm"), keyEnter)
		x.press("E")
		seeWords(x, "none.mitm: no such file or directory; loaded 0 flows")
		x.press("q")
		quit(x)
		out, err := exec.Command("sluice", "dump", "-n", "-r", saved, "--set", "confdir="+w.confdir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for _, path := range []string{"com/1\n", "com/10\n", "com/11\n", "/live\n"} {
			if !strings.Contains(string(out), path) {
				t.Errorf("%s is not in what was saved:\n%s", path, out)
			}
		}
		if n := strings.Count(string(out), "GET "); n != 4 {
			t.Errorf("%d flows were saved, want 4:\n%s", n, out)
		}
	})
}

// TestJourneyBigFile reads a file that does not end, from a pipe: the console shows how far it has come and works, until a key stops it.
func TestJourneyBigFile(t *testing.T) {
	const many = 50_000
	all := bytes.Repeat(flowFile(t, 500), many/500)
	w := newWorld(t)
	x := openTerminal(t, 80, 24, nil, "sluice", w.flags()...)
	x.see("No flows yet")
	path, more, sent := trickle(t, all, all)
	x.press("L", path, keyEnter)
	listed := many / 256 * 256
	x.see(fmt.Sprintf("[loading: %d flows, esc stops]", listed), fmt.Sprintf("/%d]", listed))
	x.press("G") // the console works meanwhile
	x.see(fmt.Sprintf("[%d/%d]", listed, listed), "/499")
	x.press("f", "~u com/77$", keyEnter)
	x.see("/100]", "/77")
	x.press(keyEnter)
	x.see("Request", "Detail")
	x.press("q")
	x.miss("Detail")
	stopReading(x, many, more, sent)
}

// trickle writes to a pipe: at first some bytes, and others when more is closed. Whether the first could be written is sent in the end.
func trickle(t *testing.T, first, rest []byte) (path string, more chan struct{}, sent chan error) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	more, sent = make(chan struct{}), make(chan error, 1)
	go func() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			sent <- err
			return
		}
		defer file.Close()
		_, err = file.Write(first)
		<-more
		_, _ = file.Write(rest) // nobody may be there any more
		sent <- err
	}()
	return path, more, sent
}

// stopReading stops what reads from trickle: the flows that have come are all there. Then it ends the console.
func stopReading(x *terminal, flows int, more chan struct{}, sent chan error) {
	x.t.Helper()
	x.press(keyEsc)
	x.see("Stopped reading")
	close(more)
	x.miss("[loading")
	x.press("f", keyCtrlU, keyEnter)
	x.see(fmt.Sprintf("/%d]", flows))
	quit(x)
	if err := await(x, "end of the file", sent); err != nil {
		x.t.Error(err)
	}
	if err := x.ended(); err != nil {
		x.t.Error(err)
	}
}

// TestJourneyDamagedFile has the good flows of a file that is cut, and where the damage is.
func TestJourneyDamagedFile(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		whole := flowFile(t, 5)
		cut := len(whole) - 3
		path := filepath.Join(t.TempDir(), "cut")
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		x.press("L", path, keyEnter)
		x.see("[1/4]")
		x.press("E")
		seeWords(x, fmt.Sprintf("damaged flow file, at byte %d: the file ends in the middle of a flow", cut))
		seeWords(x, "loaded 4 flows")
		x.press("q")
		quit(x)
	})
}

// TestJourneyStandardInput asks for flows from where the keys come from. They are refused, and the keys go on working.
func TestJourneyStandardInput(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, _ *world, x *terminal) {
		refused := "the console has the standard input: name a file"
		for _, line := range []string{"view.flows.load -", "replay.server.file -", "replay.client.file -", "set server_replay -"} {
			x.press(":", line, keyEnter)
			seeWords(x, refused)
			x.press(":", "replay.server.stop", keyEnter) // another message, in its place
			seeWords(x, "Server replay stopped.")
		}
		x.press(":", `view.flows.load ""`, keyEnter)
		seeWords(x, "a path is needed, as in: ./flows.mitm")
		quit(x)
	})
}
