package layers_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
)

// exchange lets a client and then a server say all they have to say, and returns what arrived at each.
func exchange(t *testing.T, opts layer.Options, onHook func(layer.Hook), split bool, client, server string) (toServer, toClient string) {
	p := quiet(t, opts, onHook)
	say := func(c *flow.Conn, text string) {
		parts := [][]byte{[]byte(text)}
		if split {
			parts = layertest.Split(text)
		}
		for _, b := range parts {
			p.Data(c, b)
			for _, line := range p.TakeAll() {
				if strings.HasPrefix(line, "open ") {
					p.Opened(nil)
				}
				toServer, toClient = arrived(t, line, toServer, toClient)
			}
		}
	}
	say(p.Client(), client)
	say(&p.Server(1).Conn, server)
	return toServer, toClient
}

func arrived(t *testing.T, line, toServer, toClient string) (string, string) {
	for _, to := range []string{"server", "client"} {
		quoted, ok := strings.CutPrefix(line, "send "+to+" ")
		if !ok {
			continue
		}
		text, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		if to == "server" {
			toServer += text
		} else {
			toClient += text
		}
	}
	return toServer, toClient
}

func TestByteByByte(t *testing.T) {
	const (
		client = "POST http://example.com/a HTTP/1.1\r\nHost: example.com\r\nContent-Length: 6\r\n\r\nfoobar" +
			"\r\nGET http://example.com/b HTTP/1.1\r\nHost: example.com\r\n\r\n" +
			"GET http://example.com/c HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
		server = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	)
	for name, onHook := range map[string]func(layer.Hook){"tee": nil, "hold": hold, "stream": stream} {
		s1, c1 := exchange(t, layer.Options{}, onHook, false, client, server)
		s2, c2 := exchange(t, layer.Options{}, onHook, true, client, server)
		if s1 != s2 || c1 != c2 {
			t.Errorf("%s: all at once\n%q\n%q\nbyte by byte\n%q\n%q", name, s1, c1, s2, c2)
		}
		if c1 != server || !strings.Contains(s1, "foobar") {
			t.Errorf("%s: %q, %q", name, s1, c1)
		}
	}
}

// TestInlineHooks: hooks that let go within the event that caused them change nothing about what is sent.
func TestInlineHooks(t *testing.T) {
	const (
		client = "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n"
		server = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"
	)
	change := func(h layer.Hook) {
		if r, ok := h.(*layer.Response); ok {
			r.Flow.Response.Headers = r.Flow.Response.Headers.Add("X-Seen", "1")
		}
	}
	ctx := layertest.Context(layer.Options{})
	ctx.Inline = func(h layer.Hook) bool { change(h); return true }
	p := layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPRegular))
	for range 2 { // the second request finds its connection idle
		p.Data(p.Client(), []byte(client))
		for _, line := range p.TakeAll() {
			if strings.HasPrefix(line, "open ") {
				p.Opened(nil)
				p.TakeAll()
			}
		}
		p.Data(&p.Server(1).Conn, []byte(server))
		p.Expect("send client " + strconv.Quote(strings.Replace(server, "\r\n\r\n", "\r\nX-Seen: 1\r\n\r\n", 1)))
	}
}

// A machine carries out commands as the data of a fuzz test says.
type machine struct {
	t      *testing.T
	ctx    *layer.Context
	layer  layer.Layer
	conns  []*flow.Conn
	opens  []*layer.OpenConnection
	hooks  []layer.Hook
	flows  []*flow.Flow
	closed map[*flow.Conn]bool // told so
}

func (m *machine) event(ev layer.Event) {
	for _, c := range m.layer.Handle(ev, nil) {
		switch c := c.(type) {
		case *layer.OpenConnection:
			m.opens = append(m.opens, c)
		case *layer.CloseConnection:
			if c.Conn.State &^= flow.CanWrite; !c.Half {
				c.Conn.State = flow.Closed
			}
		case layer.Hook:
			m.hooks = append(m.hooks, c)
			if f, ok := c.(layer.FlowHook); ok {
				m.flows = append(m.flows, f.Subject())
			}
		}
	}
	m.ctx.Release()
	if d, ok := ev.(*layer.DataReceived); ok {
		clear(d.Data)
	}
}

// inline lets hooks go at once, but for every hold-th, which is commanded.
func (m *machine) inline(hold int) func(layer.Hook) bool {
	n := 0
	return func(h layer.Hook) bool {
		if n++; n%hold == 0 {
			return false
		}
		if f, ok := h.(layer.FlowHook); ok {
			m.flows = append(m.flows, f.Subject())
		}
		m.decide(h, byte(n*37))
		return true
	}
}

// step does one thing that an outer world could do and returns what is left of in.
func (m *machine) step(in []byte) []byte {
	op := in[0]
	in = in[1:]
	c := m.conns[int(op>>3)%len(m.conns)]
	switch op & 7 {
	case 0, 1:
		if len(in) == 0 {
			return in
		}
		n := min(int(in[0]), len(in)-1)
		if c.State&flow.CanRead != 0 {
			m.event(&layer.DataReceived{Conn: c, Data: append([]byte(nil), in[1:1+n]...)})
		}
		return in[1+n:]
	case 2:
		if !m.closed[c] {
			m.closed[c] = true
			c.State &^= flow.CanRead
			m.event(&layer.ConnectionClosed{Conn: c})
		}
	case 3, 4:
		m.open(op&0xf0 != 0)
	case 5, 6:
		m.answer(op)
	case 7:
		if n := len(m.flows); n > 0 && op>>3 == 1 {
			m.event(&layer.Kill{Flow: m.flows[n-1].ID})
		}
	}
	return in
}

func (m *machine) open(ok bool) {
	if len(m.opens) == 0 {
		return
	}
	o := m.opens[0]
	m.opens = m.opens[1:]
	if !ok {
		m.event(&layer.OpenCompleted{Cmd: o, Err: errors.New("refused")})
		return
	}
	o.Server.State = flow.Open
	m.conns = append(m.conns, &o.Server.Conn)
	m.event(&layer.OpenCompleted{Cmd: o})
}

func (m *machine) answer(op byte) {
	if len(m.hooks) == 0 {
		return
	}
	h := m.hooks[0]
	m.hooks = m.hooks[1:]
	m.decide(h, op)
	m.event(&layer.HookCompleted{Hook: h})
}

// decide is what addons do in a hook.
func (m *machine) decide(h layer.Hook, op byte) {
	switch h := h.(type) {
	case *layer.Next:
		inside(h.Layer)
	case *layer.RequestHeaders:
		h.Flow.Request.Stream, h.Flow.Request.Hold = op&0x80 != 0, op&0x40 != 0
	case *layer.ResponseHeaders:
		h.Flow.Response.Stream, h.Flow.Response.Hold = op&0x80 != 0, op&0x40 != 0
	case layer.FlowHook:
		if op>>3 == 0x1f {
			h.Subject().Kill(layertest.Epoch)
		}
	}
}

// run plays in to its end and then ends the client.
func (m *machine) run(in []byte) {
	m.event(layer.Start{})
	for len(in) > 0 {
		in = m.step(in)
	}
	if c := &m.ctx.Client.Conn; !m.closed[c] {
		c.State &^= flow.CanRead
		m.event(&layer.ConnectionClosed{Conn: c})
	}
	for len(m.hooks) > 0 || len(m.opens) > 0 {
		m.answer(0)
		m.open(false)
	}
	m.ctx.Stop()
}

func FuzzHTTP(f *testing.F) {
	say := func(conn byte, text string) string { return string([]byte{conn << 3, byte(len(text))}) + text }
	f.Add([]byte(say(0, "GET http://e/ HTTP/1.1\r\nHost: e\r\n\r\n") + "\x05\x05\x13" + say(1, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") + "\x05\x05"))
	f.Add([]byte(say(0, "POST http://e/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n") + "\x85\x13\x05\x05" + say(1, "HTTP/1.1 101 Up\r\n\r\nabc") + "\x05\x05"))
	f.Add([]byte(say(0, "CONNECT e:80 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n") + "\x05\x13\x05\x05\x05\x05" + say(1, "HTTP/1.1 200 OK\r\n\r\nabc") + "\x05\x05\x12"))
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, mode := range []layers.HTTPMode{layers.HTTPRegular, layers.HTTPTransparent, layers.HTTPUpstream} {
			ctx := layertest.Context(layer.Options{RawTCP: true, BodySizeLimit: 64, StreamLargeBodies: 32, BodyBudget: 1 << 40})
			if mode == layers.HTTPUpstream {
				ctx.Upstream = proxy
			}
			m := &machine{t: t, ctx: ctx, layer: layers.NewHTTP(ctx, mode), conns: []*flow.Conn{&ctx.Client.Conn}, closed: map[*flow.Conn]bool{}}
			if len(in) > 0 && in[len(in)-1]&1 == 1 {
				ctx.Inline = m.inline(2 + int(in[len(in)-1]>>1)%16)
			}
			m.run(append([]byte(nil), in...))
			tunnels := false
			for _, fl := range m.flows {
				tunnels = tunnels || fl.Kind != flow.HTTP || fl.Request.Method == "CONNECT"
				if fl.Kind == flow.HTTP && fl.Live && fl.Request.Method != "CONNECT" {
					t.Errorf("%v: flow %s %s is still alive when its client has gone", mode, fl.Request.Method, fl.Request.Path)
				}
			}
			if !tunnels && !ctx.HasRoom(1<<40) { // those last as long as the client
				t.Errorf("%v: something still counts in the budget when the client has gone", mode)
			}
		}
	})
}
