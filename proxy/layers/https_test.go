package layers

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TestHTTPSToAServerOpenedLate runs two exchanges over TLS on both sides, the
// server's made when the first request needs it and used again for the second.
func TestHTTPSToAServerOpenedLate(t *testing.T) {
	for _, chunk := range []int{0, 1} {
		r := newRig(t, clientConfig(), serverConfig())
		r.chunk = chunk
		r.ctx.Server = flow.NewServer(flow.Addr{Host: "x.test", Port: 443})
		outer, inner := NewServerTLS(r.ctx, nil), NewClientTLS(r.ctx)
		outer.Child = inner
		inner.Child = NewHTTP(r.ctx.Fork(), HTTPTransparent)
		r.root = outer
		addons := r.hooks
		r.hooks = func(h layer.Hook) {
			if addons(h); h.Name() == "tls_clienthello" {
				h.(*layer.TLSClientHello).ServerFirst = false
			}
		}
		r.open = func(s *flow.Server) error {
			r.ctx.Server = s // so that the rig sends from it what the real server says
			return nil
		}
		r.start()
		for range 2 {
			r.exchange("GET / HTTP/1.1\r\nHost: x.test\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
		}
		log := strings.Join(r.log, "\n")
		if strings.Count(log, "open") != 1 || strings.Count(log, "tls_established_server") != 1 || strings.Contains(log, "WARN") {
			t.Errorf("log:\n%s", log)
		}
		if r.ctx.Server.SNI != "x.test" || r.ctx.Server.ALPN != "http/1.1" {
			t.Errorf("SNI %q, ALPN %q", r.ctx.Server.SNI, r.ctx.Server.ALPN)
		}
	}
}

// exchange has the client say one thing and the server another, and checks that both arrive.
func (r *rig) exchange(request, response string) {
	r.t.Helper()
	r.client.got, r.server.got = nil, nil
	if _, err := r.client.tls.Write([]byte(request)); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
	if string(r.server.got) != request {
		r.t.Fatalf("the server got %q; log:\n%s", r.server.got, strings.Join(r.log, "\n"))
	}
	if _, err := r.server.tls.Write([]byte(response)); err != nil {
		r.t.Fatal(err)
	}
	r.settle()
	if string(r.client.got) != response {
		r.t.Fatalf("the client got %q; log:\n%s", r.client.got, strings.Join(r.log, "\n"))
	}
}
