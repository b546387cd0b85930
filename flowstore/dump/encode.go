package dump

import (
	"crypto/x509"
	"encoding/pem"
	"net/netip"
	"time"

	"sluice/proxy/flow"
)

// The opcodes of WebSocket messages (RFC 6455 §5.2).
const (
	opText   = 1
	opBinary = 2
)

// encode makes the dictionary of the newest version. It shares bytes with the flow. What other programs said of the flow
// is not in it.
func encode(f *flow.Flow) *dict {
	return encodeBetween(f, encodeClient(f.Client), encodeServer(f.Server))
}

// encodeBetween is encode with connections that are encoded already.
func encodeBetween(f *flow.Flow, client, server any) *dict {
	d := &dict{make([]field, 0, 20)}
	d.add("version", int(Newest))
	d.add("type", f.Kind.String())
	d.add("id", f.ID.String())
	d.add("error", nil)
	if f.Error != nil {
		d.set("error", &dict{[]field{{"msg", f.Error.Message}, {"timestamp", seconds(f.Error.Time)}}})
	}
	d.add("client_conn", client)
	d.add("server_conn", server)
	d.add("intercepted", f.Intercepted)
	d.add("is_replay", [...]any{nil, "request", "response"}[f.Replay])
	d.add("marked", f.Marked)
	d.add("metadata", encodeMetadata(f))
	d.add("comment", f.Comment)
	d.add("timestamp_created", seconds(f.Created))
	switch f.Kind {
	case flow.HTTP:
		encodeHTTP(d, f)
	case flow.TCP, flow.UDP:
		d.add("messages", encodeMessages(f.Messages, tcpParts))
	case flow.DNS:
		d.add("request", encodeDNS(f.DNSRequest))
		d.add("response", encodeDNS(f.DNSResponse))
	}
	return d
}

func encodeHTTP(d *dict, f *flow.Flow) {
	q := f.Request
	if q == nil {
		q = &flow.Request{}
	}
	m := encodeMessage(&q.HTTPMessage)
	m.fields = append(m.fields, field{"host", q.Host}, field{"port", q.Port}, field{"method", octets(q.Method)},
		field{"scheme", octets(q.Scheme)}, field{"authority", octets(q.Authority)}, field{"path", octets(q.Path)})
	d.add("request", m)
	d.add("response", nil)
	if p := f.Response; p != nil {
		m := encodeMessage(&p.HTTPMessage)
		m.fields = append(m.fields, field{"status_code", p.Status}, field{"reason", octets(p.Reason)})
		d.set("response", m)
	}
	d.add("websocket", nil)
	if w := f.WebSocket; w != nil {
		ws := &dict{[]field{{"messages", encodeMessages(w.Messages, webSocketParts)}, {"closed_by_client", nil}, {"close_code", nil},
			{"close_reason", nil}, {"timestamp_end", moment(w.End)}}}
		if w.CloseCode != 0 {
			ws.set("closed_by_client", w.ClosedByClient)
			ws.set("close_code", w.CloseCode)
			ws.set("close_reason", w.CloseReason)
		}
		d.set("websocket", ws)
	}
}

func encodeMessage(m *flow.HTTPMessage) *dict {
	d := &dict{make([]field, 0, 12)}
	d.add("http_version", octets(m.Version))
	d.add("headers", m.Headers)
	d.add("content", nil)
	if m.Body.Gap() == flow.Whole {
		d.set("content", &m.Body)
	}
	d.add("trailers", nil)
	if len(m.Trailers) > 0 {
		d.set("trailers", m.Trailers)
	}
	d.add("timestamp_start", seconds(m.Start))
	d.add("timestamp_end", moment(m.End))
	return d
}

func encodeMessages(messages []flow.Message, parts func(*flow.Message) []any) []any {
	list := make([]any, len(messages))
	for i := range messages {
		list[i] = parts(&messages[i])
	}
	return list
}

func tcpParts(m *flow.Message) []any { return []any{m.FromClient, m.Content, seconds(m.Time)} }

func webSocketParts(m *flow.Message) []any {
	code := opBinary
	if m.Text {
		code = opText
	}
	return []any{code, m.FromClient, m.Content, seconds(m.Time), m.Dropped, m.Injected}
}

func encodeDNS(m *flow.DNSMessage) any {
	if m == nil {
		return nil
	}
	questions := make([]any, len(m.Questions))
	for i, q := range m.Questions {
		questions[i] = &dict{[]field{{"name", q.Name}, {"type", int(q.Type)}, {"class_", int(q.Class)}}}
	}
	return &dict{[]field{
		{"timestamp", moment(m.Time)}, {"id", int(m.ID)}, {"query", m.Query}, {"op_code", int(m.OpCode)},
		{"authoritative_answer", m.AuthoritativeAnswer}, {"truncation", m.Truncation}, {"recursion_desired", m.RecursionDesired},
		{"recursion_available", m.RecursionAvailable}, {"reserved", int(m.Reserved)}, {"response_code", int(m.ResponseCode)},
		{"questions", questions}, {"answers", encodeRecords(m.Answers)}, {"authorities", encodeRecords(m.Authorities)},
		{"additionals", encodeRecords(m.Additionals)},
	}}
}

func encodeRecords(records []flow.DNSRecord) []any {
	list := make([]any, len(records))
	for i, r := range records {
		list[i] = &dict{[]field{{"name", r.Name}, {"type", int(r.Type)}, {"class_", int(r.Class)}, {"ttl", int(r.TTL)}, {"data", r.Data}}}
	}
	return list
}

func encodeClient(c *flow.Client) *dict {
	if c == nil {
		c = &flow.Client{}
	}
	d := encodeConn(&c.Conn)
	if !c.Peer.IsValid() {
		d.set("peername", []any{"", 0})
	}
	if !c.Local.IsValid() {
		d.set("sockname", []any{"", 0})
	}
	d.set("timestamp_start", seconds(c.Start))
	d.add("mitmcert", nil)
	if c.Leaf != nil {
		d.set("mitmcert", pemOf(c.Leaf))
	}
	d.add("proxy_mode", closestMode(c.Mode))
	if c.Mode == "" {
		d.set("proxy_mode", "regular")
	}
	return d
}

func encodeServer(s *flow.Server) *dict {
	if s == nil {
		s = &flow.Server{}
	}
	d := encodeConn(&s.Conn)
	d.add("address", nil)
	if !s.Address.IsZero() {
		d.set("address", []any{s.Address.Host, s.Address.Port})
	}
	d.add("timestamp_tcp_setup", moment(s.TCPSetup))
	d.add("via", nil)
	if s.Via != nil {
		d.set("via", []any{closestScheme(s.Via.Scheme), []any{s.Via.Addr.Host, s.Via.Addr.Port}})
	}
	return d
}

func encodeConn(c *flow.Conn) *dict {
	transport := c.Transport
	if transport == "" {
		transport = "tcp"
	}
	offers, ciphers, chain := make([]any, len(c.ALPNOffers)), make([]any, len(c.CipherList)), make([]any, len(c.Certificates))
	for i, offer := range c.ALPNOffers {
		offers[i] = []byte(offer)
	}
	for i, cipher := range c.CipherList {
		ciphers[i] = cipher
	}
	for i, cert := range c.Certificates {
		chain[i] = pemOf(cert)
	}
	var alpn any
	if c.ALPN != "" {
		alpn = []byte(c.ALPN)
	}
	return &dict{append(make([]field, 0, 24), []field{
		{"id", c.ID.String()}, {"transport_protocol", transport}, {"peername", encodeAddr(c.Peer)}, {"sockname", encodeAddr(c.Local)},
		{"error", optional(c.Error)}, {"tls", c.TLS}, {"certificate_list", chain}, {"alpn", alpn}, {"alpn_offers", offers},
		{"cipher", optional(c.Cipher)}, {"cipher_list", ciphers}, {"tls_version", optional(c.TLSVersion)}, {"sni", optional(c.SNI)},
		{"timestamp_start", moment(c.Start)}, {"timestamp_tls_setup", moment(c.TLSSetup)}, {"timestamp_end", moment(c.End)},
	}...)}
}

func encodeAddr(a netip.AddrPort) any {
	if !a.IsValid() {
		return nil
	}
	return []any{a.Addr().String(), int(a.Port())}
}

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func optional(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// seconds are those since 1970, 0 for no time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

// moment is null for no time.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return seconds(t)
}
