package layers_test

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

const (
	wsRequest = `GET /chat HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n`
	wsAnswer  = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n`
)

// upgrading is a dialogue up to the answer to a request to upgrade.
func upgrading(t *testing.T, opts layer.Options, request string) *layertest.Playbook {
	p, _ := tunnel(t, opts, layers.HTTPRegular, nil)
	p.Run(`
		>> client "` + request + `"
		<< hook requestheaders
		<< hook request
		<< open server example.com:80
		>> opened
		<< send server "` + request + `"
	`)
	return p
}

func TestWebSocketUpgrade(t *testing.T) {
	t.Run("on", func(t *testing.T) {
		p := upgrading(t, layer.Options{WebSocket: true}, wsRequest)
		var f *flow.Flow
		p.OnHook = func(h layer.Hook) {
			if f = h.(layer.FlowHook).Subject(); (f.WebSocket != nil) != (h.Name() != "responseheaders") {
				t.Errorf("%s: the flow's WebSocket is %v", h.Name(), f.WebSocket)
			}
		}
		p.Run(`
			>> server "` + wsAnswer + `\x81\x02hi"
			<< hook responseheaders
			<< hook response
			<< send client "` + wsAnswer + `"
			<< hook websocket_start
			<< hook websocket_message
			<< send client "\x81\x02hi"
			>> client "\x81\x82\x00\x00\x00\x00ho"
			<< hook websocket_message
			<< send server "\x81\x82\x00\x00\x00\x00ho"
			>> client "\x88\x80\x00\x00\x00\x00"
			<< send server "\x88\x80\x00\x00\x00\x00"
			<< wakeup 10s
			<< update
			>> server "\x88\x00"
			<< close server
			<< send client "\x88\x00"
			<< close client
			<< hook websocket_end
		`)
		if f.Live || len(f.WebSocket.Messages) != 2 || f.WebSocket.CloseCode != 1005 {
			t.Errorf("%+v", f.WebSocket)
		}
	})
	t.Run("frames and an end while the response is held", func(t *testing.T) {
		p := upgrading(t, layer.Options{WebSocket: true}, wsRequest)
		p.AutoHooks = false
		p.Run(`
			>> server "` + wsAnswer + `"
			<< hook responseheaders
			>> server "\x81\x02hi"
			>> client "\x81\x82\x00\x00\x00\x00ho"
			>> server closed
			>> answer
			<< hook response
			>> answer
			<< send client "` + wsAnswer + `"
			<< hook websocket_start
			>> answer
			<< hook websocket_message
			>> answer
			<< close server
			<< send client "\x81\x02hi\x88\x02\x03\xe8"
			<< close client
			<< hook websocket_end
			>> answer
		`)
	})
	for name, request := range map[string]string{
		"off":           wsRequest,
		"other version": strings.Replace(wsRequest, "13", "8", 1),
	} {
		opts := layer.Options{RawTCP: true, WebSocket: name != "off"}
		t.Run(name, func(t *testing.T) {
			p := upgrading(t, opts, request)
			p.Run(`
				>> server "` + wsAnswer + `"
				<< hook responseheaders
				<< hook response
				<< send client "` + wsAnswer + `"
				<< hook tcp_start
				>> server "\x81\x02hi"
				<< hook tcp_message
				<< send client "\x81\x02hi"
			`)
		})
	}
	t.Run("off, and raw TCP too", func(t *testing.T) {
		p := upgrading(t, layer.Options{}, wsRequest)
		p.Run(`
			>> server "` + wsAnswer + `"
			<< hook responseheaders
			<< hook response
			<< close server
			<< send client "` + wsAnswer + `"
			<< close client
			<< log warn "…rawtcp…"
		`)
	})
}

func TestWebSocketThatIsNotStarted(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(f *flow.Flow)
		want   string
	}{
		{"killed", func(f *flow.Flow) { f.Kill(layertest.Epoch) }, `
			<< close server
			<< close client
			<< hook websocket_end`},
		{"refused", func(f *flow.Flow) {
			f.Response.Status, f.Response.Reason = 403, "Forbidden"
			f.Response.Headers = flow.Headers{{Name: "Content-Length", Value: "0"}}
		}, `
			<< send client "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
			<< hook websocket_end
			<< close server`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := upgrading(t, layer.Options{WebSocket: true}, wsRequest)
			var f *flow.Flow
			p.OnHook = func(h layer.Hook) {
				if f = h.(layer.FlowHook).Subject(); h.Name() == "response" {
					c.change(f)
				}
			}
			p.Run(`
				>> server "` + wsAnswer + `"
				<< hook responseheaders
				<< hook response` + c.want)
			if f.Live || f.WebSocket.CloseCode != 1006 {
				t.Errorf("%+v", f.WebSocket)
			}
		})
	}
}

func TestWebSocketKilledThroughHTTP(t *testing.T) {
	p := upgrading(t, layer.Options{WebSocket: true}, wsRequest)
	var f *flow.Flow
	p.OnHook = func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }
	p.Run(`
		>> server "` + wsAnswer + `"
		<< hook responseheaders
		<< hook response
		<< send client "` + wsAnswer + `"
		<< hook websocket_start
	`)
	p.Event(&layer.Kill{Flow: f.ID})
	p.Run(`
		<< close server
		<< close client
		<< hook websocket_end
	`)
}
