package dump

import (
	"bytes"
	"encoding/hex"
	"math"
	"slices"
	"strconv"
	"time"

	"sluice/proxy/flow"
)

// plain is the oldest version in which requests and responses are as they are in the newest one: since then only what
// is said of connections has changed.
const plain = 17

// An exchange reads an HTTP flow that is as most are from its bytes, without a dictionary in between. It
// knows no more than reader and migration do. Whatever it does not expect makes the flow odd, and then those two read it.
type exchange struct {
	parser
	m    *migration
	lent bool
	odd  bool

	made *struct { // in one piece of memory
		flow.Flow
		request  flow.Request
		response flow.Response
	}
	version        int
	client, server piece
	list           flow.Headers // room for one
}

// A piece is a value in a frame: its tag, and its payload and where that begins.
type piece struct {
	tag byte
	b   []byte
	at  int
}

// exchange reads a flow, or returns nil if it has to be read the long way.
func (m *migration) exchange(fr frame) *flow.Flow {
	left, list := maxValues, m.short.list
	m.short = exchange{parser: parser{b: fr.b, base: fr.at, left: &left, names: m.names}, m: m, lent: fr.lent, list: list}
	x := &m.short
	defer func() { x.b, x.made, x.client, x.server = nil, nil, piece{}, piece{} }() // which may be large
	from, to, err := x.span(0)
	if err != nil {
		return nil
	}
	x.made = new(struct {
		flow.Flow
		request  flow.Request
		response flow.Response
	})
	x.fields(piece{x.b[to], x.b[from:to], from}, x.field)
	f := &x.made.Flow
	if x.odd || f.Request == nil || x.version < plain || x.version > int(Newest) {
		return nil
	}
	if f.Client, f.Server = x.connections(); f.Client == nil || f.Server == nil {
		return nil
	}
	return f
}

// fields calls fn for every field of a dictionary.
func (x *exchange) fields(d piece, fn func(name string, v piece)) {
	x.odd = x.odd || d.tag != '}'
	in := x.within(d.at + len(d.b))
	for i := d.at; i < len(in.b) && !x.odd; {
		name, next, err := in.name(i)
		if err != nil {
			x.odd = true
			return
		}
		v, after := x.next(&in, next)
		if !x.odd {
			fn(name, v)
		}
		i = after
	}
}

// next returns the value that begins at i, and where the one after it does.
func (x *exchange) next(in *parser, i int) (v piece, after int) {
	from, to, err := in.span(i)
	if err != nil {
		x.odd = true
		return piece{}, 0
	}
	x.odd = x.odd || in.b[to] == '~' && from < to // nothing is of no bytes
	return piece{in.b[to], in.b[from:to], from}, to + 1
}

func (x *exchange) field(name string, v piece) {
	f := &x.made.Flow
	switch name {
	case "version":
		x.version = x.int(v)
	case "type":
		x.want(v, ';', "http")
	case "id":
		f.ID = x.id(v)
	case "client_conn":
		x.client = v
	case "server_conn":
		x.server = v
	case "intercepted":
		x.odd = x.odd || v.tag != '!' || string(v.b) != "true" && string(v.b) != "false"
	case "error", "is_replay", "websocket", "backup":
		x.want(v, '~', "")
	case "metadata":
		x.want(v, '}', "")
	case "marked":
		f.Marked = x.text(v)
	case "comment":
		f.Comment = x.text(v)
	case "timestamp_created":
		f.Created = x.time(name, v)
	case "request":
		x.made.request = flow.Request{HTTPMessage: unrecorded}
		f.Request = &x.made.request
		x.fields(v, x.request)
	case "response":
		if f.Response = nil; v.tag != '~' {
			x.made.response = flow.Response{HTTPMessage: unrecorded}
			f.Response = &x.made.response
			x.fields(v, x.response)
		}
	default:
		x.odd = true
	}
}

// unrecorded is a message of which nothing is said.
var unrecorded = flow.HTTPMessage{Body: flow.BodyGap(0, flow.Unrecorded)}

func (x *exchange) request(name string, v piece) {
	q := &x.made.request
	switch name {
	case "method":
		q.Method = x.text(v)
	case "scheme":
		q.Scheme = x.text(v)
	case "authority":
		q.Authority = x.text(v)
	case "path":
		q.Path = x.text(v)
	case "host":
		q.Host = x.text(v)
	case "port":
		q.Port = x.int(v)
	default:
		x.message(&q.HTTPMessage, name, v)
	}
}

func (x *exchange) response(name string, v piece) {
	p := &x.made.response
	switch name {
	case "status_code":
		p.Status = x.int(v)
	case "reason":
		p.Reason = x.text(v)
	default:
		x.message(&p.HTTPMessage, name, v)
	}
}

func (x *exchange) message(m *flow.HTTPMessage, name string, v piece) {
	switch name {
	case "http_version":
		m.Version = x.text(v)
	case "headers":
		m.Headers = x.headers(v)
	case "trailers":
		m.Trailers = x.headers(v)
	case "timestamp_start":
		m.Start = x.time(name, v)
	case "timestamp_end":
		m.End = x.time(name, v)
	case "content":
		if m.Body = unrecorded.Body; v.tag == '~' {
			return
		}
		x.odd = x.odd || v.tag != ','
		if x.lent {
			v.b = bytes.Clone(v.b)
		}
		m.Body = flow.BodyOf(v.b)
	default:
		x.odd = true
	}
}

// headers reads a list of pairs, whose texts share one piece of memory.
func (x *exchange) headers(v piece) flow.Headers {
	if v.tag == '~' || x.odd {
		return nil
	}
	if h, ok := x.m.memory.headers.get(v.b); ok && v.tag == ']' {
		return h
	}
	x.odd = v.tag != ']'
	text := string(v.b)
	part := func(p piece) string {
		x.odd = x.odd || p.tag != ',' && p.tag != ';'
		return text[p.at-v.at:][:len(p.b)]
	}
	x.list = x.list[:0]
	in := x.within(v.at + len(v.b))
	for i := v.at; i < len(in.b) && !x.odd; {
		var pair piece
		pair, i = x.next(&in, i)
		within := x.within(pair.at + len(pair.b))
		name, at := x.next(&within, pair.at)
		value, end := x.next(&within, at)
		if x.odd = x.odd || pair.tag != ']' || end != len(within.b); !x.odd {
			x.list = append(x.list, flow.Header{Name: part(name), Value: part(value)})
		}
	}
	if x.odd {
		return nil
	}
	h := slices.Clip(slices.Clone(x.list))
	x.m.memory.headers.put(text, h)
	return h
}

func (x *exchange) want(v piece, tag byte, text string) {
	x.odd = x.odd || v.tag != tag || string(v.b) != text
}

// text returns a text or bytes. What is short is shared, as most of it comes often.
func (x *exchange) text(v piece) string {
	x.odd = x.odd || v.tag != ';' && v.tag != ','
	if x.odd {
		return string(v.b)
	}
	return x.m.memory.texts.Of(v.b, 32)
}

func (x *exchange) int(v piece) int {
	n, err := strconv.Atoi(string(v.b))
	x.odd = x.odd || v.tag != '#' || err != nil
	return n
}

// time reads what reader.time does.
func (x *exchange) time(name string, v piece) time.Time {
	if v.tag == '~' {
		return time.Time{}
	}
	sec, err := strconv.ParseFloat(string(v.b), 64)
	switch {
	case v.tag != '^' || err != nil || math.IsNaN(sec) || math.Abs(sec) > maxTime:
		x.odd = true
		return time.Time{}
	case sec == 0 && required[name]:
		return time.Time{}
	}
	return unix(sec)
}

// id reads an id in the form that we write too.
func (x *exchange) id(v piece) (id flow.ID) {
	b := v.b
	if x.odd = x.odd || v.tag != ';' || len(b) != 36 || b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-'; x.odd {
		return id
	}
	for at, group := range [...][]byte{b[:8], b[9:13], b[14:18], b[19:23], b[24:]} {
		if _, err := hex.Decode(id[[...]int{0, 4, 6, 8, 10}[at]:], group); err != nil {
			x.odd = true
		}
	}
	return id
}
