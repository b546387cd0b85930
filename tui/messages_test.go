package tui

import (
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// conversation is a WebSocket flow that is held at its last message.
func conversation() []*flow.Flow {
	return build(sample{"GET", "https://chat.example.com/ws", 101, "", 0, 20 * time.Millisecond, func(f *flow.Flow) {
		f.Live, f.Intercepted = true, true
		f.WebSocket = &flow.WebSocket{Messages: []flow.Message{
			{FromClient: true, Text: true, Content: []byte("hello there"), Time: f.Created.Add(time.Second)},
			{Content: []byte(`{"a":1}`), Time: f.Created.Add(2 * time.Second)},
			{FromClient: true, Text: true, Content: []byte("the secret"), Time: f.Created.Add(3 * time.Second)},
		}}
	}})
}

func TestWebSocketInTheList(t *testing.T) {
	drive(t, 120, 20, conversation(), func(d *driver) {
		d.wantScreen("WSS", "held message", "28b", "3.00s")
		d.run("set view_filter '~websocket & ~bq secret'")
		d.wantScreen("chat.example.com")
		d.run("set view_filter '~bs secret'")
		d.wantNot("chat.example.com")
	})
}

func TestWebSocketMessagesAreOpened(t *testing.T) {
	drive(t, 120, 30, conversation(), func(d *driver) {
		d.press("enter", "tab", "tab")
		d.wantScreen("WebSocket Messages intercepted", "⇒ 12:00:01.000   11b  hello there", "⇐ 12:00:02.000    7b  [binary]",
			"⇒ 12:00:03.000   10b  [held] the secret")
		d.press("enter")
		d.wantScreen("Open message...", "3 ⇒ 12:00:03.000 10b the secret", "1 ⇒ 12:00:01.000 11b hello there")
		d.press("down", "enter")
		d.wantScreen("Data viewer", "Message 2  ⇐ 12:00:02.000 7b", `"a": 1`)
		d.press("q")
		d.run("console.flowview.mode.set 'hex dump'")
		d.press("enter", "down", "enter")
		d.wantScreen("Message 2  ⇐ 12:00:02.000 7b", "0000000000 7b 22")
		d.press("q")
		d.run("console.message @focus 4")
		d.wantScreen("there is no message 4: the flow has 3 messages")
	})
	drive(t, 120, 30, documents(), func(d *driver) {
		d.press("enter", "enter")
		d.wantScreen("this flow has no messages")
	})
}

// The beginning of a long message ends between two characters.
func TestPreview(t *testing.T) {
	for text, want := range map[string]string{
		"one\r\n":                   "one␍␊",
		strings.Repeat("x", 200):    strings.Repeat("x", 200),
		strings.Repeat("x", 201):    strings.Repeat("x", 200) + "…",
		strings.Repeat("中", 67):     strings.Repeat("中", 66) + "…",
		strings.Repeat("\xbf", 201): strings.Repeat(`\xbf`, 196) + "…",
	} {
		if got := preview([]byte(text)); got != want {
			t.Errorf("%q is previewed as %q", text, got)
		}
	}
}

// A dump of a message is not torn where the terminal is as wide as it.
func TestDumpOfAMessageFitsTheTerminal(t *testing.T) {
	drive(t, 80, 24, conversation(), func(d *driver) {
		d.press("enter", "tab", "tab")
		d.run("console.flowview.mode.set 'hex dump'")
		d.press("enter", "enter")
		d.wantScreen("│0000000000 74 68 65 20  73 65 63 72  65 74 ", "    the secret│")
	})
}

func TestMessagesAreInjectedEditedAndDropped(t *testing.T) {
	drive(t, 120, 30, conversation(), func(d *driver) {
		f := d.app.view.FocusFlow()
		d.press("e")
		d.wantScreen("Edit...", "1) websocket-message")
		d.press("esc")
		d.run(`inject.websocket @focus true "from \x41 to\tZ"`)
		d.run("inject.websocket @focus false bytes false")
		d.wantScreen("The message goes to the server when the flow is resumed.")
		if in := d.engine.injected; len(in) != 2 || in[0].FromClient || !in[0].Text || string(in[0].Content) != "from A to\tZ" ||
			!in[1].FromClient || in[1].Text {
			t.Errorf("%+v", in)
		}
		d.run("inject.tcp @focus false x")
		d.wantScreen("not a TCP flow")
		d.run("flow.message.drop @focus")
		d.wantScreen("Dropped 1 message.")
		if e := d.engine.resumed[f.ID]; e == nil || len(e.Messages) != 3 || !e.Messages[2].Dropped || e.Messages[0].Dropped {
			t.Errorf("resumed with %+v", e)
		}
	})
	drive(t, 120, 30, gallery()[12:], func(d *driver) {
		d.run("inject.tcp @focus true pong")
		d.wantScreen("Injected 4 bytes to the client.")
		d.run("inject.websocket @focus true pong")
		d.wantScreen("not a WebSocket flow")
	})
}

func TestInjectIsCompletedAndExplained(t *testing.T) {
	drive(t, 120, 30, conversation(), func(d *driver) {
		d.press(":")
		d.write("inject.w")
		d.press("tab")
		d.wantScreen(": inject.websocket flow to_client message is_text", "Inject a message into a WebSocket flow")
		d.write(" @f")
		d.press("tab")
		d.write(" t")
		d.press("tab")
		d.wantScreen(": inject.websocket @focus true message is_text")
	})
}

func TestMessagesAreFiltered(t *testing.T) {
	drive(t, 120, 30, conversation(), func(d *driver) {
		d.press("enter", "tab", "tab", "s")
		d.wantScreen("Show messages:")
		d.write("~bq (")
		d.press("enter")
		d.wantScreen("Show messages:", "~bq needs a pattern")
		d.press("ctrl u")
		d.write("~bq hello")
		d.press("enter")
		d.wantScreen("[only:~bq hello][m:auto]", "hello there")
		d.wantNot("the secret")
		d.press("enter")
		d.wantScreen("Open message...", "1 ⇒ 12:00:01.000 11b hello there")
		d.wantNot("the secret")
		d.press("esc")
		d.run("console.message.filter '~bs hello'")
		d.wantScreen("No message matches.")
		d.press("enter")
		d.wantScreen("none of 3 messages matches ~bs hello")
		d.run("console.message.filter a")
		d.wantScreen(`[only:~b "a"]`, `"a": 1`)
		d.wantNot("the secret")
		d.run("console.message.filter 'the [es]'")
		d.wantScreen("the secret")
		d.wantNot("hello there")
		d.run("console.message.filter '~bq'")
		d.wantScreen("~bq needs a pattern", "the secret")
		d.run("console.message.filter ''")
		d.wantScreen("hello there", "the secret")
		d.wantNot("[only:")
		d.press("q")
		d.run("console.message.filter x")
		d.wantScreen("open a flow with messages first")
	})
}

// TestFilterFollows: what comes later is filtered too.
func TestFilterFollows(t *testing.T) {
	flows := conversation()
	flows[0].Intercepted = false
	drive(t, 120, 30, flows, func(d *driver) {
		d.press("enter", "tab", "tab")
		d.run("console.message.filter news")
		d.wantScreen("No message matches.")
		more := *flows[0]
		w := *more.WebSocket
		w.Messages = append(w.Messages[:3:3], flow.Message{Content: []byte("old stuff"), Time: noon}, flow.Message{Content: []byte("the news"), Time: noon})
		more.WebSocket, more.Rev = &w, 2
		d.app.store.Put(&more)
		d.pass(time.Second)
		d.wantScreen("the news")
		d.wantNot("old stuff")
		d.wantNot("No message matches.")
	})
}

// streaming is a flow with an event stream that is under way.
func streaming() []*flow.Flow {
	return build(sample{"GET", "https://x.example.com/events", 200, "text/event-stream", 0, 20 * time.Millisecond, func(f *flow.Flow) {
		f.Live, f.Response.End = true, time.Time{}
		f.Response.Body = flow.BodyOf([]byte("data: {\"n\":1}\n\nevent: odd\ndata: two\n\ndata: thr"))
	}})
}

func TestEventsAreFilteredAndOpened(t *testing.T) {
	drive(t, 120, 30, streaming(), func(d *driver) {
		d.wantScreen("2 events", "live")
		d.press("enter", "tab", "tab")
		d.wantScreen("2 events streaming", `"n": 1`, "odd two", "s Only")
		d.press("enter")
		d.wantScreen("Open message...", "2 ⇐ 3b two", `1 ⇐ 7b {"n":1}`)
		d.press("down", "enter")
		d.wantScreen("Message 1  ⇐ 7b", `"n": 1`)
		d.press("q")
		d.run("console.message.filter two")
		d.wantScreen("odd two")
		d.wantNot(`"n": 1`)
		d.press("c")
		d.wantScreen("messages can be injected into WebSocket, TCP and UDP flows only")
	})
}

func TestComposeAndDropKeys(t *testing.T) {
	drive(t, 120, 30, conversation(), func(d *driver) {
		d.press("enter", "tab", "tab")
		d.wantScreen("X Drop", "c Inject")
		d.press("c")
		d.wantScreen(": inject.websocket @focus false  message is_text")
		d.write("hi")
		d.press("enter")
		if in := d.engine.injected; len(in) != 1 || !in[0].FromClient || string(in[0].Content) != "hi" {
			t.Errorf("%+v", in)
		}
		d.press("X")
		d.wantScreen("Dropped 1 message.")
	})
	flows := conversation()
	flows[0].Live, flows[0].Intercepted = false, false
	drive(t, 120, 30, flows, func(d *driver) {
		d.press("c")
		d.wantScreen("the connection of this flow is over")
	})
}
