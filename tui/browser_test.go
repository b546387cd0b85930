package tui

import "testing"

func TestBrowserKey(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	drive(t, 120, 30, nil, func(d *driver) {
		d.press("B")
		d.wantScreen("start chrome: it is not installed")
		d.run("browser.start lynx")
		d.wantScreen(`invalid choice "lynx": take one of chrome, chromium, firefox`)
		d.press(":")
		d.write("browser.start f")
		d.press("tab")
		d.wantScreen(": browser.start firefox")
	})
}
