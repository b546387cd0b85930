package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"sluice/proxy/flow"
)

// TestWebSocketOverHTTP2ToHTTP1: a client opens a WebSocket in a stream of HTTP/2 with a server that speaks nothing but HTTP/1.
func TestWebSocketOverHTTP2ToHTTP1(t *testing.T) {
	origin := newOrigin(t, false, func(w http.ResponseWriter, q *http.Request) {
		c, err := websocket.Accept(w, q, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		for {
			kind, p, err := c.Read(q.Context())
			if err != nil {
				return
			}
			c.Write(q.Context(), kind, []byte(strings.ToUpper(string(p))))
		}
	})
	addr := origin.Listener.Addr().String()
	r := newRig(t, "connection_strategy=lazy")
	c := r.connectH2(addr)
	defer c.Close()
	c.fields(":method= CONNECT", ":protocol= websocket", ":scheme= https", ":path= /chat", ":authority= "+addr, "sec-websocket-version= 13")
	if !c.until(isHeaders) {
		t.Fatal("no answer")
	}
	conn, _, err := websocket.Dial(t.Context(), "ws://in.test/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: upgraded{&inStream{h2Wire: c}}}})
	if err != nil {
		t.Fatal(err)
	}
	sendWS(t, conn, "hello")
	wantWS(t, conn, "HELLO")
	if err := conn.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Error(err)
	}
	f := r.wait("/chat", func(f *flow.Flow) bool { return !f.Live })
	if w := f.WebSocket; len(w.Messages) != 2 || w.CloseCode != 1000 || f.Request.Method != "CONNECT" || f.Response.Status != 200 || f.Response.Version != "HTTP/1.1" {
		t.Errorf("%+v answered %+v", f.Request, f.Response)
	}
}
