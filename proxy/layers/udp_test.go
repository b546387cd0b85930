package layers

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
)

// datagrams returns a UDP layer whose server is not connected, and collects its flow.
func datagrams(t *testing.T, opts layer.Options, ignore bool) (p *layertest.Playbook, f **flow.Flow) {
	ctx := layertest.Context(opts)
	ctx.Client.Transport, ctx.Server.Transport = "udp", "udp"
	ctx.Server.Address = flow.Addr{Host: "example.com", Port: 123}
	p = layertest.New(t, ctx, NewUDP(ctx, ignore))
	f = new(*flow.Flow)
	p.OnHook = func(h layer.Hook) { *f = h.(layer.FlowHook).Subject() }
	return p, f
}

func TestUDP(t *testing.T) {
	p, f := datagrams(t, layer.Options{}, false)
	p.Run(`
		<< hook udp_start
		>> client "early"
		>> answer udp_start
		<< open server example.com:123
		>> opened
		<< hook udp_message
		>> client "next"
		>> answer
		<< send server "early"
		<< hook udp_message
		>> answer
		<< send server "next"
		>> server ""
		<< hook udp_message
		>> answer
		<< send client ""
		>> client closed
		<< close server
		<< close client
		<< hook udp_end
		>> answer
	`)
	if (*f).Kind != flow.UDP || (*f).Live || len((*f).Messages) != 3 || (*f).Messages[2].FromClient {
		t.Errorf("%+v", *f)
	}
}

func TestUDPModifiedAndInjected(t *testing.T) {
	p, f := datagrams(t, layer.Options{}, false)
	p.AutoHooks, p.HideHooks = true, true
	p.OnHook = func(h layer.Hook) {
		*f = h.(layer.FlowHook).Subject()
		if m := (*f).Messages; len(m) == 1 {
			(&flow.Edit{Messages: []flow.Message{{FromClient: true, Content: []byte("other")}}}).Apply(*f)
		}
	}
	p.Run("<< open server …\n>> opened\n>> client `hello`\n<< send server `other`")
	p.Event(&layer.Injected{Flow: (*f).ID, Message: flow.Message{Content: []byte("pong")}})
	p.Event(&layer.Injected{Flow: flow.NewID(), Message: flow.Message{Content: []byte("somebody else's")}})
	p.Run("<< send client `pong`")
	p.Event(&layer.Injected{Flow: (*f).ID, Message: flow.Message{Content: make([]byte, maxDatagram+1)}})
	p.Run(`<< log warn "a UDP message of 65508 bytes was not sent: a datagram carries at most 65507"`)
	if n := len((*f).Messages); n != 3 {
		t.Error(n, "messages")
	}
}

func TestUDPUnreachable(t *testing.T) {
	p, f := datagrams(t, layer.Options{}, false)
	p.AutoHooks = true
	p.Run(`
		<< hook udp_start
		<< open server …
		>> refused "no route"
		<< hook udp_error
		<< close client
	`)
	if (*f).Error == nil || (*f).Live {
		t.Errorf("%+v", *f)
	}
}

func TestUDPIgnored(t *testing.T) {
	p, _ := datagrams(t, layer.Options{}, true)
	p.Run(`
		<< open server …
		>> opened
		>> client "a"
		<< send server "a"
		>> server closed
		<< close server
		<< close client
	`)
	p, _ = datagrams(t, layer.Options{ShowIgnored: true}, true)
	p.Run("<< hook udp_start")
}

func TestUDPKilled(t *testing.T) {
	p, f := datagrams(t, layer.Options{}, false)
	p.AutoHooks = true
	p.Run("<< hook udp_start\n<< open server …\n>> opened")
	p.Event(&layer.Kill{Flow: flow.NewID()})
	p.Event(&layer.Kill{Flow: (*f).ID})
	p.Run(`
		<< close server
		<< close client
		<< hook udp_error
	`)
	if !(*f).Killed() {
		t.Error("not killed")
	}
}

func TestUDPRecordIsBounded(t *testing.T) {
	p, f := datagrams(t, layer.Options{}, false)
	p.AutoHooks, p.HideHooks = true, true
	p.Run("<< open server …\n>> opened")
	piece := make([]byte, 1<<15)
	const all = 2100
	for range all {
		p.Data(&p.Server(1).Conn, piece)
		if n := len(p.TakeSent(p.Client())); n != len(piece) {
			t.Fatalf("%d bytes forwarded", n)
		}
	}
	if n := len((*f).Messages); n >= all || (*f).Metadata["udp_record"] == "" {
		t.Errorf("%d messages are recorded, and nothing says so", n)
	}
}
