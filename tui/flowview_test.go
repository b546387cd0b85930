package tui

import (
	"testing"

	"sluice/proxy/flow"
)

// documents are flows with something to read.
func documents() []*flow.Flow {
	return build(
		sample{"POST", "https://api.example.com/v2/sessions?trace=1", 201, "application/json", 0, 1250000000, func(f *flow.Flow) {
			f.Request.Headers = f.Request.Headers.Add("Content-Type", "application/json").Add("User-Agent", "curl/8.5.0")
			f.Request.Body = flow.BodyOf([]byte(`{"user":"ada","password":"lovelace"}`))
			f.Response.Body = flow.BodyOf([]byte(`{"token":"abc","expires":3600,"scopes":["read","write"]}`))
		}},
		sample{"GET", "https://www.example.com/", 200, "text/plain", 0, 5000000, func(f *flow.Flow) {
			f.Response.Body = flow.BodyOf([]byte("first line\nsecond line\n"))
		}},
	)
}

// What the view looks like is tested where it is drawn; here, that each tab is within reach.
func TestFlowViewTabs(t *testing.T) {
	for want, keys := range map[string][]string{
		"lovelace": {"enter"}, "expires": {"enter", "tab"}, "Client Connection:": {"enter", "tab", "tab"},
		"Set contentview...": {"enter", "tab", "m"},
	} {
		drive(t, 80, 24, documents(), func(d *driver) {
			d.press(keys...)
			d.wantScreen("Flow Details", want, "q Back")
		})
	}
}

func TestFlowViewKeys(t *testing.T) {
	drive(t, 100, 30, documents(), func(d *driver) {
		d.press("enter")
		d.wantScreen("Flow Details", "lovelace")
		d.press("right")
		d.wantScreen("token")
		d.press("space")
		d.wantScreen("second line", "[2/2]")
		d.press("p")
		d.wantScreen("token", "[1/2]")
		d.press("m", "/")
		d.write("hex dump")
		d.press("enter")
		d.wantScreen("Hex Dump", "0000000000")
		d.run("console.flowview.mode")
		d.wantScreen("hex dump")
		d.press("esc", "q")
		d.wantScreen(">> 12:00:00")
		d.run("console.flowview.mode.set raw")
		d.wantScreen("not viewing a flow")
	})
}

func TestSearchInFlowView(t *testing.T) {
	drive(t, 100, 30, documents(), func(d *driver) {
		d.press("enter", "tab", "/")
		d.wantScreen("Search for:")
		d.write("scopes")
		d.press("enter")
		d.wantScreen("1/1")
		d.press("/")
		d.write("nowhere")
		d.press("enter")
		d.wantNot("1/1")
	})
}

// A newer snapshot of the flow shows at once, and one that is removed takes the view with it.
func TestFlowViewFollowsTheFlow(t *testing.T) {
	flows := documents()
	drive(t, 100, 30, flows[:1], func(d *driver) {
		d.press("enter", "tab")
		next := *flows[0]
		next.Rev = 2
		resp := *next.Response
		resp.Body = flow.BodyOf([]byte(`{"renewed":true}`))
		next.Response = &resp
		d.store.Put(&next)
		d.pass(2 * frame)
		d.wantScreen("renewed")
		d.press("d")
		d.wantScreen("No flows yet.")
		if got := d.app.front().Name(); got != "flowlist" {
			t.Errorf("without a flow %s shows", got)
		}
	})
}

func TestKeyForTheWholeBodySaysItIsThere(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		d.press("enter", "f")
		d.pass(frame)
		d.wantScreen("The whole body is here")
	})
}
