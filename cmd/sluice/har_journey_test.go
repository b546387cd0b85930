package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluice/flowstore/har"
	"sluice/proxy/flow"
	"sluice/tui/actions"
)

// harFile returns an archive with so many flows, the path of each its number.
func harFile(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := har.NewWriter(&b, false)
	for i := range n {
		f, err := actions.Create("GET", fmt.Sprintf("https://files.example.com/%d", i), time.Unix(int64(i+1), 0))
		if err == nil {
			f.Response = &flow.Response{HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Body: flow.BodyOf(bytes.Repeat([]byte("body "), 50))}, Status: 200}
			err = w.Write(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestJourneyBigArchive reads an archive that does not end, from a pipe: the console shows how far it has come and works, until a key stops it.
func TestJourneyBigArchive(t *testing.T) {
	const many = 20_000
	all := harFile(t, many)
	all = bytes.TrimSpace(all[:bytes.LastIndexByte(all, ']')])
	entries := all[bytes.LastIndex(all[:bytes.Index(all, []byte("startedDateTime"))], []byte("{")):]
	w := newWorld(t)
	x := openTerminal(t, 80, 24, nil, "sluice", w.flags()...)
	x.see("No flows yet")
	path, more, sent := trickle(t, all, append([]byte(","), entries...))
	x.press("L", path, keyEnter)
	x.see(fmt.Sprintf("[loading: %d flows, esc stops]", many/256*256))
	x.press("f", "~u com/77$", keyEnter) // the console works meanwhile
	x.see("[1/1]", "/77")
	stopReading(x, many, more, sent)
}

// TestJourneyDamagedArchive has the whole entries of an archive that is cut, and where the damage is.
func TestJourneyDamagedArchive(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		whole := harFile(t, 5)
		cut := bytes.LastIndex(whole, []byte("startedDateTime"))
		path := filepath.Join(t.TempDir(), "cut")
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		x.press("L", path, keyEnter)
		x.see("[1/4]")
		x.press("E")
		seeWords(x, fmt.Sprintf("damaged HTTP archive, at byte %d: in entry 5: it ends too early: save it again where it comes from", cut))
		seeWords(x, "loaded 4 flows")
		x.press("q")
		quit(x)
	})
}

// TestJourneyArchiveThatCannotBe refuses to write what is listed to a place that is not there when it is named, not at the end.
func TestJourneyArchiveThatCannotBe(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		x.press(":", "set hardump /none/of/these/x.har", keyEnter)
		seeWords(x, "Error: cannot write the HTTP archive that hardump names: open /none/of/these/x.har: no such file or directory")
		quit(x)
	})
}

// TestJourneyArchiveTimes shows in the detail of a flow when what happened, as the archive of a browser says.
func TestJourneyArchiveTimes(t *testing.T) {
	chrome, err := filepath.Abs("../../flowstore/har/testdata/chrome.har")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	x := openTerminal(t, 100, 60, nil, "sluice", w.flags()...)
	x.see("No flows yet")
	x.press("L", chrome, keyEnter)
	x.see("[1/6]")
	x.press(keyEnter)
	x.see("Detail")
	x.press("l", "l")
	for _, words := range []string{"har_blocked: 2.5", "har_dns: 10.123", "Server conn. TCP handshake:", "+38ms", "+58ms", "First response byte:", "+139ms", "+150ms"} {
		seeWords(x, words)
	}
	x.press("q")
	quit(x)
	if err := x.ended(); err != nil {
		t.Error(err)
	}
}
