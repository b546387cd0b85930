package layers

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// relay returns a TCP layer whose server is not connected, and collects its flow.
func relay(t *testing.T, opts layer.Options, ignore bool) (p *layertest.Playbook, f **flow.Flow) {
	ctx := layertest.Context(opts)
	ctx.Server.Address = flow.Addr{Host: "example.com", Port: 25}
	p = layertest.New(t, ctx, NewTCP(ctx, ignore))
	f = new(*flow.Flow)
	p.OnHook = func(h layer.Hook) { *f = h.(layer.FlowHook).Subject() }
	return p, f
}

func TestTCP(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.Run(`
		<< hook tcp_start
		>> client "early"
		>> answer tcp_start
		<< open server example.com:25
		>> opened
		<< hook tcp_message
		>> client "next"
		>> answer
		<< send server "early"
		<< hook tcp_message
		>> answer
		<< send server "next"
		>> server "220"
		<< hook tcp_message
		>> answer
		<< send client "220"
		>> client closed
		<< half-close server
		>> server "bye"
		<< hook tcp_message
		>> answer
		<< send client "bye"
		>> server closed
		<< close client
		<< hook tcp_end
		>> answer
	`)
	if (*f).Live || len((*f).Messages) != 4 || !(*f).Messages[0].FromClient || string((*f).Messages[0].Content) != "early" {
		t.Errorf("%+v", *f)
	}
}

func TestTCPOneByteAtATime(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.AutoHooks = true
	p.HideHooks = true
	p.Run("<< open server …\n>> opened")
	client := &p.Server(1).Conn
	for _, b := range layertest.Split("hello world") {
		p.Data(client, b)
	}
	p.Run(`<< send client "hello world"`)
	if n := len((*f).Messages); n != 11 {
		t.Error(n, "messages")
	}
}

func TestTCPModified(t *testing.T) {
	p, _ := relay(t, layer.Options{}, false)
	p.AutoHooks, p.HideHooks = true, true
	p.OnHook = func(h layer.Hook) {
		if m, ok := h.(*layer.TCPMessage); ok {
			e := &flow.Edit{Messages: []flow.Message{{FromClient: true, Content: []byte("other")}}}
			e.Apply(m.Flow)
		}
	}
	p.Run(`
		<< open server …
		>> opened
		>> client "hello"
		<< send server "other"
	`)
}

func TestTCPDropped(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.AutoHooks, p.HideHooks = true, true
	p.OnHook = func(h layer.Hook) {
		*f = h.(layer.FlowHook).Subject()
		if n := len((*f).Messages); n == 1 {
			e := &flow.Edit{Messages: []flow.Message{{FromClient: true, Content: []byte("hello"), Dropped: true}}}
			e.Apply(*f)
		}
	}
	p.Run(`
		<< open server …
		>> opened
		>> client "hello"
		>> server "next"
		<< send client "next"
	`)
	if m := (*f).Messages; len(m) != 2 || !m[0].Dropped {
		t.Errorf("%+v", m)
	}
}

func TestTCPUnreachable(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.AutoHooks = true
	p.Run(`
		<< hook tcp_start
		<< open server …
		>> refused "no route"
		<< hook tcp_error
		<< close client
	`)
	if (*f).Error == nil || (*f).Error.Message != "no route" || (*f).Live {
		t.Errorf("%+v", *f)
	}
}

func TestTCPIgnored(t *testing.T) {
	p, _ := relay(t, layer.Options{}, true)
	p.Run(`
		<< open server …
		>> opened
		>> client "a"
		<< send server "a"
		>> server "b"
		<< send client "b"
		>> server closed
		<< half-close client
		>> client closed
		<< close server
	`)
	p, _ = relay(t, layer.Options{ShowIgnored: true}, true)
	p.Run("<< hook tcp_start")
}

func TestTCPInjected(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.AutoHooks, p.HideHooks = true, true
	p.Run("<< open server …\n>> opened")
	p.Event(&layer.Injected{Flow: (*f).ID, Message: flow.Message{Content: []byte("ping")}})
	p.Event(&layer.Injected{Flow: (*f).ID, Message: flow.Message{Content: []byte("pong"), FromClient: true}})
	p.Event(&layer.Injected{Flow: flow.NewID(), Message: flow.Message{Content: []byte("somebody else's")}})
	p.Run(`
		<< send client "ping"
		<< send server "pong"
	`)
	if m := (*f).Messages; len(m) != 2 || !m[0].Injected || m[0].FromClient || !m[1].FromClient {
		t.Errorf("%+v", m)
	}
}

func TestTCPKilled(t *testing.T) {
	for _, at := range []string{"tcp_start", "tcp_message"} {
		t.Run(at, func(t *testing.T) {
			p, f := relay(t, layer.Options{}, false)
			p.AutoHooks, p.HideHooks = true, true
			p.OnHook = func(h layer.Hook) {
				if *f = h.(layer.FlowHook).Subject(); h.Name() == at {
					(*f).Kill(layertest.Epoch)
				}
			}
			if at == "tcp_start" {
				p.Run("<< close client")
			} else {
				p.Run("<< open server …\n>> opened\n>> client `x`\n<< close server\n<< close client")
			}
			if (*f).Live {
				t.Error("still alive")
			}
		})
	}
}

func TestTCPKillEvent(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.AutoHooks = true
	p.Run("<< hook tcp_start\n<< open server …\n>> opened")
	p.Event(&layer.Kill{Flow: flow.NewID()})
	p.Event(&layer.Kill{Flow: (*f).ID})
	p.Run(`
		<< close server
		<< close client
		<< hook tcp_error
	`)
	if !(*f).Killed() {
		t.Error("not killed")
	}
}

func TestTCPRecordIsBounded(t *testing.T) {
	p, f := relay(t, layer.Options{}, false)
	p.AutoHooks, p.HideHooks = true, true
	p.Run("<< open server …\n>> opened")
	piece := make([]byte, 16<<20)
	for range 6 {
		p.Data(&p.Server(1).Conn, piece)
		if n := len(p.TakeSent(p.Client())); n != len(piece) {
			t.Fatalf("%d bytes forwarded", n)
		}
	}
	if n := len((*f).Messages); n != 3 {
		t.Errorf("%d messages of 16 MiB are recorded", n)
	}
	if (*f).Metadata["tcp_record"] == "" {
		t.Error("nothing says so")
	}
}
