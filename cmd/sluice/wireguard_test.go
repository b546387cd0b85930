package main

import (
	"fmt"
	"testing"
)

// TestJourneyWireguard adds a tunnel while the console runs: the event log says how to use it.
func TestJourneyWireguard(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		w.get("/before")
		x.see("/before", "200")
		port := freePort(t)
		x.press(":", fmt.Sprintf("set mode regular wireguard@%d", port), keyEnter)
		x.see("[modes:2]")
		x.press("E")
		x.see("[Interface]", "PrivateKey = ", "Address = 10.0.0.1/32", "DNS = 10.0.0.53", "[Peer]", "PublicKey = ",
			fmt.Sprintf("Endpoint = 127.0.0.1:%d", port))
		x.press("q")
		x.press(":", "set mode regular", keyEnter)
		x.miss("[modes:2]")
		quit(x)
	})
}
