package tui

import (
	"fmt"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"sluice/proxy/flow"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC
	m.Run()
}

// Screens at the sizes that people have, without styles.
func TestScreens(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {120, 40}, {250, 60}} {
		t.Run(fmt.Sprintf("flows_%dx%d", size[0], size[1]), func(t *testing.T) {
			drive(t, size[0], size[1], gallery(), func(d *driver) { golden.RequireEqual(t, d.screen()) })
		})
	}
	for _, w := range []int{80, 120} {
		t.Run(fmt.Sprintf("tls_%d", w), func(t *testing.T) {
			drive(t, w, 16, tlsRows(), func(d *driver) { golden.RequireEqual(t, d.screen()) })
		})
	}
	keys := map[string][]string{
		"help": {"?"}, "filters": {"?", "tab"}, "options": {"O", "j", "j"}, "commands": {"C"}, "keys": {"K", "j"}, "chooser": {"o"},
		"chooser_filter": {"o", "/", "m"}, "panes": {"-"}, "side": {"-", "-"}, "quit": {"q"}, "prompt": {":"}, "filter": {"f", "~", "u", " ", "("},
	}
	for name, keys := range keys {
		t.Run(name, func(t *testing.T) {
			drive(t, 80, 24, gallery(), func(d *driver) {
				d.press(keys...)
				golden.RequireEqual(t, d.screen())
			})
		})
	}
}

// With styles and without colours, byte for byte.
func TestStyledScreens(t *testing.T) {
	for name, env := range map[string]map[string]string{"colour": nil, "no_color": {"NO_COLOR": "1"}} {
		t.Run(name, func(t *testing.T) {
			driveEnv(t, 100, 16, gallery()[:6], env, func(d *driver) { golden.RequireEqual(t, d.app.screen()) })
		})
	}
}

func TestNothingToShow(t *testing.T) {
	drive(t, 80, 24, nil, func(d *driver) {
		d.wantScreen("No flows yet.", "127.0.0.1:8080", "http://mitm.it has the certificate", "? explains the keys", "[0/0]", "n Create new")
	})
	tunnel := &flow.Flow{ID: flow.NewID(), Client: &flow.Client{}, Server: &flow.Server{}, Request: &flow.Request{Method: "CONNECT", Host: "h", Port: 443}}
	drive(t, 80, 24, []*flow.Flow{tunnel}, func(d *driver) { // which is in no list: no filter has it left out
		d.wantScreen("No flows yet.", "[0/0]")
	})
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.run("set view_filter nothing-has-this")
		d.wantScreen("No flow matches.", "[0/0]", "[f:nothing-has-this]")
	})
}

// A held flow is told by a sign and a word, whatever the colours.
func TestHeldFlowIsPlain(t *testing.T) {
	for _, w := range []int{60, 80, 120, 250} {
		drive(t, w, 24, gallery(), func(d *driver) { d.wantScreen("‖", "held request", "held response") })
	}
}

func TestStatusLine(t *testing.T) {
	drive(t, 160, 24, gallery(), func(d *driver) {
		d.run("set intercept '~u a'")
		d.run("set intercept_active false")
		d.run("set anticache true")
		d.run("set view_order size")
		d.press("v", "F")
		d.wantScreen("⇧  [", "[Xi:~u a]", "[o:size]", "[anticache:following]")
		d.press("M")
		d.wantScreen("⇧M [1/1]")
	})
}

func TestRowsOfKinds(t *testing.T) {
	f := gallery()
	drive(t, 130, 24, append(f, &flow.Flow{ID: flow.NewID(), Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon}), func(d *driver) {
		d.wantScreen("TCP    127.0.0.1:50001 <-> db.internal:5432", "2 messages", "WSS", "HTTPS² POST", "DNS ", "↺", "●")
	})
}
