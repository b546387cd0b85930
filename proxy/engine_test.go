package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"sluice/proxy/addon"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// relay is the smallest protocol: bytes both ways, a hook for each piece.
type relay struct{ layer.Script }

func newRelay(ctx *layer.Context) layer.Layer {
	l := &relay{}
	l.Begin(ctx, func(s *layer.Script) {
		ctx.Server.Address = flow.Addr{Host: "origin.test", Port: 80}
		s.Next()
		f := flow.New(flow.TCP, ctx.Client, ctx.Server, ctx.Now())
		s.Hook(&layer.TCPStart{OfFlow: layer.OfFlow{Flow: f}})
		end := func() {
			s.Do(&layer.CloseConnection{Conn: &ctx.Server.Conn})
			s.Do(&layer.CloseConnection{Conn: &ctx.Client.Conn})
			f.Live = false
		}
		if err := s.Open(ctx.Server); err != nil {
			f.Error = &flow.Error{Message: err.Error(), Time: ctx.Now()}
			end()
			s.Hook(&layer.TCPError{OfFlow: layer.OfFlow{Flow: f}})
			return
		}
		for {
			switch ev := s.Next().(type) {
			case *layer.DataReceived:
				if string(ev.Data) == "panic" {
					panic("asked to")
				}
				from, to := ev.Conn == &ctx.Client.Conn, &ctx.Server.Conn
				if !from {
					to = &ctx.Client.Conn
				}
				f.Messages = append(f.Messages, flow.Message{FromClient: from, Content: bytes.Clone(ev.Data)})
				s.Hook(&layer.TCPMessage{OfFlow: layer.OfFlow{Flow: f}})
				if f.Killed() {
					end()
					s.Hook(&layer.TCPError{OfFlow: layer.OfFlow{Flow: f}})
					return
				}
				s.Do(&layer.SendData{Conn: to, Data: f.Messages[len(f.Messages)-1].Content})
			case *layer.ConnectionClosed, *layer.Kill:
				end()
				s.Hook(&layer.TCPEnd{OfFlow: layer.OfFlow{Flow: f}})
				return
			}
		}
	})
	return l
}

// world is an engine in memory: clients and servers are pipes.
type world struct {
	*Engine
	t       *testing.T
	role    *role // of its clients
	log     lockedBuffer
	servers chan net.Conn
	last    map[flow.ID]*flow.Flow
	mu      sync.Mutex
	gate    chan struct{} // nothing that is published is taken until it is closed; nil: at once
	reader  sync.WaitGroup
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lockedBuffer) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b.Reset()
}

func newWorld(t *testing.T, cfg Config) *world {
	w := &world{t: t, role: &role{mode: "regular", root: newRelay}, servers: make(chan net.Conn, 16), last: map[flow.ID]*flow.Flow{}}
	cfg.Log = slog.New(slog.NewTextHandler(&w.log, nil))
	if cfg.Dial == nil {
		cfg.Dial = func(context.Context, string) (net.Conn, error) {
			near, far := net.Pipe()
			w.servers <- far
			return near, nil
		}
	}
	w.Engine = New(cfg)
	w.reader.Go(func() {
		for batch := range w.Flows() {
			if w.gate != nil {
				<-w.gate
			}
			w.mu.Lock()
			for _, f := range batch {
				if old := w.last[f.ID]; old == nil || old.Rev < f.Rev {
					w.last[f.ID] = f
				}
			}
			w.mu.Unlock()
		}
	})
	return w
}

func (w *world) connect() net.Conn {
	near, far := net.Pipe()
	w.admit(w.role, far)
	return near
}

func (w *world) end() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	w.Shutdown(ctx)
	w.reader.Wait()
}

// flow returns the newest snapshot of the only flow.
func (w *world) flow() *flow.Flow {
	w.t.Helper()
	time.Sleep(2 * publishAfter)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.last) != 1 {
		w.t.Fatalf("%d flows, want 1", len(w.last))
	}
	for _, f := range w.last {
		return f
	}
	return nil
}

func send(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	b := make([]byte, len(want))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != want {
		t.Fatalf("got %q, %v; want %q", b, err, want)
	}
}

func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		c := w.connect()
		s := <-w.servers
		send(t, c, "ping")
		expect(t, s, "ping")
		send(t, s, "pong")
		expect(t, c, "pong")
		c.Close()
		if f := w.flow(); f.Live || len(f.Messages) != 2 || f.Error != nil {
			t.Fatalf("flow did not end well: %+v", f)
		}
		w.end()
	})
}

func TestIdleClientIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{IdleTimeout: time.Minute})
		start := time.Now()
		c := w.connect()
		<-w.servers
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Fatal(err)
		}
		if d := time.Since(start); d != time.Minute {
			t.Fatalf("closed after %s", d)
		}
		w.end()
	})
}

func holdAll(t *testing.T) *addon.Intercept {
	f, err := filter.Parse("~all")
	if err != nil {
		t.Fatal(err)
	}
	i := addon.NewIntercept()
	i.SetFilter(f)
	return i
}

func TestHeldFlowResumesWithEdit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := holdAll(t)
		w := newWorld(t, Config{Addons: addon.Chain{hold}, IdleTimeout: time.Minute})
		c := w.connect()
		s := <-w.servers
		send(t, c, "ping")
		time.Sleep(time.Hour) // a held flow does not time out
		f := w.flow()
		if !f.Intercepted {
			t.Fatal("not held")
		}
		edit := &flow.Edit{Messages: []flow.Message{{FromClient: true, Content: []byte("PING")}}}
		if !hold.Resume(f.ID, edit) {
			t.Fatal("not found")
		}
		expect(t, s, "PING")
		if f := w.flow(); f.Intercepted {
			t.Fatal("still held")
		}
		if hold.Resume(f.ID, nil) {
			t.Fatal("resumed twice")
		}
		w.end()
	})
}

func TestHeldFlowEnds(t *testing.T) {
	ends := map[string]func(w *world, hold *addon.Intercept){
		"killed":    func(w *world, hold *addon.Intercept) { hold.Kill(w.flow().ID) },
		"shut down": func(w *world, _ *addon.Intercept) { w.end() },
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hold := holdAll(t)
				w := newWorld(t, Config{Addons: addon.Chain{hold}})
				c := w.connect()
				<-w.servers
				send(t, c, "ping")
				if !w.flow().Intercepted {
					t.Fatal("not held")
				}
				end(w, hold)
				if f := w.flow(); f.Live || f.Intercepted || f.Error == nil {
					t.Fatalf("the flow goes on: %+v", f)
				}
				if _, err := c.Read(make([]byte, 1)); err == nil {
					t.Fatal("the client is still connected")
				}
				if name != "shut down" {
					w.end()
				}
			})
		})
	}
}

func TestPanicEndsOneClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		bad := w.connect()
		<-w.servers
		send(t, bad, "panic")
		if _, err := bad.Read(make([]byte, 1)); err != io.EOF {
			t.Fatal(err)
		}
		if f := w.flow(); f.Live || f.Error == nil {
			t.Fatalf("the flow did not fail: %+v", f)
		}
		if !strings.Contains(w.log.String(), "asked to") {
			t.Fatal("the panic was not logged")
		}
		good := w.connect()
		s := <-w.servers
		send(t, good, "ping")
		expect(t, s, "ping")
		w.end()
	})
}

func TestConnectFailures(t *testing.T) {
	dials := map[string]func(ctx context.Context, _ string) (net.Conn, error){
		"no answer in 30s": func(ctx context.Context, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
		"refused": func(context.Context, string) (net.Conn, error) { return nil, errors.New("refused") },
	}
	for want, dial := range dials {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, Config{Dial: dial})
			c := w.connect()
			if _, err := c.Read(make([]byte, 1)); err != io.EOF {
				t.Fatal(err)
			}
			if f := w.flow(); f.Error == nil || !strings.Contains(f.Error.Message, want) {
				t.Fatalf("error %+v, want %q", f.Error, want)
			}
			w.end()
		})
	}
}

func TestShutdownWaitsForWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		c := w.connect()
		s := <-w.servers
		over := make(chan struct{})
		go func() {
			w.end()
			close(over)
		}()
		synctest.Wait()
		send(t, c, "last words")
		expect(t, s, "last words")
		s.Close()
		<-over
	})
}

func TestSlowReaderHoldsUpOnlyItsSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Config{})
		stuck := w.connect()
		a := <-w.servers
		free := w.connect()
		b := <-w.servers
		send(t, stuck, "1")
		send(t, free, "2")
		expect(t, a, "1")
		expect(t, b, "2")
		go a.Write(make([]byte, 1<<20)) // nobody reads it
		synctest.Wait()
		send(t, b, "pong")
		expect(t, free, "pong")
		a.Close()
		w.end()
	})
}

func TestEngineDoesNotDialItself(t *testing.T) {
	w := newWorld(t, Config{})
	i, err := w.Start(Mode{Spec: "regular", Name: "regular"}, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	port := addrPort(i.Addrs()[0]).Port()
	for _, host := range []string{"127.0.0.1", "localhost", "127.1.2.3"} {
		_, err := w.dialTCP(t.Context(), flow.JoinHostPort(host, int(port)))
		if !errors.Is(err, errSelf) {
			t.Errorf("dial %s: %v", host, err)
		}
	}
	w.end()
}

func TestBlock(t *testing.T) {
	for _, tc := range []struct {
		ip              string
		global, private bool
		refused         bool
	}{
		{"127.0.0.1", true, true, false},
		{"::1", true, true, false},
		{"::ffff:127.0.0.1", true, true, false},
		{"192.168.1.7", true, false, false},
		{"192.168.1.7", true, true, true},
		{"fe80::1", true, true, true},
		{"198.18.0.7", true, false, false},
		{"192.0.2.2", true, false, false},
		{"::ffff:203.0.113.9", true, true, true},
		{"2001:db8::1", true, false, false},
		{"192.0.3.1", true, false, true},
		{"8.8.8.8", true, false, true},
		{"::ffff:8.8.8.8", true, false, true},
		{"8.8.8.8", false, true, false},
		{"2001:4860:4860::8888", true, false, true},
	} {
		b := &addon.Block{}
		b.Global.Store(tc.global)
		b.Private.Store(tc.private)
		c := &flow.Client{Conn: flow.Conn{Peer: netip.AddrPortFrom(netip.MustParseAddr(tc.ip), 1)}}
		b.Handle(&layer.ClientConnected{Client: c})
		if refused := strings.Contains(c.Error, ": set it to false"); refused != tc.refused {
			t.Errorf("%+v: refused %v: %s", tc, refused, c.Error)
		}
	}
}

func TestListenErrorSaysWhatToDo(t *testing.T) {
	w := newWorld(t, Config{})
	regular := Mode{Spec: "regular", Name: "regular"}
	i, err := w.Start(regular, "127.0.0.1", 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Start(regular, "127.0.0.1", int(addrPort(i.Addrs()[0]).Port()))
	if err == nil || !strings.Contains(err.Error(), "-p ") {
		t.Fatal(err)
	}
	w.end()
}
