package actions

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// Attributes lists what Set can set.
func Attributes() []string { return []string{"host", "status_code", "method", "path", "url", "reason"} }

// Set changes an attribute of a private copy of a flow and reports whether the flow has it.
func Set(f *flow.Flow, attr, value string) (bool, error) {
	switch attr {
	case "status_code", "reason":
		if f.Response == nil {
			return false, nil
		}
		return true, setResponse(f.Response, attr, value)
	case "host", "method", "path", "url":
		if f.Request == nil {
			return false, nil
		}
		return true, setRequest(f.Request, attr, value)
	}
	return false, fmt.Errorf("no such attribute: %s; take one of %s", attr, strings.Join(Attributes(), ", "))
}

func setResponse(r *flow.Response, attr, value string) error {
	if attr == "reason" {
		r.Reason = value
		return nil
	}
	code, err := strconv.Atoi(value)
	if err != nil || code < 100 || code > 999 {
		return fmt.Errorf("status code is not an integer of three digits: %q", value)
	}
	r.Status, r.Reason = code, http.StatusText(code)
	return nil
}

func setRequest(r *flow.Request, attr, value string) error {
	switch attr {
	case "url":
		if err := r.SetURL(value); err != nil {
			return fmt.Errorf("set the url: %w", err)
		}
	case "host":
		if !flow.ValidHost(value) {
			return fmt.Errorf("%q is not a host name", value)
		}
		r.Host = value
		r.SetHostHeader(r.HostPort())
	case "method":
		if value == "" || strings.ContainsAny(value, " \t\r\n") {
			return errors.New("a method is a single word, as in: POST")
		}
		r.Method = value
	case "path":
		if strings.ContainsAny(value, " \r\n") {
			return errors.New("a path has no blanks: write them as %20")
		}
		if !strings.HasPrefix(value, "/") && value != "*" {
			value = "/" + value
		}
		r.Path = value
	}
	return nil
}

// message returns the request or the response of a private copy, nil if it has none.
func message(f *flow.Flow, part string) (*flow.HTTPMessage, error) {
	switch {
	case part != "request" && part != "response":
		return nil, fmt.Errorf("no such part: %s; take request or response", part)
	case messageOf(f, part) == nil:
		return nil, nil
	case messageOf(f, part).Body.Gap() != flow.Whole:
		return nil, fmt.Errorf("the content of the %s is missing", part)
	}
	return messageOf(f, part), nil
}

func encoded(m *flow.HTTPMessage) bool {
	e := strings.ToLower(m.Headers.Get("Content-Encoding"))
	return e != "" && e != "identity"
}

// Decode undoes the content coding of a part of a private copy.
func Decode(f *flow.Flow, part string) error {
	m, err := message(f, part)
	if m == nil || !encoded(m) {
		return err
	}
	encoding := m.Headers.Get("Content-Encoding")
	plain, err := coding.Decode(strings.ToLower(encoding), m.Body.Bytes(), content.MaxDecoded)
	if err != nil {
		return fmt.Errorf("decode the %s: %w", part, err)
	}
	m.Headers = m.Headers.Del("Content-Encoding")
	setBody(m, slices.Clone(plain))
	return nil
}

// Encode applies a content coding to a part of a private copy, unless it has one.
func Encode(f *flow.Flow, part, encoding string) error {
	m, err := message(f, part)
	if m == nil || encoded(m) {
		return err
	}
	packed, err := coding.Encode(encoding, m.Body.Bytes())
	if err != nil {
		return fmt.Errorf("encode the %s: %w", part, err)
	}
	m.Headers = m.Headers.Set("Content-Encoding", encoding)
	setBody(m, packed)
	return nil
}

// Toggle decodes a part that is encoded and encodes one that is not as deflate.
func Toggle(f *flow.Flow, part string) error {
	m, err := message(f, part)
	switch {
	case m == nil:
		return err
	case encoded(m):
		return Decode(f, part)
	}
	return Encode(f, part, "deflate")
}

// setBody replaces the content and keeps Content-Length right where there is one.
func setBody(m *flow.HTTPMessage, body []byte) {
	m.Body = flow.BodyOf(body)
	if m.Headers.Has("Content-Length") {
		m.Headers = m.Headers.Set("Content-Length", strconv.Itoa(len(body)))
	}
}

// Create returns a flow with a request that nobody has sent.
func Create(method, url string, now time.Time) (*flow.Flow, error) {
	r := &flow.Request{Method: strings.ToUpper(method)}
	r.Version, r.Start, r.End = "HTTP/1.1", now, now
	u, err := flow.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("create a flow: %w", err)
	}
	r.Scheme, r.Host, r.Port, r.Path = u.Scheme, u.Host, u.Port, u.Path
	r.Headers = flow.Headers{{Name: "Host", Value: r.HostPort()}}
	f := flow.New(flow.HTTP, &flow.Client{}, flow.NewServer(flow.Addr{Host: u.Host, Port: u.Port}), now)
	f.Request, f.Live, f.Rev = r, false, 1
	return f, nil
}

// messageOf returns the request or the response of a flow, nil if it has none.
func messageOf(f *flow.Flow, part string) *flow.HTTPMessage {
	switch {
	case part == "request" && f.Request != nil:
		return &f.Request.HTTPMessage
	case part == "response" && f.Response != nil:
		return &f.Response.HTTPMessage
	}
	return nil
}
