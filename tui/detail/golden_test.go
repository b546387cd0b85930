package detail

import (
	"fmt"
	"testing"

	"github.com/charmbracelet/x/exp/golden"

	"sluice/proxy/flow"
)

// A look at flows as people see them, without styles.
func TestScreens(t *testing.T) {
	held := jsonFlow()
	held.Response, held.Intercepted, held.Live = nil, true, true
	failed := httpFlow("GET", "https://down.example.com/health", nil, "")
	failed.Error = &flow.Error{Message: "connection refused by 192.0.2.7:443", Time: after(60)}
	packed := respond(httpFlow("PUT", "https://api.example.com/", []byte("plain text"), "text/plain"), 200, "application/json", gzipped(jsonBody))
	packed.Response.Headers = packed.Response.Headers.Add("content-encoding", "gzip")
	packed.Response.Trailers = flow.Headers{{Name: "grpc-status", Value: "0"}}
	dropped := jsonFlow()
	dropped.Response.Body = flow.BodyGap(12<<20, flow.Dropped)
	facts := jsonFlow()
	facts.Comment, facts.Metadata = "why is this slow?", map[string]string{"b": "2", "a": "1"}
	form := httpFlow("POST", "https://shop.example.com/cart/items/add?from=/a/very/long/path/that/does/not/fit&session=0123456789abcdef0123456789abcdef",
		[]byte("item=42&name=blue+shirt&size=XL"), "application/x-www-form-urlencoded")
	cases := []struct {
		name string
		f    *flow.Flow
		tab  int
		mode string
	}{
		{"json", jsonFlow(), 1, ""}, {"form", form, 0, ""}, {"query", jsonFlow(), 0, ""}, {"gzip", packed, 1, ""},
		{"image", respond(httpFlow("GET", "https://img.example.com/a.png", nil, ""), 200, "image/png", picture()), 1, ""},
		{"hex", jsonFlow(), 1, "hex dump"}, {"wrong_mode", form, 0, "json"}, {"error", failed, 1, ""}, {"held", held, 0, ""}, {"held_response", held, 1, ""},
		{"dropped", dropped, 1, ""}, {"tcp", tcpFlow(7), 0, ""}, {"websocket", webSocketFlow(), 2, ""}, {"events", eventFlow(someEvents, false), 2, ""}, {"grpc", grpcFlow(), 2, ""}, {"facts", facts, 2, ""},
		{"tls_failed", tlsFlow(true), 0, ""}, {"tls_failed_facts", tlsFlow(true), 1, ""}, {"tls_passed", tlsFlow(false), 0, ""},
		{"dns", &flow.Flow{Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon}, 1, ""},
		{"dns_question", dnsFlow(), 0, ""}, {"dns_answer", dnsFlow(), 1, ""}, {"dns_wide", wideDNSFlow(), 1, ""},
	}
	for _, size := range [][2]int{{80, 24}, {120, 40}} {
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s_%dx%d", c.name, size[0], size[1]), func(t *testing.T) {
				m := show(t, c.f, size[0], size[1])
				run(m, m.SelectTab(c.tab))
				if c.mode != "" {
					run(m, m.SetMode(c.mode))
				}
				golden.RequireEqual(t, screen(m))
			})
		}
	}
}
