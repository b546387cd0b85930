package tui

import (
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
		d.run("console.message @focus 4")
		d.wantScreen("there is no message 4: the flow has 3 messages")
	})
	drive(t, 120, 30, documents(), func(d *driver) {
		d.press("enter", "enter")
		d.wantScreen("this flow has no messages")
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
