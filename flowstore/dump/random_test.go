package dump

import (
	"net/netip"
	"time"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// genTime is a time that seconds hold exactly, or none.
var genTime = rapid.Custom(func(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "no time") {
		return time.Time{}
	}
	return genMoment.Draw(t, "time")
})

// genMoment is a time that messages have, which mitmproxy gives one that has none.
var genMoment = rapid.Custom(func(t *rapid.T) time.Time {
	return time.Unix(rapid.Int64Range(1, 4e9).Draw(t, "s"), rapid.Int64Range(0, 63).Draw(t, "1/64 s")*15625000)
})

var (
	genBytes = rapid.SliceOfN(rapid.Byte(), 0, 20)
	genRaw   = rapid.Map(genBytes, func(b []byte) string { return string(b) })
	genAddr  = rapid.Custom(func(t *rapid.T) netip.AddrPort {
		ip := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "ip")))
		if rapid.Bool().Draw(t, "v6") {
			ip = netip.MustParseAddr("2001:db8::1")
		}
		return netip.AddrPortFrom(ip, rapid.Uint16().Draw(t, "port"))
	})
	genHeaders = rapid.Custom(func(t *rapid.T) flow.Headers {
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flow.Header {
			return flow.Header{Name: genRaw.Draw(t, "name"), Value: genRaw.Draw(t, "value")}
		}), 0, 3).Draw(t, "headers")
	})
	genHTTP = rapid.Custom(func(t *rapid.T) flow.HTTPMessage {
		m := flow.HTTPMessage{Version: genRaw.Draw(t, "version"), Headers: genHeaders.Draw(t, "h"), Trailers: genHeaders.Draw(t, "t"),
			Start: genTime.Draw(t, "start"), End: genTime.Draw(t, "end")}
		if gap := flow.Gap(rapid.IntRange(0, 2).Draw(t, "gap")); gap != flow.Whole {
			m.Body = flow.BodyGap(rapid.Int64Range(0, 1<<40).Draw(t, "size"), gap)
		} else {
			m.Body = flow.BodyOf(genBytes.Draw(t, "body"))
		}
		return m
	})
	genMessages = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flow.Message {
		m := flow.Message{FromClient: rapid.Bool().Draw(t, "from"), Time: genMoment.Draw(t, "time"), Dropped: rapid.Bool().Draw(t, "dropped"),
			Injected: rapid.Bool().Draw(t, "injected")}
		if rapid.Bool().Draw(t, "lost") {
			m.Lost = rapid.IntRange(1, 1e9).Draw(t, "n")
		} else {
			m.Content = genBytes.Draw(t, "content")
		}
		return m
	}), 0, 4)
	genRecords = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) flow.DNSRecord {
		return flow.DNSRecord{Name: rapid.String().Draw(t, "name"), Type: rapid.Uint16().Draw(t, "type"), Class: rapid.Uint16().Draw(t, "class"),
			TTL: rapid.Uint32().Draw(t, "ttl"), Data: genBytes.Draw(t, "data")}
	}), 0, 2)
	genDNS = rapid.Custom(func(t *rapid.T) *flow.DNSMessage {
		b := rapid.Bool()
		m := &flow.DNSMessage{ID: rapid.Uint16().Draw(t, "id"), Query: b.Draw(t, "q"), OpCode: rapid.Uint8().Draw(t, "op"),
			AuthoritativeAnswer: b.Draw(t, "aa"), Truncation: b.Draw(t, "tc"), RecursionDesired: b.Draw(t, "rd"), RecursionAvailable: b.Draw(t, "ra"),
			Reserved: rapid.Uint8().Draw(t, "z"), ResponseCode: rapid.Uint8().Draw(t, "code"), Answers: genRecords.Draw(t, "an"),
			Authorities: genRecords.Draw(t, "ns"), Additionals: genRecords.Draw(t, "ar"), Time: genTime.Draw(t, "time")}
		for range rapid.IntRange(0, 2).Draw(t, "questions") {
			m.Questions = append(m.Questions, flow.DNSQuestion{Name: rapid.String().Draw(t, "name"), Type: rapid.Uint16().Draw(t, "type"), Class: 1})
		}
		return m
	})
)

func genConn(t *rapid.T) flow.Conn {
	text, texts := rapid.String(), rapid.SliceOfN(rapid.String(), 0, 3)
	c := flow.Conn{ID: genID(t), Transport: rapid.SampledFrom([]string{"tcp", "udp"}).Draw(t, "transport"), Error: text.Draw(t, "error"),
		TLS: rapid.Bool().Draw(t, "tls"), SNI: text.Draw(t, "sni"), ALPN: genRaw.Draw(t, "alpn"), ALPNOffers: texts.Draw(t, "offers"),
		Cipher: text.Draw(t, "cipher"), CipherList: texts.Draw(t, "ciphers"), TLSVersion: rapid.SampledFrom([]string{"", "TLSv1.3"}).Draw(t, "version"),
		Start: genTime.Draw(t, "start"), TLSSetup: genTime.Draw(t, "setup"), End: genTime.Draw(t, "end")}
	if rapid.Bool().Draw(t, "connected") {
		c.Peer, c.Local = genAddr.Draw(t, "peer"), genAddr.Draw(t, "local")
	}
	return c
}

func genID(t *rapid.T) flow.ID { return flow.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")) }

// genFlow is any flow that has ended.
var genFlow = rapid.Custom(func(t *rapid.T) *flow.Flow {
	f := &flow.Flow{ID: genID(t), Kind: flow.Kind(rapid.IntRange(0, 3).Draw(t, "kind")), Created: genTime.Draw(t, "created"),
		Client: &flow.Client{Conn: genConn(t), Mode: rapid.SampledFrom([]string{"regular", "socks5@1080", "reverse:http2://shop:8000@8080", "upstream:SOCKS5://proxy:1080"}).Draw(t, "mode")},
		Server: &flow.Server{Conn: genConn(t)},
		Replay: flow.Replay(rapid.IntRange(0, 2).Draw(t, "replay")), Marked: rapid.String().Draw(t, "mark"), Comment: rapid.String().Draw(t, "comment"),
		Metadata: rapid.MapOfN(rapid.StringMatching(`[a-r]{1,9}`), rapid.String(), 0, 40).Draw(t, "metadata")}
	f.Server.Address = flow.Addr{Host: rapid.String().Draw(t, "host"), Port: rapid.IntRange(1, 65535).Draw(t, "port")}
	f.Server.TCPSetup = genTime.Draw(t, "tcp setup")
	if rapid.Bool().Draw(t, "via") {
		f.Server.Via = &flow.Via{Scheme: rapid.SampledFrom([]string{"http", "socks5"}).Draw(t, "scheme"), Addr: flow.Addr{Host: "proxy", Port: 3128}}
	}
	if rapid.Bool().Draw(t, "error") {
		f.Error = &flow.Error{Message: rapid.String().Draw(t, "msg"), Time: genTime.Draw(t, "when")}
	}
	switch f.Kind {
	case flow.HTTP:
		genExchange(t, f)
	case flow.DNS:
		f.DNSRequest = genDNS.Draw(t, "question")
		if rapid.Bool().Draw(t, "answered") {
			f.DNSResponse = genDNS.Draw(t, "answer")
		}
	default:
		f.Messages = genMessages.Draw(t, "messages")
	}
	return f
})

func genExchange(t *rapid.T, f *flow.Flow) {
	f.Request = &flow.Request{HTTPMessage: genHTTP.Draw(t, "request"), Method: genRaw.Draw(t, "method"), Scheme: genRaw.Draw(t, "scheme"),
		Authority: genRaw.Draw(t, "authority"), Path: genRaw.Draw(t, "path"), Host: rapid.String().Draw(t, "host"), Port: rapid.IntRange(0, 65535).Draw(t, "port")}
	if rapid.Bool().Draw(t, "answered") {
		f.Response = &flow.Response{HTTPMessage: genHTTP.Draw(t, "response"), Status: rapid.IntRange(100, 999).Draw(t, "status"), Reason: genRaw.Draw(t, "reason")}
	}
	if rapid.Bool().Draw(t, "websocket") {
		w := &flow.WebSocket{Messages: genMessages.Draw(t, "messages"), End: genTime.Draw(t, "end")}
		for i := range w.Messages {
			w.Messages[i].Text = rapid.Bool().Draw(t, "text")
		}
		if rapid.Bool().Draw(t, "closed") {
			w.ClosedByClient, w.CloseCode, w.CloseReason = rapid.Bool().Draw(t, "by"), 1000, rapid.String().Draw(t, "why")
		}
		f.WebSocket = w
	}
}
