package main

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/coder/websocket"
)

// chat answers every WebSocket message with another one, until there is none.
func (w *world) chat(rw http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(rw, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		kind, data, err := c.Read(r.Context())
		if err != nil {
			return
		}
		w.received <- request{path: r.URL.Path, body: string(data)}
		if c.Write(r.Context(), kind, append([]byte("you said: "), data...)) != nil {
			return
		}
	}
}

// TestJourneyWebSocket holds a message, edits it, drops another and injects one of its own.
func TestJourneyWebSocket(t *testing.T) {
	editor := filepath.Join(t.TempDir(), "editor")
	script := "#!/bin/sh\ngrep -q 'please hold' \"$1\" && printf 'from the editor' > \"$1\"\n"
	if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	journey(t, []string{"SLUICE_EDITOR=", "MITMPROXY_EDITOR=", "VISUAL=", "EDITOR=" + editor}, []string{"--intercept", "~bq hold"},
		func(t *testing.T, w *world, x *terminal) {
			c, _, err := websocket.Dial(t.Context(), w.origin.URL+"/chat", &websocket.DialOptions{
				HTTPClient: w.client, CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			say := func(text string) {
				if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			hear := func(want string) {
				t.Helper()
				if _, got, err := c.Read(t.Context()); err != nil || string(got) != want {
					t.Fatalf("the client heard %q, %v; want %q", got, err, want)
				}
			}
			say("hello")
			hear("you said: hello")
			x.see("/chat", "101", "2 messages")
			say("please hold this")
			x.see("held message")
			x.press(keyEnter, keyTab, keyTab)
			x.see("WebSocket Messages intercepted", "⇐", "you said: hello", "[held] please hold this")
			x.press("e")
			x.see("Edit...", "1) websocket-message")
			x.press(keyEnter)
			x.see("[held] from the editor")
			x.press("a")
			hear("you said: from the editor")
			x.see("you said: from the editor")
			x.miss("[held]")

			say("hold and drop this")
			x.see("[held] hold and drop this")
			x.press(":", "flow.message.drop @focus", keyEnter)
			x.see("[dropped] hold and drop this")
			x.press(":", "inject.websocket @focus true 'from the person'", keyEnter)
			hear("from the person")
			x.see("[injected] from the person")
			say("the end")
			hear("you said: the end")
			c.Close(websocket.StatusNormalClosure, "enough")
			x.see("Connection closed: 1000 enough")
			for _, want := range []string{"hello", "from the editor", "the end"} {
				if got := await(x, "message", w.received); got.body != want {
					t.Errorf("the origin heard %q, want %q", got.body, want)
				}
			}
			x.press("q")
			x.see("[1/1]")
			quit(x)
		})
}
