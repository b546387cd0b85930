package layers

import (
	"errors"
	"strconv"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/wire/http1"
)

// checkRequest refuses what must not be forwarded and finds out where the request goes. valid: its fields have been checked.
func (st *HTTPStream) checkRequest(valid bool) (errorCode, string) {
	h, r := st.h, st.flow.Request
	if r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https" {
		return requestValidationFailed, "unexpected request scheme: " + r.Scheme
	}
	if r.Method == "CONNECT" && st.protocol == "" && h.mode == HTTPTransparent {
		return requestValidationFailed, "The client asked for a tunnel with CONNECT where sluice stands in for the server. " +
			"If it is meant to use sluice as its proxy, run sluice in regular mode and let the client connect to it directly."
	}
	if !valid && !h.ctx.Options().SkipValidation {
		if err := http1.ValidateRequest(r); err != nil {
			return requestValidationFailed, smuggling(err, "client")
		}
	}
	if !h.ctx.Options().SkipValidation && severalHosts(r.Headers) {
		return requestValidationFailed, smuggling(errSeveralHosts, "client")
	}
	if !st.locate() {
		return destinationUnknown, "HTTP request has no host header or more than one, destination unknown."
	}
	return 0, ""
}

var errSeveralHosts = errors.New("a request with more than one host header")

// severalHosts reports whether servers may take a request to be for different hosts (RFC 9112 §3.2).
func severalHosts(h flow.Headers) bool {
	n := 0
	for i := range h {
		if len(h[i].Name) == len("host") && strings.EqualFold(h[i].Name, "host") {
			n++
		}
	}
	return n > 1
}

func (st *HTTPStream) checkResponse(valid bool) string {
	if !valid && !st.h.ctx.Options().SkipValidation {
		if err := http1.ValidateResponse(st.flow.Response); err != nil {
			return smuggling(err, "server")
		}
		if !asked(st.flow.Request.Headers, st.flow.Response.Status) {
			return "The server switched protocols without being asked to. " +
				"Turn validate_inbound_headers off to let such messages pass."
		}
	}
	return ""
}

// asked reports whether a request with these fields allows a response of this status: a 101 has to be asked for (RFC 9110 §15.2.2).
func asked(h flow.Headers, status int) bool {
	if status != 101 {
		return true
	}
	_, ok := h.Lookup("Upgrade")
	return ok
}

func smuggling(err error, from string) string {
	return "Received " + err.Error() + " from " + from + ". Forwarding it could let another request be smuggled past us. " +
		"Turn validate_inbound_headers off to let such messages pass."
}

// locate sets the request's destination and reports whether there is one.
func (st *HTTPStream) locate() bool {
	ctx, r := st.h.ctx, st.flow.Request
	if r.Method == "CONNECT" && st.protocol == "" {
		return r.Host != ""
	}
	if st.h.mode == HTTPTransparent {
		r.Host, r.Port = ctx.Server.Address.Host, ctx.Server.Address.Port
		r.Scheme = schemeOf(ctx.Server.TLS)
		if strings.HasPrefix(ctx.Client.Mode, "reverse:") && !ctx.Options().KeepHostHeader {
			r.SetHostHeader(hostHeader(r))
		}
		return true
	}
	if r.Host == "" {
		names := r.Headers.Values("Host")
		if len(names) != 1 { // RFC 9112 §3.2
			return false
		}
		host, port, ok := flow.SplitHostPort(names[0])
		if !ok || !validHost(host) {
			return false
		}
		r.Scheme = schemeOf(ctx.Client.TLS)
		if port == 0 {
			port = flow.DefaultPort(r.Scheme)
		}
		r.Host, r.Port = host, port
	}
	if _, plain := st.h.via(flow.Addr{Host: r.Host, Port: r.Port}, ctx.Server.Via); !plain && !strings.HasPrefix(r.Version, "HTTP/2") {
		r.Authority = ""
	}
	return true
}

func schemeOf(tls bool) string {
	if tls {
		return "https"
	}
	return "http"
}

func hostHeader(r *flow.Request) string {
	if r.Port != flow.DefaultPort(r.Scheme) || strings.Contains(r.Host, ":") {
		return flow.JoinHostPort(r.Host, r.Port)
	}
	return r.Host
}

// validHost reports whether a host name from a header can be connected to: no blanks, no delimiters of a URL.
func validHost(host string) bool {
	if host == "" || len(host) > 255 {
		return false
	}
	return !strings.ContainsFunc(host, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("/\\?#@,\"<>", c) })
}

// announced is the size of a body by its Content-Length; 0 if it is not known.
func announced(h flow.Headers) int64 {
	v, ok := h.Lookup("Content-Length")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// tooLarge applies the size options to a body of which size bytes are announced
// or here. It sets m.Stream, or refuses the message, ends the stream and returns true.
func (st *HTTPStream) tooLarge(m *flow.HTTPMessage, request bool, size int64) bool {
	o := st.h.ctx.Options()
	if size <= 0 || o.BodySizeLimit == 0 && o.StreamLargeBodies == 0 {
		return false
	}
	if o.BodySizeLimit > 0 && size > o.BodySizeLimit {
		st.refuseBody(request, m.Body.Len() == 0)
		return true
	}
	if o.StreamLargeBodies != 0 && size > max(o.StreamLargeBodies, 0) {
		m.Stream = true
	}
	return false
}

// refuseBody ends the stream because of a body over the limit. early: its headers hook has not been issued yet.
func (st *HTTPStream) refuseBody(request, early bool) {
	code, what := responseTooLarge, "Response"
	if request {
		code, what = requestTooLarge, "Request"
	}
	switch {
	case early && request:
		st.hookRequestHeaders()
	case early:
		st.hookResponseHeaders()
	}
	text := what + " body exceeds sluice's body_size_limit."
	st.setError(text)
	st.hookError()
	st.client.sendError(st, code, text)
	st.finish()
}
