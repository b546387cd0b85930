package addon

import (
	"net/http"
	"strconv"
	"time"

	"sluice/proxy/flow"
)

// unanswered reports whether a flow is alive and nobody has given it a response or an error yet.
func unanswered(f *flow.Flow) bool { return f.Live && f.Response == nil && f.Error == nil }

// answer gives a request a response of our own. A body is left out where there can be none (RFC 9110 §6.4.1).
func answer(f *flow.Flow, status int, contentType string, body []byte) {
	h := flow.Headers{{Name: "Server", Value: "sluice"}}
	if contentType != "" {
		h = h.Add("Content-Type", contentType)
	}
	switch {
	case status == http.StatusNoContent || status == http.StatusNotModified:
		body = nil // and no length either (RFC 9110 §8.6)
	default:
		h = h.Add("Content-Length", strconv.Itoa(len(body)))
	}
	if f.Request.Method == "HEAD" {
		body = nil
	}
	now := time.Now()
	f.Response = &flow.Response{Status: status, Reason: http.StatusText(status),
		HTTPMessage: flow.HTTPMessage{Version: "HTTP/1.1", Headers: h, Body: flow.BodyOf(body), Start: now, End: now}}
}

// note keeps a fact about a flow that filters can look at.
func note(f *flow.Flow, name, value string) {
	if f.Metadata == nil {
		f.Metadata = map[string]string{}
	}
	f.Metadata[name] = value
}
