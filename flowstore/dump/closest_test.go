package dump

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

func TestClosestMode(t *testing.T) {
	for spec, want := range map[string]string{
		"reverse:http2://shop": "reverse:http://shop", "upstream:socks5://proxy:1080@[::1]:8080": "upstream:http://proxy:1080@[::1]:8080",
		"reverse:HTTPS://shop": "reverse:https://shop", "reverse:shop": "reverse:shop", "regular@8080": "regular@8080", "": "",
		"local:curl": "local:curl", "wireguard:keys.conf": "wireguard:keys.conf", "reverse:quic://shop:443": "reverse:quic://shop:443",
	} {
		if got := closestMode(spec); got != want {
			t.Errorf("%q: %q, want %q", spec, got, want)
		}
	}
}

// In no file is a proxy that mitmproxy does not know.
func TestClosest(t *testing.T) {
	known := []string{"http", "https", "http3", "tls", "dtls", "tcp", "udp", "dns", "quic"} // its proxy/mode_specs.py and net/server_spec.py
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow.Draw(t, "flow")
		b, _ := write(t, []*flow.Flow{f}, Newest)
		v, err := parse(b, 0)
		if err != nil {
			t.Fatal(err)
		}
		d := v.(*dict)
		mode, _ := d.dict("client_conn").get("proxy_mode").(string)
		_, data, _ := strings.Cut(mode, ":")
		if scheme, _, ok := strings.Cut(data, "://"); ok && !slices.Contains(known, scheme) {
			t.Errorf("mode %q", mode)
		}
		if via, ok := d.dict("server_conn").get("via").([]any); ok {
			if scheme, _ := textOf(via[0]); !slices.Contains(known, scheme) {
				t.Errorf("via %v", via)
			}
		}
	})
}
