package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/net/proxy"

	"sluice/proxy/flow"
)

// A brokenHello sends its first write in the pieces that cut makes of it.
type brokenHello struct {
	net.Conn
	cut func(b []byte) [][]byte
}

func (c *brokenHello) Write(b []byte) (int, error) {
	if c.cut == nil {
		return c.Conn.Write(b)
	}
	pieces := c.cut(b)
	c.cut = nil
	for _, p := range pieces {
		if _, err := c.Conn.Write(p); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// cuts are ways for a ClientHello to come. The name it asks for is in the last piece or broken up.
var cuts = map[string]func(b []byte) [][]byte{
	"whole": func(b []byte) [][]byte { return [][]byte{b} },
	"bytes": func(b []byte) (pieces [][]byte) {
		for i := range b {
			pieces = append(pieces, b[i:i+1])
		}
		return pieces
	},
	"in the name": func(b []byte) [][]byte {
		at := bytes.Index(b, []byte(".test"))
		return [][]byte{b[:2], b[2:at], b[at:]}
	},
	"records": func(b []byte) [][]byte {
		at := bytes.Index(b, []byte(".test"))
		first, second := b[5:at], b[at:]
		record := func(b []byte) []byte { return append([]byte{0x16, 3, 1, byte(len(b) >> 8), byte(len(b))}, b...) }
		return [][]byte{record(first), record(second)}
	},
}

// reach connects to an address through the mode, as a client of it does.
func (r *rig) reach(mode, addr string) net.Conn {
	r.t.Helper()
	var c net.Conn
	var err error
	switch mode {
	case "regular":
		if c, err = net.Dial("tcp", r.at(mode)); err == nil {
			fmt.Fprintf(c, "CONNECT %s HTTP/1.1\r\n\r\n", addr)
			if head := readHeadOf(c); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
				r.t.Fatal(head)
			}
		}
	case "socks5":
		d, _ := proxy.SOCKS5("tcp", r.at(mode), nil, proxy.Direct)
		c, err = d.(proxy.ContextDialer).DialContext(context.Background(), "tcp", addr)
	default:
		c, err = net.Dial("tcp", addr)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

// shown returns whose certificate a client sees that asks for a name, "origin" or "proxy", once it has had an answer.
func (r *rig) shown(c net.Conn, name, path string, cut func(b []byte) [][]byte) string {
	r.t.Helper()
	x := tls.Client(&brokenHello{c, cut}, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	fmt.Fprintf(x, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, name)
	resp, err := http.ReadResponse(bufio.NewReader(x), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil || string(b) != "GET "+path+" " {
		r.t.Fatal(string(b), err)
	}
	leaf := x.ConnectionState().PeerCertificates[0]
	switch {
	case leaf.Equal(r.secure.Certificate()):
		return "origin"
	case leaf.CheckSignatureFrom(r.CA.Certificate()) == nil:
		return "proxy"
	}
	return leaf.Subject.String()
}

// TestIgnoredHosts asks for hosts that are to be left alone and for others, by name, with hellos in all kinds of pieces.
func TestIgnoredHosts(t *testing.T) {
	for _, strategy := range []string{"eager", "lazy"} {
		for set, want := range map[string]map[string]string{
			`ignore_hosts=^ignored\.test:`: {"ignored.test": "origin", "other.test": "proxy"},
			`allow_hosts=^allowed\.test:`:  {"allowed.test": "proxy", "other.test": "origin"},
		} {
			r := newRig(t, set, "connection_strategy="+strategy, "mode=regular", "mode=socks5")
			r.checkIgnored(strategy, want, r.secure.Listener.Addr().String(), "regular", "socks5")
		}
	}
}

// checkIgnored asks for each name in each mode and compares who has shown a certificate, and that only those are seen who are not ignored.
func (r *rig) checkIgnored(what string, want map[string]string, addr string, modes ...string) {
	r.t.Helper()
	for _, mode := range modes {
		for how, cut := range cuts {
			for name, who := range want {
				path := "/" + strings.ReplaceAll(mode+"/"+how+"/"+name, " ", "-")
				if got := r.shown(r.reach(mode, addr), name, path, cut); got != who {
					r.t.Errorf("%s, %s, hello as %s, %s: the %s's certificate, want the %s's", what, mode, how, name, got, who)
				}
				if who == "proxy" {
					r.wait(path, ended)
				}
			}
		}
	}
	r.store.Each(func(f *flow.Flow) bool {
		if f.Request == nil || f.Request.Method != "CONNECT" && want[f.Request.PrettyHost()] == "origin" {
			r.t.Errorf("%s: what is ignored is shown: %s %v", what, f.Kind, f.Metadata)
		}
		return true
	})
}

// TestTCPHostByName takes what is in TLS to a host as bytes, though it is HTTP.
func TestTCPHostByName(t *testing.T) {
	r := newRig(t, `tcp_hosts=^raw\.test$`, "mode=regular", "mode=socks5")
	for _, mode := range []string{"regular", "socks5"} {
		for how, cut := range cuts {
			if got := r.shown(r.reach(mode, r.secure.Listener.Addr().String()), "raw.test", "/raw", cut); got != "proxy" {
				t.Errorf("%s, %s: the %s's certificate", mode, how, got)
			}
		}
	}
	if f := r.waitTCP(2); !strings.HasPrefix(string(f.Messages[0].Content), "GET /raw HTTP/1.1\r\n") {
		t.Errorf("%q", f.Messages[0].Content)
	}
	r.store.Each(func(f *flow.Flow) bool {
		if f.Request != nil && f.Request.Method != "CONNECT" {
			t.Error("it was read as HTTP:", f.Request.URL())
		}
		return true
	})
}
