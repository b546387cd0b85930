package layers

import (
	"strconv"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/wire/dns"
)

// A hearing is what both sides of a dialogue were sent, and which connections were closed.
type hearing struct{ client, server, closed string }

// talkTo has a client and then a server say something, at once or byte by byte, and opens every connection that is asked for.
func talkTo(t *testing.T, p *layertest.Playbook, split, splitServer bool, client, server []byte) (h hearing) {
	opened := false
	listen := func() {
		for _, line := range p.TakeAll() {
			verb, rest, _ := strings.Cut(line, " ")
			switch verb {
			case "open":
				p.Opened(nil)
				opened = true
			case "close", "half-close":
				h.closed += line + "\n"
			case "send":
				who, quoted, _ := strings.Cut(rest, " ")
				text, err := strconv.Unquote(quoted)
				if err != nil {
					t.Fatal(err)
				}
				if who == "client" {
					h.client += text
				} else {
					h.server += text
				}
			}
		}
	}
	say := func(c *flow.Conn, split bool, text []byte) {
		for len(text) > 0 && c.State&flow.CanRead != 0 {
			n := len(text)
			if split {
				n = 1
			}
			p.Data(c, text[:n])
			for range 3 { // opening may have more follow
				listen()
			}
			text = text[n:]
		}
	}
	p.Start()
	listen()
	say(p.Client(), split, client)
	if opened {
		say(&p.Server(1).Conn, splitServer, server)
	}
	return h
}

// FuzzSocks sends bytes to a SOCKS proxy, and to one that goes on to another. How they were cut makes no difference.
func FuzzSocks(f *testing.F) {
	f.Add(byte(0), []byte("\x05\x01\x00\x05\x01\x00\x03\x0bexample.com\x01\xbbhello"), []byte("hi"))
	f.Add(byte(1), []byte("\x05\x02\x00\x02\x01\x04user\x04pass\x05\x01\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50x"), []byte("y"))
	f.Add(byte(2), []byte("GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n"), []byte("\x05\x00\x05\x00\x00\x03\x01a\x00\x50HTTP/1.1 204 No Content\r\n\r\n"))
	f.Add(byte(3), []byte("CONNECT example.com:80 HTTP/1.1\r\n\r\nx"), []byte("\x05\x02\x01\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00hi"))
	f.Fuzz(func(t *testing.T, how byte, client, server []byte) {
		login := how&1 != 0
		talk := func(split, splitServer bool) hearing {
			var p *layertest.Playbook
			if how&2 == 0 {
				p, _ = socks5(t, layer.Options{SOCKSLogin: login})
			} else {
				p = throughSocks(t, layer.Options{UpstreamAuth: map[bool]string{true: "user:pass"}[login]})
			}
			p.HideUpdates = true
			p.OnHook = func(h layer.Hook) {
				if a, ok := h.(*layer.SOCKS5Auth); ok {
					a.Valid = a.User != a.Password
				}
			}
			return talkTo(t, p, split, splitServer, client, server)
		}
		both := how&2 == 0 // a server of HTTP behind another proxy may not answer ahead
		talk(true, true)
		if whole, split := talk(false, false), talk(true, both); whole != split {
			t.Errorf("at once %q, byte by byte %q", whole, split)
		}
	})
}

// FuzzDNS sends bytes to the DNS layer from both sides, as streams and as datagrams. The client is only ever sent answers to
// what it has asked, and how a stream was cut makes no difference.
func FuzzDNS(f *testing.F) {
	f.Add(byte(0), []byte(framed(question(1, "a.test"))+framed(question(1, "b.test"))), []byte(framed(answer(1, "a.test", 1))))
	f.Add(byte(1), []byte(question(7, "a.test")), []byte(answer(7, "a.test", 1)))
	f.Add(byte(0), []byte(framed(question(1, "a.test"))[:9]), []byte("\x00\x0cnothing here"))
	f.Fuzz(func(t *testing.T, how byte, client, server []byte) {
		transport := "tcp"
		if how&1 != 0 {
			transport = "udp"
		}
		talk := func(split bool) hearing {
			r := newDNSRig(t, transport, true)
			r.AutoHooks, r.HideHooks = true, true
			return talkTo(t, r.Playbook, split, split, client, server)
		}
		whole := talk(false)
		if transport == "udp" {
			if m, err := dns.Decode([]byte(whole.client)); whole.client != "" && (err != nil || m.Query || m.ID != idOf(client)) {
				t.Errorf("the client is sent %q", whole.client)
			}
			return
		}
		split := talk(true)
		if broken := whole.closed != ""; broken != (split.closed != "") || !broken && whole != split { // with what is broken, a question goes or not
			t.Errorf("at once %q, byte by byte %q", whole, split)
		}
		asked := map[uint16]bool{}
		for _, m := range frames(client) {
			asked[idOf(m)] = true
		}
		for _, raw := range frames([]byte(whole.client)) {
			if m, err := dns.Decode(raw); err != nil || m.Query || !asked[m.ID] {
				t.Errorf("the client is sent %q", raw)
			}
		}
	})
}

func idOf(b []byte) uint16 {
	if len(b) < 2 {
		return 0
	}
	return uint16(b[0])<<8 | uint16(b[1])
}

// frames cuts a stream into messages as far as it goes.
func frames(b []byte) (all [][]byte) {
	for {
		m, n, err := dns.ParseFrame(b)
		if n == 0 || err != nil {
			return all
		}
		all, b = append(all, m), b[n:]
	}
}
