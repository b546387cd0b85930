package tui

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/tui/external"
)

func TestGridTakesOverWhenLeft(t *testing.T) {
	drive(t, 100, 30, gallery()[1:2], func(d *driver) {
		id := d.app.view.Focus()
		d.press("e")
		d.wantScreen("Edit...", "query")
		d.press("esc")
		d.run("console.edit.focus query")
		d.wantScreen("Edit Query", "mode", "fast")
		d.press("a")
		d.write("extra")
		d.press("tab")
		d.write("1")
		d.press("esc")
		d.wantScreen("extra")
		d.press("q")
		if got := d.store.Get(id).Request.Path; got != "/assets/app.4f2a91.js?v=12&extra=1&mode=fast" {
			t.Errorf("the path is %s", got)
		}
		if !d.store.Modified(id) {
			t.Error("the flow does not count as modified")
		}
		d.wantScreen("V Restore")
		d.press("V")
		if got := d.store.Get(id).Request.Path; strings.Contains(got, "extra") {
			t.Errorf("after reverting the path is %s", got)
		}
	})
}

func TestLookingIntoAGridChangesNothing(t *testing.T) {
	drive(t, 100, 30, gallery()[1:2], func(d *driver) {
		for _, part := range []string{"cookies", "query", "path", "request-headers", "response-headers", "set-cookies"} {
			d.run("console.edit.focus " + part)
			if got := d.app.front().Context(); got != "grideditor" {
				t.Fatalf("%s is edited in %s:\n%s", part, got, d.screen())
			}
			d.press("q")
		}
		if d.store.Modified(d.app.view.Focus()) {
			t.Error("looking modifies")
		}
	})
}

func TestPromptedParts(t *testing.T) {
	drive(t, 100, 30, gallery()[1:2], func(d *driver) {
		d.run("console.edit.focus method")
		d.wantScreen(": flow.set @focus method")
		d.write("PUT")
		d.press("enter")
		if got := d.app.view.FocusFlow().Request.Method; got != "PUT" {
			t.Errorf("the method is %s", got)
		}
		d.run("console.edit.focus moon")
		d.wantScreen(`there is no "moon" to edit`)
		d.run("console.grideditor.add")
		d.wantScreen("not in a grideditor")
	})
}

func TestEditedTextIsTakenOver(t *testing.T) {
	drive(t, 140, 30, gallery()[1:2], func(d *driver) {
		id := d.app.view.Focus()
		d.app.editing = &editSession{id, "url"}
		d.send(external.Edited{Data: []byte("https://other.example.com/new\n"), Changed: true})
		if got := d.store.Get(id).Request.URL(); got != "https://other.example.com/new" {
			t.Errorf("the url is %s", got)
		}
		d.wantScreen("other.example.com")
		d.app.editing = &editSession{id, "request-body"}
		d.send(external.Edited{Data: []byte("body\n"), Changed: true})
		if got := string(d.store.Get(id).Request.Body.Bytes()); got != "body\n" {
			t.Errorf("the body is %q", got)
		}
		d.app.editing = &editSession{id, "url"}
		d.send(external.Edited{Err: errors.New("can't start editor: no such file")})
		d.wantScreen("can't start editor")
	})
}

func TestTextThatDoesNotFitIsKept(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	drive(t, 250, 30, gallery()[1:2], func(d *driver) {
		d.app.editing = &editSession{d.app.view.Focus(), "url"}
		d.send(external.Edited{Data: []byte("no url"), Changed: true})
		kept, err := filepath.Glob(filepath.Join(os.TempDir(), "*"))
		if err != nil || len(kept) != 1 {
			t.Fatalf("kept %v, %v", kept, err)
		}
		d.wantScreen("Error: ", filepath.Base(kept[0]))
	})
}

// What cannot be taken over stays on the screen; leaving it twice drops it.
func TestGridStaysWhenRefused(t *testing.T) {
	drive(t, 120, 30, gallery()[1:2], func(d *driver) {
		id := d.app.view.Focus()
		d.run("console.edit.focus query")
		d.press("a")
		d.write("extra")
		d.press("esc")
		d.store.Remove(id)
		d.press("q")
		d.wantScreen("Edit Query", "extra", "leave once more to drop it")
		d.press("q")
		d.wantNot("Edit Query")
		d.wantScreen("The changes were dropped.")
	})
}

// Newlines are taken from the end of a body only if asked for, and never from within a url.
func TestStrippedNewlines(t *testing.T) {
	drive(t, 120, 30, gallery()[1:2], func(d *driver) {
		id := d.app.view.Focus()
		d.run("set console_strip_trailing_newlines true")
		d.app.editing = &editSession{id, "request-body"}
		d.send(external.Edited{Data: []byte("body\n\n"), Changed: true})
		if got := string(d.store.Get(id).Request.Body.Bytes()); got != "body" {
			t.Errorf("the body is %q", got)
		}
		if got := d.store.Get(id).Request.Headers.Get("Content-Length"); got != "4" {
			t.Errorf("Content-Length is %q", got)
		}
	})
}

func TestEditChoicesNameTheView(t *testing.T) {
	json := sample{method: "GET", url: "https://example.com/a", status: 200, kind: "application/json", size: 2}.build(0)
	drive(t, 120, 40, []*flow.Flow{json}, func(d *driver) {
		d.press("e")
		d.wantScreen("response-body (json)")
	})
}

// What is not HTTP is viewed and refused by what it has.
func TestViewOtherKinds(t *testing.T) {
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.TCP, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon,
		Messages: []flow.Message{{Content: []byte("220 ready\r\n")}}}
	drive(t, 100, 30, []*flow.Flow{f}, func(d *driver) {
		msg, err := viewOther(f, "response")
		if err != nil || string(msg.data) != "220 ready\r\n" {
			t.Errorf("viewing %q, %v", msg.data, err)
		}
		d.run("console.bodyview @focus request")
		d.wantScreen("flow has no request")
		d.run("flow.encode.toggle @focus response")
		d.wantScreen("no HTTP response in 1 flow")
	})
}
