package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestJourneyTakeOut comments a flow and takes parts of it out of the console: as a command line that asks again, as a body, as a table.
func TestJourneyTakeOut(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		dir := t.TempDir()
		<-w.ask("POST", "/taken", "it's \"so\"\n")
		await(x, "request", w.received)
		x.see("/taken", "[1/1]")
		x.press(";", "seen by me", keyEnter)
		x.press("f", "~comment seen", keyEnter)
		x.see("[f:~comment seen]", "/taken", "[1/1]")
		line := takeOut(x, filepath.Join(dir, "line"), "x", "curl", "")
		again := exec.Command("sh", "-c", line+" --cacert '"+w.ca+"'")
		if out, err := again.Output(); err != nil {
			t.Errorf("%s: %v", line, err)
		} else if r := await(x, "request again", w.received); r.method != "POST" || r.body != "it's \"so\"\n" || !strings.Contains(string(out), "hello") {
			t.Errorf("%s sent %+v and got %s", line, r, out)
		}
		if body := takeOut(x, filepath.Join(dir, "body"), "b", "", "cut.save @focus response.content "); !strings.Contains(body, `"greeting": "hello from the origin"`) {
			t.Errorf("saved %q", body)
		}
		x.press(":", "cut @all request.method,response.status_code", keyEnter)
		x.seeLine("POST", "200")
		x.press("q")
		x.see("/taken")
		quit(x)
	})
}

// takeOut presses a key, picks a choice if there is one, names a file at the prompt, and returns what is in it then.
func takeOut(x *terminal, path, key, choice, prompt string) string {
	x.t.Helper()
	done := "Saved"
	x.press(key)
	if choice != "" {
		x.see("Export as...", choice)
		x.press("/", choice, keyEnter)
		x.miss("Export as...")
		prompt, done = "export.file "+choice, "Exported"
	}
	x.see(prompt)
	x.press(path, keyEnter)
	x.see(done)
	data, err := os.ReadFile(path)
	if err != nil {
		x.t.Fatal(err)
	}
	return string(data)
}
