package actions

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/proxy/content"
	"sluice/proxy/flow"
)

// Formats lists the formats that Export knows.
func Formats() []string {
	return []string{"curl", "fetch", "go", "httpie", "python", "raw", "raw_request", "raw_response"}
}

// Export writes a flow in a format. preserveIP makes curl connect to the
// address that the flow's server had.
func Export(format string, f *flow.Flow, preserveIP bool) ([]byte, error) {
	switch format {
	case "curl":
		return exportCurl(f, preserveIP)
	case "fetch":
		return exportFetch(f)
	case "go":
		return exportGo(f)
	case "python":
		return exportPython(f)
	case "httpie":
		return exportHTTPie(f)
	case "raw":
		return exportRaw(f)
	case "raw_request":
		return exportRequest(f)
	case "raw_response":
		return exportResponse(f)
	}
	return nil, fmt.Errorf("no such export format: %s; take one of %s", format, strings.Join(Formats(), ", "))
}

// noRequest says why there is nothing to export of a flow.
func noRequest(f *flow.Flow) error {
	if f.Kind != flow.HTTP {
		return fmt.Errorf("can't export a %s flow: the formats are those of HTTP; cut takes things out of others, and w saves them whole", strings.ToUpper(f.Kind.String()))
	}
	return errors.New("can't export flow with no request")
}

// An outline is a request as a command line names it.
type outline struct {
	request    *flow.Request
	headers    flow.Headers
	all        flow.Headers // headers, and what the client accepts of content codings
	body       []byte
	compressed bool // the client accepted content codings
}

func outlineOf(f *flow.Flow) (outline, error) {
	if f.Request == nil {
		return outline{}, noRequest(f)
	}
	r := f.Request
	if r.Method == "CONNECT" {
		return outline{}, errors.New("a CONNECT asks a proxy for a tunnel, and no program sends it alone: export it as raw_request instead")
	}
	body, coded, err := plainBody(&r.HTTPMessage, "request")
	if err != nil {
		return outline{}, err
	}
	o := outline{request: r, body: body}
	for _, h := range oneCookie(r) {
		switch name := strings.ToLower(h.Name); {
		case name == "content-length", name == "transfer-encoding", strings.HasPrefix(name, ":"),
			name == "content-encoding" && len(body) > 0 && !coded:
		case name == "host" && h.Value == r.Host:
		case name == "accept-encoding":
			o.compressed = true
			o.all = append(o.all, h)
		default:
			o.headers, o.all = append(o.headers, h), append(o.all, h)
		}
	}
	return o, nil
}

// oneCookie returns the headers of a request with all Cookie fields of HTTP/2 in one, as HTTP/1 has it (RFC 9113 §8.2.3).
func oneCookie(r *flow.Request) flow.Headers {
	all := r.Headers.Values("Cookie")
	if len(all) < 2 || strings.HasPrefix(r.Version, "HTTP/1") {
		return r.Headers
	}
	return r.Headers.Set("cookie", strings.Join(all, "; "))
}

func exportRaw(f *flow.Flow) ([]byte, error) {
	if f.Request == nil {
		return nil, noRequest(f)
	}
	if f.Response == nil {
		return exportRequest(f)
	}
	request, err := exportRequest(f)
	if err != nil {
		return exportResponse(f)
	}
	response, err := exportResponse(f)
	if err != nil {
		return request, nil
	}
	out := slices.Concat(request, []byte("\r\n\r\n"), response)
	if f.WebSocket != nil {
		out = append(append(out, "\r\n\r\n"...), transcript(f.WebSocket)...)
	}
	return out, nil
}

func exportRequest(f *flow.Flow) ([]byte, error) {
	r := f.Request
	if r == nil {
		return nil, noRequest(f)
	}
	m := r.HTTPMessage
	m.Headers = oneCookie(r)
	headers, body, err := plainMessage(&m, "request")
	if err != nil {
		return nil, err
	}
	if !headers.Has("Host") {
		name := r.Authority
		if name == "" {
			name = r.HostPort()
		}
		headers = append(flow.Headers{{Name: "Host", Value: name}}, headers...)
	}
	target := r.Path
	if r.Method == "CONNECT" {
		target = flow.JoinHostPort(r.Host, r.Port)
	}
	head := r.Method + " " + target + " " + version(r.Version) + "\r\n"
	return append(append(headers.AppendTo([]byte(head)), "\r\n"...), body...), nil
}

func exportResponse(f *flow.Flow) ([]byte, error) {
	r := f.Response
	switch {
	case r == nil && f.Request == nil:
		return nil, noRequest(f)
	case r == nil:
		return nil, errors.New("can't export flow with no response")
	}
	headers, body, err := plainMessage(&r.HTTPMessage, "response")
	if err != nil {
		return nil, err
	}
	head := version(r.Version) + " " + strconv.Itoa(r.Status) + " " + r.Reason + "\r\n"
	return append(append(headers.AppendTo([]byte(head)), "\r\n"...), body...), nil
}

// version is the HTTP version that a message in HTTP/1 form can have.
func version(v string) string {
	if strings.HasPrefix(v, "HTTP/1") {
		return v
	}
	return "HTTP/1.1"
}

// plainBody returns the content with its coding undone. If coded, it could not be, or only in part: the content is as it
// was sent.
func plainBody(m *flow.HTTPMessage, part string) (body []byte, coded bool, err error) {
	if m.Body.Gap() != flow.Whole {
		return nil, false, fmt.Errorf("can't export: the content of the %s is missing", part)
	}
	raw := m.Body.Bytes()
	plain, note := content.Decode(m.Headers, raw)
	if note == "[cannot decode]" || strings.HasSuffix(note, " in part]") {
		return raw, true, nil
	}
	return plain, false, nil
}

// plainMessage returns the headers and content of a message in HTTP/1 form with neither content nor transfer coding.
func plainMessage(m *flow.HTTPMessage, part string) (flow.Headers, []byte, error) {
	plain, coded, err := plainBody(m, part)
	if err != nil {
		return nil, nil, err
	}
	headers := slices.DeleteFunc(slices.Clone(m.Headers), func(h flow.Header) bool {
		return strings.HasPrefix(h.Name, ":") || strings.EqualFold(h.Name, "Transfer-Encoding")
	})
	if m.Body.Len() > 0 && !coded {
		headers = headers.Del("Content-Encoding")
	}
	if len(plain) > 0 || headers.Has("Content-Length") && m.Body.Len() > 0 {
		headers = headers.Set("Content-Length", strconv.Itoa(len(plain)))
	}
	return headers, plain, nil
}

// transcript is what passed over a WebSocket, a line for each message.
func transcript(w *flow.WebSocket) []byte {
	var b []byte
	for i, m := range w.Messages {
		if i > 0 {
			b = append(b, '\n')
		}
		if m.FromClient {
			b = append(b, "[OUTGOING] "...)
		} else {
			b = append(b, "[INCOMING] "...)
		}
		b = append(b, m.Content...)
	}
	return b
}

// Text returns bytes as text to print or to copy: what is not UTF-8 becomes escapes.
func Text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&out, `\x%02x`, b[0])
		} else {
			out.Write(b[:n])
		}
		b = b[n:]
	}
	return out.String()
}
