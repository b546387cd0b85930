package tui

import "testing"

// TestManyPlaces: where the proxy listens leaves room for the flags.
func TestManyPlaces(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.run("set view_filter '~m POST'")
		d.app.foot.listen = "127.0.0.1:8080, 127.0.0.1:5353"
		d.wantScreen("[f:~m POST]", "[127.0.0.1:8080, 127.0.0.1:5353]")
		d.app.foot.listen = "127.0.0.1:8080, 127.0.0.1:5353, *:1080, *:51820"
		d.wantScreen("[f:~m POST]", "[127.0.0.1:8080, 127.0.0.1:5353 +2]")
		d.app.foot.listen = "*:1, *:2, *:3"
		d.wantScreen("[*:1, *:2, *:3]")
		d.app.foot.listen = "[fe80::1234:5678:9abc:def0]:8080, [fe80::1234:5678:9abc:def0]:8081"
		d.wantScreen("[[fe80::1234:5678:9abc:def0]:8080 +1]")
	})
}

func TestModesInTheStatus(t *testing.T) {
	drive(t, 80, 24, gallery(), func(d *driver) {
		d.run("set mode socks5")
		d.wantScreen("[socks5]")
		d.run("set mode regular socks5")
		d.wantScreen("[modes:2]")
		for _, plain := range []string{"set mode regular", "set mode"} {
			d.run(plain)
			d.wantNot("[modes:")
			d.wantNot("[regular]")
		}
	})
}
