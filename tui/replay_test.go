package tui

import "testing"

func TestServerReplayKey(t *testing.T) {
	drive(t, 120, 30, gallery(), func(d *driver) {
		id := d.app.view.Focus()
		d.press("S")
		d.wantScreen("replay.server")
		d.write("@focus")
		d.press("enter")
		d.wantScreen("Server replay has 1 response.")
		if len(d.engine.served) != 1 || d.engine.served[0].ID != id {
			t.Errorf("%d flows are served", len(d.engine.served))
		}
	})
}
