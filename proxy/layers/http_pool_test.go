package layers_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// TestConnectionsOfAClientAreBounded: a client that asks ever more servers does not have a connection kept to each of them.
func TestConnectionsOfAClientAreBounded(t *testing.T) {
	for _, version := range []string{"h1", "h2"} {
		t.Run(version, func(t *testing.T) {
			const servers, most = 200, 64
			ctx := layertest.Context(layer.Options{})
			p := layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPRegular))
			p.AutoHooks, p.HideHooks = true, true
			answer := []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			for i := 1; i <= servers; i++ {
				p.Data(p.Client(), fmt.Appendf(nil, "GET http://host%d.test/ HTTP/1.1\r\nHost: host%d.test\r\n\r\n", i, i))
				if version == "h2" {
					p.Server(i).ALPN = "h2"
					answer = h2Answer
				}
				p.Opened(nil)
				p.Data(&p.Server(i).Conn, answer)
				if all := strings.Join(p.TakeAll(), "\n"); !strings.Contains(all, `send client "HTTP/1.1 200 OK`) {
					t.Fatalf("request %d: %s", i, all)
				}
			}
			open := 0
			for i := 1; i <= servers; i++ {
				if p.Server(i).State == flow.Open {
					open++
				}
			}
			if open != most {
				t.Errorf("%d connections are open", open)
			}
			if p.Server(servers).State != flow.Open || p.Server(1).State != flow.Closed {
				t.Error("it is not the oldest ones that are closed")
			}
		})
	}
}

var h2Answer = []byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00" + answerHead(true))
