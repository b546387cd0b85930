package dump

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"sluice/proxy/flow"
)

// decode makes a flow of a dictionary of the newest version. Unless its bytes are given away for good nothing is kept but copies.
func (m *migration) decode(state *dict, given bool) (*flow.Flow, error) {
	r := &reader{certs: &m.certs, given: given}
	f := r.flow(state)
	if r.err != nil {
		return nil, r.err
	}
	known := m.known[f.Kind]
	known.set("metadata", encodeMetadata(f))
	f.Extra = extraOf(state, known)
	return f, nil
}

// A reader takes what it knows out of dictionaries. Its error is the first thing that was not as it should be.
type reader struct {
	err   error
	certs *certCache
	given bool // bytes need not be copied
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s is wrong: want %s", name, want)
	}
}

func (r *reader) flow(d *dict) *flow.Flow {
	f := &flow.Flow{
		ID: r.id(d), Created: r.time(d, "timestamp_created"), Client: r.client(d.dict("client_conn")), Server: r.server(d.dict("server_conn")),
		Replay: r.replay(d), Marked: r.text(d, "marked"), Comment: r.text(d, "comment"),
	}
	if e := d.dict("error"); e != nil {
		f.Error = &flow.Error{Message: r.text(e, "msg"), Time: r.time(e, "timestamp")}
	}
	switch kind := r.text(d, "type"); kind {
	case "http":
		r.http(f, d)
	case "tcp", "udp":
		f.Kind = flow.TCP
		if kind == "udp" {
			f.Kind = flow.UDP
		}
		f.Messages = r.messages(d, r.tcpMessage)
	case "dns":
		f.Kind = flow.DNS
		f.DNSRequest, f.DNSResponse = r.dns(d.dict("request")), r.dns(d.dict("response"))
		if f.DNSRequest == nil {
			r.fail("request", "a DNS question")
		}
	default:
		if r.err == nil {
			r.err = fmt.Errorf("%.40q is no kind of flow that is known here", kind)
		}
	}
	r.metadata(f, d.dict("metadata"))
	return f
}

func (r *reader) http(f *flow.Flow, d *dict) {
	q := d.dict("request")
	if q == nil {
		r.fail("request", "an HTTP request")
		return
	}
	f.Request = &flow.Request{
		HTTPMessage: r.message(q), Method: r.text(q, "method"), Scheme: r.text(q, "scheme"), Authority: r.text(q, "authority"),
		Path: r.text(q, "path"), Host: r.text(q, "host"), Port: r.int(q, "port"),
	}
	if p := d.dict("response"); p != nil {
		f.Response = &flow.Response{HTTPMessage: r.message(p), Status: r.int(p, "status_code"), Reason: r.text(p, "reason")}
	}
	if w := d.dict("websocket"); w != nil {
		f.WebSocket = &flow.WebSocket{
			Messages: r.messages(w, r.webSocketMessage), ClosedByClient: r.bool(w, "closed_by_client"), CloseCode: r.int(w, "close_code"),
			CloseReason: r.text(w, "close_reason"), End: r.time(w, "timestamp_end"),
		}
	}
}

func (r *reader) message(d *dict) flow.HTTPMessage {
	m := flow.HTTPMessage{
		Version: r.text(d, "http_version"), Headers: r.headers(d, "headers"), Trailers: r.headers(d, "trailers"),
		Start: r.time(d, "timestamp_start"), End: r.time(d, "timestamp_end"),
	}
	if v := d.get("content"); v == nil {
		m.Body = flow.BodyGap(0, flow.Unrecorded)
	} else {
		m.Body = flow.BodyOf(r.bytes(d, "content"))
	}
	return m
}

func (r *reader) headers(d *dict, name string) flow.Headers {
	var h flow.Headers
	for _, v := range r.list(d, name) {
		pair, _ := v.([]any)
		if len(pair) != 2 {
			r.fail(name, "pairs of name and value")
			return nil
		}
		key, ok := textOf(pair[0])
		value, ok2 := textOf(pair[1])
		if !ok || !ok2 {
			r.fail(name, "names and values that are bytes")
		}
		h = append(h, flow.Header{Name: key, Value: value})
	}
	return h
}

func (r *reader) messages(d *dict, read func([]any) (flow.Message, bool)) []flow.Message {
	var list []flow.Message
	for _, v := range r.list(d, "messages") {
		parts, _ := v.([]any)
		m, ok := read(parts)
		if !ok {
			r.fail("messages", "lists of what a message has")
			return nil
		}
		list = append(list, m)
	}
	return list
}

func (r *reader) tcpMessage(parts []any) (m flow.Message, ok bool) {
	if len(parts) != 3 {
		return m, false
	}
	m.FromClient, ok = parts[0].(bool)
	m.Content, m.Time = r.content(parts[1]), r.when("a time of a message", parts[2], true)
	return m, ok
}

func (r *reader) webSocketMessage(parts []any) (m flow.Message, ok bool) {
	if len(parts) != 6 {
		return m, false
	}
	code, isInt := parts[0].(int)
	m.Text = code == opText
	m.FromClient, ok = parts[1].(bool)
	m.Content, m.Time = r.content(parts[2]), r.when("a time of a message", parts[3], true)
	m.Dropped, _ = parts[4].(bool)
	m.Injected, _ = parts[5].(bool)
	return m, ok && isInt
}

// content returns the bytes of a message.
func (r *reader) content(v any) []byte {
	switch v := v.(type) {
	case []byte:
		if r.given {
			return v[:len(v):len(v)]
		}
		return bytes.Clone(v)
	case string:
		return []byte(v)
	}
	return nil
}

// id reads the id of a flow or a connection. One that is not of our form is made into one that is.
func (r *reader) id(d *dict) flow.ID {
	text := r.text(d, "id")
	id, err := flow.ParseID(text)
	if err != nil {
		return hashID([]byte(text))
	}
	return id
}

func (r *reader) replay(d *dict) flow.Replay {
	switch r.text(d, "is_replay") {
	case "request":
		return flow.ReplayedRequest
	case "response":
		return flow.ReplayedResponse
	}
	return flow.NotReplayed
}

// text reads a text or bytes; nil and nothing are "".
func (r *reader) text(d *dict, name string) string {
	v := d.get(name)
	text, ok := textOf(v)
	if !ok && v != nil {
		r.fail(name, "a text")
	}
	return text
}

func (r *reader) bytes(d *dict, name string) []byte {
	v := d.get(name)
	if _, ok := textOf(v); !ok && v != nil {
		r.fail(name, "bytes")
	}
	return r.content(v)
}

func (r *reader) int(d *dict, name string) int {
	v := d.get(name)
	n, ok := v.(int)
	if !ok && v != nil {
		r.fail(name, "a whole number")
	}
	return n
}

func (r *reader) bool(d *dict, name string) bool {
	v := d.get(name)
	on, ok := v.(bool)
	if !ok && v != nil {
		r.fail(name, "true or false")
	}
	return on
}

func (r *reader) list(d *dict, name string) []any {
	v := d.get(name)
	list, ok := v.([]any)
	if !ok && v != nil {
		r.fail(name, "a list")
	}
	return list
}

// required are the times that are never null in a file: 0 is "not known" there.
var required = map[string]bool{"timestamp_created": true, "timestamp_start": true, "timestamp": true}

func (r *reader) time(d *dict, name string) time.Time {
	return r.when(name, d.get(name), required[name])
}

// maxTime is how many seconds a time may be from 1970.
const maxTime = 1e11

// when reads seconds since 1970. Null, and 0 if zero is so, is no time.
func (r *reader) when(name string, v any, zero bool) time.Time {
	x, ok := toFloat(v)
	switch {
	case v == nil || ok && x == 0 && zero:
		return time.Time{}
	case !ok || math.IsNaN(x) || math.Abs(x) > maxTime:
		r.fail(name, "seconds since 1970")
		return time.Time{}
	}
	return unix(x)
}

func unix(x float64) time.Time {
	sec := math.Floor(x)
	return time.Unix(int64(sec), int64(math.Round((x-sec)*1e9)))
}

func toFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	}
	return 0, false
}

var errNoPEM = errors.New("no certificate in PEM")

// A certCache keeps the certificates read last: many flows of a file show the same ones.
type certCache map[string]*x509.Certificate

func (c *certCache) parse(text []byte) (*x509.Certificate, error) {
	if cert := (*c)[string(text)]; cert != nil {
		return cert, nil
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errNoPEM
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		cert = &x509.Certificate{Raw: block.Bytes} // it goes into the next file as it is
	}
	if *c == nil || len(*c) >= 1024 {
		*c = certCache{}
	}
	(*c)[string(text)] = cert
	return cert, nil
}

// addrPort reads [host, port, ...]. What is no IP address is not known.
func addrPort(v any) netip.AddrPort {
	host, port := hostPort(v)
	ip, err := netip.ParseAddr(host)
	if err != nil || port < 0 || port > math.MaxUint16 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, uint16(port))
}

func hostPort(v any) (host string, port int) {
	list, _ := v.([]any)
	if len(list) < 2 {
		return "", 0
	}
	host, _ = textOf(list[0])
	port, _ = list[1].(int)
	return host, port
}
