package h2

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/http2/hpack"

	"sluice/proxy/flow"
)

// A Parser makes messages of the field sections of one connection. Its zero value is ready.
type Parser struct {
	// Lax leaves out what is not needed to tell the parts of a message apart.
	Lax bool

	last    flow.Headers // the fields of the last head, which are often those of the next
	lastLax bool
}

// Request makes a request of a field section (RFC 9113 §8.3.1, RFC 8441 §4).
// protocol is that of an extended CONNECT. With an error, the request holds what could be read; it is
// nil if that is not worth showing.
func (p *Parser) Request(fields []hpack.HeaderField) (r *flow.Request, protocol string, err error) {
	r = &flow.Request{HTTPMessage: flow.HTTPMessage{Version: Version}}
	var seen pseudo
	rest, err := seen.read(fields, func(name, value string) bool {
		switch name {
		case ":method":
			r.Method = value
			return seen.once(hasMethod)
		case ":scheme":
			r.Scheme = strings.ToLower(value)
			return seen.once(hasScheme)
		case ":authority":
			r.Authority = value
			return seen.once(hasAuthority)
		case ":path":
			r.Path = value
			return seen.once(hasPath)
		case ":protocol":
			protocol = value
			return seen.once(hasProtocol)
		}
		return false
	})
	if err == nil {
		err = seen.checkRequest(r)
	}
	if err == nil {
		r.Headers, err = p.regular(rest)
	}
	if err == nil && !p.Lax {
		err = checkHost(r)
	}
	if err != nil && (r.Method == "" || r.Path == "" && r.Authority == "") {
		r = nil
	}
	return r, protocol, err
}

// Response makes a response of a field section (RFC 9113 §8.3.2).
func (p *Parser) Response(fields []hpack.HeaderField) (*flow.Response, error) {
	r := &flow.Response{HTTPMessage: flow.HTTPMessage{Version: Version}}
	var seen pseudo
	status := ""
	rest, err := seen.read(fields, func(name, value string) bool {
		status = value
		return name == ":status" && seen.once(hasStatus)
	})
	if err != nil {
		return nil, err
	}
	if seen.has&hasStatus == 0 {
		return nil, errors.New("no :status")
	}
	r.Status, err = strconv.Atoi(status)
	if err != nil || len(status) != 3 || r.Status < 100 || r.Status == 101 { // RFC 9113 §8.6
		return nil, fmt.Errorf("invalid :status %.20q", status)
	}
	r.Headers, err = p.regular(rest)
	return r, err
}

// Trailers makes a trailer section of a field section.
func (p *Parser) Trailers(fields []hpack.HeaderField) (flow.Headers, error) {
	for i := range fields {
		if name := fields[i].Name; !p.Lax && (name == "content-length" || name == "host") { // RFC 9110 §6.5.1
			return nil, fmt.Errorf("%s is not allowed among trailers", name)
		}
	}
	return regular(fields, p.Lax)
}

// regular is the function, unless the fields are those of the last message.
func (p *Parser) regular(fields []hpack.HeaderField) (flow.Headers, error) {
	if len(fields) == len(p.last) && p.lastLax == p.Lax && same(fields, p.last) {
		return p.last, nil
	}
	h, err := regular(fields, p.Lax)
	if err == nil {
		p.last, p.lastLax = h, p.Lax
	}
	return h, err
}

// same reports whether fields are those of h. Mostly they are the very same strings, out of the table.
func same(fields []hpack.HeaderField, h flow.Headers) bool {
	for i := range fields {
		if fields[i].Name != h[i].Name || fields[i].Value != h[i].Value {
			return false
		}
	}
	return true
}

// pseudo remembers which pseudo-header fields have come.
type pseudo struct{ has uint8 }

const (
	hasMethod uint8 = 1 << iota
	hasScheme
	hasAuthority
	hasPath
	hasProtocol
	hasStatus
)

func (p *pseudo) once(bit uint8) bool {
	if p.has&bit != 0 {
		return false
	}
	p.has |= bit
	return true
}

// read gives set the pseudo-header fields in front and returns the others.
func (p *pseudo) read(fields []hpack.HeaderField, set func(name, value string) bool) ([]hpack.HeaderField, error) {
	for i, f := range fields {
		if !strings.HasPrefix(f.Name, ":") {
			return fields[i:], nil
		}
		if !set(f.Name, f.Value) {
			return nil, fmt.Errorf("unexpected or repeated %.30q", f.Name)
		}
	}
	return nil, nil
}

// checkRequest finds what is missing, too much or of no use, and splits the authority.
func (p *pseudo) checkRequest(r *flow.Request) error {
	plainConnect := r.Method == "CONNECT" && p.has&hasProtocol == 0
	switch {
	case p.has&hasMethod == 0 || !isToken(r.Method):
		return fmt.Errorf("missing or invalid :method %.30q", r.Method)
	case p.has&hasProtocol != 0 && r.Method != "CONNECT":
		return errors.New(":protocol without CONNECT")
	case plainConnect && p.has&(hasScheme|hasPath) != 0: // RFC 9113 §8.5
		return errors.New("CONNECT with :scheme or :path")
	case (r.Method == "CONNECT") && r.Authority == "":
		return errors.New("CONNECT without :authority")
	case !plainConnect && p.has&hasScheme == 0:
		return errors.New("no :scheme")
	case !plainConnect && !validPath(r):
		return fmt.Errorf("missing or invalid :path %.100q", r.Path)
	}
	if r.Authority == "" {
		return nil
	}
	var ok bool
	if r.Host, r.Port, ok = flow.ParseAuthority(r.Authority); !ok || plainConnect && r.Port == 0 {
		return fmt.Errorf("invalid :authority %.100q", r.Authority)
	}
	if r.Port == 0 {
		r.Port = flow.DefaultPort(r.Scheme)
	}
	return nil
}

// validPath reports whether the target is in origin form, or the asterisk of OPTIONS, and stays inside a request line.
func validPath(r *flow.Request) bool {
	if r.Path == "*" {
		return r.Method == "OPTIONS"
	}
	if r.Path == "" || r.Path[0] != '/' {
		return false
	}
	for i := range len(r.Path) {
		if c := r.Path[i]; c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// checkHost wants a host, and one only (RFC 9113 §8.3.1).
func checkHost(r *flow.Request) error {
	host, n := "", 0
	for i := range r.Headers {
		if r.Headers[i].Name == "host" {
			host = r.Headers[i].Value
			n++
		}
	}
	switch {
	case n > 1:
		return errors.New("several host fields")
	case n == 0 && r.Authority == "":
		return errors.New("neither :authority nor host")
	case n == 1 && r.Authority != "" && !strings.EqualFold(host, r.Authority):
		return fmt.Errorf("host %.100q is not :authority %.100q", host, r.Authority)
	}
	return nil
}

// regular copies fields that are not pseudo-header fields, and checks them (RFC 9113 §8.2).
func regular(fields []hpack.HeaderField, lax bool) (flow.Headers, error) {
	if len(fields) == 0 {
		return nil, nil
	}
	h := make(flow.Headers, len(fields))
	for i := range fields {
		f := &fields[i]
		if err := checkField(f.Name, f.Value, lax); err != nil {
			return nil, err
		}
		h[i] = flow.Header{Name: f.Name, Value: f.Value}
	}
	return h, nil
}

func checkField(name, value string, lax bool) error {
	switch {
	case strings.HasPrefix(name, ":"):
		return fmt.Errorf("%.30q is not in front of the other fields, or among trailers", name)
	case breaksLine(name) || breaksLine(value) || name == "":
		return fmt.Errorf("invalid field %.50q: %.50q", name, value)
	case lax:
		return nil
	case !isLowerToken(name):
		return fmt.Errorf("invalid field name %.50q", name)
	case value != "" && (isBlank(value[0]) || isBlank(value[len(value)-1])):
		return fmt.Errorf("field %.50q has blanks around its value", name)
	case connectionSpecific(name) || name == "te" && !strings.EqualFold(value, "trailers"): // RFC 9113 §8.2.2
		return fmt.Errorf("connection-specific field %.30q", name)
	}
	return nil
}

// ContentLength returns the length that a message announces, -1 if it announces none. An error means that it is not certain.
func ContentLength(h flow.Headers) (int64, error) {
	n := int64(-1)
	for i := range h {
		if !strings.EqualFold(h[i].Name, "content-length") {
			continue
		}
		v := h[i].Value
		m, err := strconv.ParseUint(v, 10, 63)
		if err != nil || v[0] == '+' || v[0] == '0' && v != "0" || n >= 0 {
			return -1, fmt.Errorf("invalid or repeated content-length %.30q", v)
		}
		n = int64(m)
	}
	return n, nil
}
