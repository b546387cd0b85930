// Package layertest runs a layer through a dialogue that is written down as a
// transcript: events in, commands out. It does what the driver does to connections, and
// destroys lent bytes as soon as the driver may.
//
//	p := layertest.New(t, ctx, layers.NewTCP(ctx, false))
//	p.AutoHooks = true
//	p.Run(`
//		<< hook tcp_start
//		<< open server example.com:80
//		>> opened
//		>> client "hello"
//		<< hook tcp_message
//		<< send server "hello"
//	`)
//
// Incoming lines: start (implied by the first Run), client "text", server "text",
// client closed, server closed, server drained, opened, refused "why", answer [hook's name], wakeup.
// Outgoing lines: send client "text", open server host:port, close client, half-close client,
// hook name, wakeup 5s, cancel wakeup 5s, pause client, stop reading client, go on reading client, resume client, update, log warn "text". In an expected line … stands for any text.
// Servers are called server, server2, server3 in the order of their appearance.
package layertest

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// Epoch is the time at which every test takes place.
var Epoch = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// Context returns the context of a client that came from 127.0.0.1:1234 to 127.0.0.1:8080. Its clock stands still.
func Context(opts layer.Options) *layer.Context {
	c := &flow.Client{Mode: "regular", Conn: flow.Conn{
		ID: flow.NewID(), Transport: "tcp", State: flow.Open, Start: Epoch, TCPSetup: Epoch,
		Peer:  netip.MustParseAddrPort("127.0.0.1:1234"),
		Local: netip.MustParseAddrPort("127.0.0.1:8080"),
	}}
	var p atomic.Pointer[layer.Options]
	p.Store(&opts)
	return layer.NewContext(c, flow.NewServer(flow.Addr{}), &p, func() time.Time { return Epoch })
}

// Split returns the bytes of s one by one.
func Split[T ~string | ~[]byte](s T) [][]byte {
	var parts [][]byte
	for i := range len(s) {
		parts = append(parts, []byte{s[i]})
	}
	return parts
}

// A Playbook is one dialogue with a layer. The test fails if it ends with output that nobody expected.
type Playbook struct {
	// AutoHooks answers every hook as soon as it is issued. The transcript still shows it.
	AutoHooks bool
	// HideHooks leaves hooks out of the transcript.
	HideHooks bool
	// HideUpdates leaves out when a flow is shown without a hook.
	HideUpdates bool
	// HideWakeups leaves out what wakeups are asked for and cancelled.
	HideWakeups bool
	// ShowLogs shows debug and info lines too, not only those that matter to a person.
	ShowLogs bool
	// OnHook is what addons do: it is called before a hook is answered.
	OnHook func(h layer.Hook)
	// OnNext chooses the layer at a next_layer hook. With it the hook is answered at once and not shown.
	OnNext func(n *layer.NextLayer)

	t       testing.TB
	ctx     *layer.Context
	layer   layer.Layer
	started bool
	servers []*flow.Server
	hooks   []layer.Hook            // unanswered
	opens   []*layer.OpenConnection // unanswered
	wakeups []*layer.RequestWakeup
	auto    []layer.Hook // to be answered before the next event
	lines   []line       // output that has not been expected yet
	shown   []string     // the transcript so far, for failures
}

// New returns a playbook for a layer. It stops the context when the test ends.
func New(t testing.TB, ctx *layer.Context, l layer.Layer) *Playbook {
	p := &Playbook{t: t, ctx: ctx, layer: l}
	t.Cleanup(func() {
		ctx.Stop()
		if len(p.lines) > 0 && !t.Failed() {
			t.Errorf("output that was not expected:\n%s", p.transcript(p.unread()))
		}
	})
	return p
}

// Client returns the client's connection.
func (p *Playbook) Client() *flow.Conn { return &p.ctx.Client.Conn }

// Server returns the i-th server that has appeared, from 1.
func (p *Playbook) Server(i int) *flow.Server {
	p.t.Helper()
	if i < 1 || i > len(p.servers) {
		p.t.Fatalf("there is no server %d yet", i)
	}
	return p.servers[i-1]
}

// Start sends the first event. It does nothing the second time.
func (p *Playbook) Start() {
	if !p.started {
		p.Event(layer.Start{})
	}
}

// Event gives the layer any event, which it may destroy, and answers the hooks that are to be answered at once.
func (p *Playbook) Event(ev layer.Event) {
	if _, ok := ev.(layer.Start); !ok {
		p.Start()
	}
	p.started = true
	p.handle(ev)
	p.answerAuto()
}

func (p *Playbook) answerAuto() {
	for len(p.auto) > 0 {
		h := p.auto[0]
		p.auto = p.auto[1:]
		p.answer(h)
	}
}

// handle runs one event, copies what is sent, and then destroys what the event lent.
func (p *Playbook) handle(ev layer.Event) {
	for _, c := range p.layer.Handle(ev, nil) {
		p.carryOut(c)
	}
	p.ctx.Release()
	if d, ok := ev.(*layer.DataReceived); ok {
		for i := range d.Data {
			d.Data[i] = 0xdb
		}
	}
}

// Data makes a connection's peer send b.
func (p *Playbook) Data(c *flow.Conn, b []byte) {
	p.Event(&layer.DataReceived{Conn: c, Data: append([]byte(nil), b...)})
}

// Closed makes a connection's peer close it.
func (p *Playbook) Closed(c *flow.Conn) {
	p.Start()
	c.State &^= flow.CanRead
	c.End = Epoch
	c.Touch()
	p.Event(&layer.ConnectionClosed{Conn: c})
}

// Opened answers the oldest OpenConnection.
func (p *Playbook) Opened(err error) {
	p.t.Helper()
	p.Start()
	if len(p.opens) == 0 {
		p.t.Fatalf("no connection is being opened:\n%s", p.transcript(p.unread()))
	}
	cmd := p.opens[0]
	p.opens = p.opens[1:]
	s := cmd.Server
	s.Start = Epoch
	if err == nil {
		s.State, s.TCPSetup = flow.Open, Epoch
	} else {
		s.Error = err.Error()
	}
	s.Touch()
	p.Event(&layer.OpenCompleted{Cmd: cmd, Err: err})
}

// Answer lets the oldest held hook of that name go on; "" is any.
func (p *Playbook) Answer(name string) {
	p.t.Helper()
	for i, h := range p.hooks {
		if name == "" || h.Name() == name {
			p.hooks = append(p.hooks[:i:i], p.hooks[i+1:]...)
			p.answer(h)
			p.answerAuto()
			return
		}
	}
	p.t.Fatalf("no hook %s is waiting:\n%s", name, p.transcript(p.unread()))
}

func (p *Playbook) answer(h layer.Hook) {
	if n, ok := h.(*layer.Next); ok && p.OnNext != nil {
		p.OnNext(n.Layer)
	} else if p.OnHook != nil {
		p.OnHook(h)
	}
	p.handle(&layer.HookCompleted{Hook: h})
}

// Wake answers the oldest RequestWakeup.
func (p *Playbook) Wake() {
	p.t.Helper()
	if len(p.wakeups) == 0 {
		p.t.Fatal("no wakeup is wanted")
	}
	c := p.wakeups[0]
	p.wakeups = p.wakeups[1:]
	p.Event(&layer.Wakeup{Cmd: c})
}

func (p *Playbook) carryOut(c layer.Command) {
	switch c := c.(type) {
	case *layer.SendData:
		p.send(c)
		return
	case *layer.OpenConnection:
		p.opens = append(p.opens, c)
		p.out(fmt.Sprintf("open %s %s", p.serverName(c.Server), c.Server.Address))
	case *layer.CloseConnection:
		p.close(c)
	case *layer.RequestWakeup:
		p.wakeups = append(p.wakeups, c)
		p.outWakeup("wakeup " + c.After.String())
	case *layer.CancelWakeup:
		p.wakeups = slices.DeleteFunc(p.wakeups, func(w *layer.RequestWakeup) bool { return w == c.Wakeup })
		p.outWakeup("cancel wakeup " + c.Wakeup.After.String())
	case *layer.Pause:
		verb := "go on reading "
		if c.On {
			verb = "stop reading "
		}
		p.out(verb + p.name(c.Conn))
	case *layer.Update:
		if !c.Later && !p.HideUpdates { // there is nothing to wait for in a transcript
			p.out("update")
		}
	case *layer.Log:
		if p.ShowLogs || c.Level > slog.LevelInfo {
			p.out(fmt.Sprintf("log %s %q", levelName(c.Level), c.Text))
		}
	case layer.Hook:
		p.hook(c)
	default:
		p.out(fmt.Sprintf("unknown command %T", c))
	}
}

func (p *Playbook) outWakeup(text string) {
	if !p.HideWakeups {
		p.out(text)
	}
}

func (p *Playbook) hook(h layer.Hook) {
	_, next := h.(*layer.Next)
	hidden := next && p.OnNext != nil
	if !hidden && !p.HideHooks {
		p.out("hook " + h.Name())
	}
	if hidden || p.AutoHooks {
		p.auto = append(p.auto, h)
	} else {
		p.hooks = append(p.hooks, h)
	}
}

func (p *Playbook) send(c *layer.SendData) {
	name := p.name(c.Conn)
	if n := len(p.lines); n > 0 && p.lines[n-1].sendTo == name {
		p.lines[n-1].data += string(c.Data)
		return
	}
	p.lines = append(p.lines, line{sendTo: name, data: string(c.Data)})
}

func (p *Playbook) close(c *layer.CloseConnection) {
	verb := "close "
	if c.Half {
		verb = "half-close "
		c.Conn.State &^= flow.CanWrite
	} else {
		c.Conn.State = flow.Closed
	}
	c.Conn.Touch()
	p.out(verb + p.name(c.Conn))
}

func (p *Playbook) out(text string) { p.lines = append(p.lines, line{text: text}) }

// TakeSent removes and returns the bytes that the layer sends to c as the next output. It is nil if the next output is something else.
func (p *Playbook) TakeSent(c *flow.Conn) []byte {
	if len(p.lines) == 0 || p.lines[0].sendTo != p.name(c) || p.lines[0].sendTo == "" {
		return nil
	}
	b := []byte(p.lines[0].data)
	p.shown = append(p.shown, fmt.Sprintf("<< send %s (%d bytes)", p.lines[0].sendTo, len(b)))
	p.lines = p.lines[1:]
	return b
}

// TakeAll removes the output so far and returns its lines.
func (p *Playbook) TakeAll() []string {
	u := p.unread()
	p.shown = append(p.shown, u...)
	p.lines = nil
	for i := range u {
		u[i] = strings.TrimPrefix(u[i], "<< ")
	}
	return u
}

func (p *Playbook) name(c *flow.Conn) string {
	if c == &p.ctx.Client.Conn {
		return "client"
	}
	for i, s := range p.servers {
		if c == &s.Conn {
			return serverN(i)
		}
	}
	if c == &p.ctx.Server.Conn {
		return p.serverName(p.ctx.Server)
	}
	return "unknown connection " + c.ID.String()
}

func (p *Playbook) serverName(s *flow.Server) string {
	for i, o := range p.servers {
		if o == s {
			return serverN(i)
		}
	}
	p.servers = append(p.servers, s)
	return serverN(len(p.servers) - 1)
}

func serverN(i int) string {
	if i == 0 {
		return "server"
	}
	return "server" + strconv.Itoa(i+1)
}

func levelName(l slog.Level) string {
	if l == layer.LevelAlert {
		return "alert"
	}
	return strings.ToLower(l.String())
}
