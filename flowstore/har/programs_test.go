package har

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// summary says in lines what came of a flow.
func summary(f *flow.Flow) string {
	q, p := f.Request, f.Response
	lines := []string{fmt.Sprintf("%s %s %s, %s", q.Method, q.URL(), q.Version, f.Server.Peer)}
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if q.Authority != "" {
		add("for %s", q.Authority)
	}
	message := func(m *flow.HTTPMessage) {
		add("%v", m.Headers)
		switch {
		case m.Body.Gap() != flow.Whole:
			add("%d bytes that are not here", m.Body.Len())
		case m.Body.Len() > 0:
			add("%q", m.Body.Bytes())
		}
	}
	message(&q.HTTPMessage)
	if p != nil {
		add("%s %d %s", p.Version, p.Status, p.Reason)
		message(&p.HTTPMessage)
	}
	if f.Error != nil {
		add("failed after %v: %s", f.Error.Time.Sub(q.Start), f.Error.Message)
	}
	if w := f.WebSocket; w != nil {
		for _, m := range w.Messages {
			add("%v %v %q at %s", m.FromClient, m.Text, m.Content, m.Time.UTC().Format("15:04:05.000000"))
		}
		add("closed by client %v: %d %s", w.ClosedByClient, w.CloseCode, w.CloseReason)
	}
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// waterfall says when what happened, counted from the first byte of the request.
func waterfall(f *flow.Flow) string {
	since := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.Sub(f.Request.Start).String()
	}
	s := fmt.Sprintf("conn %s tcp %s tls %s sent %s", since(f.Server.Start), since(f.Server.TCPSetup), since(f.Server.TLSSetup), since(f.Request.End))
	if f.Response != nil {
		s += fmt.Sprintf(" answered %s received %s", since(f.Response.Start), since(f.Response.End))
	}
	return s
}

func expect(t *testing.T, name string, want ...string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	flows, errs := readAll(bytes.NewReader(data))
	if errs != nil || len(flows) != len(want) {
		t.Fatalf("%d flows, %q", len(flows), errs)
	}
	for i, f := range flows {
		if got := summary(f) + "\n" + waterfall(f); got != strings.TrimSpace(want[i]) {
			t.Errorf("flow %d of %s is\n%s\nwant\n%s", i+1, name, got, strings.TrimSpace(want[i]))
		}
	}
}

// Chrome has pseudo-headers, addresses in brackets, short names of versions, data URLs, and WebSocket messages.
func TestChromeOddities(t *testing.T) {
	expect(t, "chrome.har", `
GET https://www.example.com/?q=1 HTTP/2.0, [2606:2800:220:1:248:1893:25c8:1946]:443
for www.example.com
[{accept */*} {cookie a=1}]
HTTP/2.0 200
[{content-length 29} {content-type text/html; charset=utf-8} {set-cookie b=2; Path=/; Secure}]
"<p>grüße aus dem netz</p>\n\n"
conn 12.623ms tcp 38.123ms tls 58.123ms sent 58.373ms answered 139.254ms received 150.254ms`, `
GET https://www.example.com/logo.png HTTP/3, [2606:2800:220:1:248:1893:25c8:1946]:443
for www.example.com
[]
HTTP/3 200
[{content-type image/png}]
"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
conn - tcp - tls - sent 625µs answered 19.5ms received 20.5ms`, `
GET https://no.such.example/ HTTP/1.1, invalid AddrPort
[{Accept */*}]
failed after 31.25ms: net::ERR_NAME_NOT_RESOLVED
conn - tcp - tls - sent 31.25ms`, `
POST http://www.example.com/upload HTTP/1.1, 93.184.216.34:80
[{Content-Type multipart/form-data; boundary=----WebKitFormBoundaryABC} {Host www.example.com}]
"------WebKitFormBoundaryABC\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n------WebKitFormBoundaryABC--\r\n"
HTTP/1.1 204 No Content
[]
conn - tcp - tls - sent 2ms answered 12ms received 12ms`, `
GET https://chat.example.com/socket HTTP/1.1, [2606:2800:220:1:248:1893:25c8:1946]:443
[{Upgrade websocket} {Host chat.example.com}]
HTTP/1.1 101 Switching Protocols
[{Upgrade websocket}]
true true "Hello, WebSockets!" at 10:01:01.507147
false false "\x00\xffbinary" at 10:01:01.588386
closed by client false: 1001 going away
conn - tcp - tls - sent 0s answered 4.99s received 5s`, `
GET https://chat.example.com/lost HTTP/1.1, [2606:2800:220:1:248:1893:25c8:1946]:443
[]
HTTP/1.1 101 Switching Protocols
[]
failed after 1m3s: Invalid frame header
true true "no opcode" at 10:01:03.000000
false false "not base64!" at 10:01:04.500000
closed by client false: 0
conn - tcp - tls - sent 0s answered 7s received 7s`)
}

// Charles has a mark at the front, null for what it does not know, a status of its own, bodies as one name of a form, and some with their coding.
func TestCharles(t *testing.T) {
	expect(t, "charles.har", `
POST https://api.example.com/call?sessionId=6a HTTP/2.0, 203.0.113.7:443
for api.example.com
[{content-type application/x-www-form-urlencoded} {content-length 44}]
"{\"className\":\"ReqWeal\",\"opType\":1,\"index\":2}"
HTTP/2.0 200
[{content-type application/json; charset=utf-8}]
"{\"retcode\": 0}"
conn 4ms tcp 24ms tls 64ms sent 66ms answered 136ms received 146ms`, `
GET http://cut.example.com/ HTTP/1.0, 203.0.113.8:80
[{Host cut.example.com}]
HTTP/1.0 200 OK
[{Content-Type text/xml}]
"<dns"
failed after 30ms: Charles says that it ended with EXCEPTION.
conn - tcp - tls - sent 0s answered 20ms received 30ms`, `
GET http://gone.example.com/ HTTP/1.1, 203.0.113.9:8080
[{Host gone.example.com}]
failed after 5ms: Charles says that it ended with EXCEPTION.
conn - tcp - tls - sent 0s`, `
GET http://img.example.com/raw HTTP/1.1, 203.0.113.10:80
[{Host img.example.com}]
HTTP/1.1 200 OK
[{Content-Type image/svg+xml} {Content-Length 6}]
"<svg/>"
conn 0s tcp 3ms tls - sent 3ms answered 7ms received 8ms`)
}

// Firefox has an empty text for a body that was too long, TLS beside connecting, and times of messages in other units.
func TestFirefoxOddities(t *testing.T) {
	expect(t, "firefox-oddities.har", `
POST https://example.org/form HTTP/2.0, 198.51.100.4:443
[{Host example.org} {Content-Type application/x-www-form-urlencoded} {Content-Length 7}]
"a=1&b=2"
HTTP/2.0 200
[{content-type text/html} {content-encoding gzip} {content-length 600000} {X-Firefox-Spdy h2}]
2500000 bytes that are not here
conn 15ms tcp 35ms tls 65ms sent 65ms answered 105ms received 155ms`, `
GET https://tracker.example.org/x HTTP/1.1, invalid AddrPort
[{Host tracker.example.org}]
failed after 0s: There is no response.
conn 0s tcp 0s tls 0s sent 0s`, `
GET https://example.org/ws HTTP/1.1, invalid AddrPort
[{Host example.org}]
HTTP/1.1 101 Switching Protocols
[{Upgrade websocket}]
true true "in milliseconds" at 10:00:02.100000
false true "in microseconds" at 10:00:02.200500
closed by client false: 0
conn 0s tcp 0s tls 0s sent 0s answered 9ms received 9ms`)
}

// Insomnia has forms without a text, and entries without timings.
func TestInsomniaForms(t *testing.T) {
	expect(t, "insomnia-forms.har", `
POST https://api.example.net/upload HTTP/1.1, invalid AddrPort
[{Content-Type multipart/form-data; boundary=----form-boundary-0} {User-Agent insomnia/2023.1.0}]
"------form-boundary-0\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\ngrüße\r\n------form-boundary-0\r\nContent-Disposition: form-data; name=\"file\"; filename=\"/tmp/a %22b%22.txt\"\r\nContent-Type: text/plain\r\n\r\n\r\n------form-boundary-0--\r\n"
HTTP/2.0 201
[{content-type application/json}]
"{\"ok\":true}"
conn - tcp - tls - sent 0s answered 38.621ms received 38.621ms`, `
PUT https://api.example.net/item HTTP/1.1, invalid AddrPort
[{Content-Type application/json}]
"{\"a\":1}"
failed after 12ms: There is no response.
conn - tcp - tls - sent 0s`)
}
