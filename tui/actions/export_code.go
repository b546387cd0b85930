package actions

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/proxy/flow"
)

// exportPython writes the request of a flow as a program that uses requests.
func exportPython(f *flow.Flow) ([]byte, error) {
	o, err := outlineOf(f)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString("import requests\n\n")
	fmt.Fprintf(&b, "response = requests.request(\n    %s,\n    %s,\n", pythonText(o.request.Method), pythonText(o.request.PrettyURL()))
	if headers := o.joined(); len(headers) > 0 {
		b.WriteString("    headers={\n")
		for _, h := range headers {
			fmt.Fprintf(&b, "        %s: %s,\n", pythonText(h.Name), pythonText(latin1(h.Value)))
		}
		b.WriteString("    },\n")
	}
	if len(o.body) > 0 {
		fmt.Fprintf(&b, "    data=%s,\n", pythonBytes(o.body))
	}
	b.WriteString(")\nprint(response.status_code)\nprint(response.text)\n")
	return []byte(b.String()), nil
}

// joined returns the headers with those of one name in one, in the place of the first, as a table of them needs it
// (RFC 9110 §5.3).
func (o *outline) joined() flow.Headers {
	var out flow.Headers
	for _, h := range o.headers {
		switch {
		case !out.Has(h.Name):
			out = append(out, h)
		case strings.EqualFold(h.Name, "Cookie"): // RFC 9113 §8.2.3
			out = out.Set(h.Name, out.Get(h.Name)+"; "+h.Value)
		default:
			out = out.Set(h.Name, out.Get(h.Name)+", "+h.Value)
		}
	}
	return out
}

// latin1 returns a character for each byte, as Python and JavaScript take headers.
func latin1(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// pythonText writes a str of Python. What is not UTF-8 is as Python reads headers: a character for each byte.
func pythonText(s string) string {
	if !utf8.ValidString(s) {
		return pythonBytes([]byte(s)) + `.decode("latin-1")`
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case strconv.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// pythonBytes writes bytes of Python, as text if they are UTF-8 beyond ASCII.
func pythonBytes(p []byte) string {
	ascii := true
	for _, c := range p {
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii && utf8.Valid(p) {
		return pythonText(string(p)) + ".encode()"
	}
	var b strings.Builder
	b.WriteString(`b"`)
	for _, c := range p {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c == '\n':
			b.WriteString(`\n`)
		case c >= ' ' && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// exportGo writes the request of a flow as a program in Go.
func exportGo(f *flow.Flow) ([]byte, error) {
	o, err := outlineOf(f)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	body, imports := "nil", `"fmt"
	"io"
	"log"
	"net/http"`
	if len(o.body) > 0 {
		body, imports = "strings.NewReader("+goText(string(o.body))+")", imports+"\n\t\"strings\""
	}
	fmt.Fprintf(&b, "package main\n\nimport (\n\t%s\n)\n\nfunc main() {\n", imports)
	target, opaque := o.goURL()
	fmt.Fprintf(&b, "\treq, err := http.NewRequest(%s, %s, %s)\n", strconv.Quote(o.request.Method), strconv.Quote(target), body)
	b.WriteString("\tif err != nil {\n\t\tlog.Fatal(err)\n\t}\n")
	if opaque != "" {
		fmt.Fprintf(&b, "\treq.URL.Opaque = %s\n", strconv.Quote(opaque))
	}
	for _, h := range o.headers {
		if strings.EqualFold(h.Name, "Host") { // net/http has a field for it
			fmt.Fprintf(&b, "\treq.Host = %s\n", strconv.Quote(h.Value))
		} else {
			fmt.Fprintf(&b, "\treq.Header.Add(%s, %s)\n", strconv.Quote(h.Name), strconv.Quote(h.Value))
		}
	}
	b.WriteString(`	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(resp.Status)
	fmt.Println(string(body))
}
`)
	return []byte(b.String()), nil
}

// goURL returns the URL for net/http, and the path that it has to send in the place of the URL's if it would write it
// otherwise, or refuse it.
func (o *outline) goURL() (target, opaque string) {
	target, path := o.request.PrettyURL(), o.request.Path
	u, err := url.Parse(target)
	if err == nil && u.RequestURI() == path || path != "*" && !strings.HasPrefix(path, "/") {
		return target, ""
	}
	return strings.TrimSuffix(target, path) + "/", path
}

// goText writes a string of Go, raw where that reads better.
func goText(s string) string {
	if strings.ContainsAny(s, "\"\n\\") && strconv.CanBackquote(strings.ReplaceAll(s, "\n", "")) && !strings.Contains(s, "\r") {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// fetchForbidden are headers that fetch sets itself and lets nobody set.
var fetchForbidden = []string{"Host", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect"}

// exportFetch writes the request of a flow as a call of fetch in JavaScript.
func exportFetch(f *flow.Flow) ([]byte, error) {
	o, err := outlineOf(f)
	if err != nil {
		return nil, err
	}
	m := o.request.Method
	if len(o.body) > 0 && (m == "GET" || m == "HEAD") {
		return nil, errors.New("fetch sends no body with " + m + ": export it as curl instead")
	}
	if slices.Contains([]string{"TRACE", "TRACK"}, strings.ToUpper(m)) {
		return nil, errors.New("fetch sends no " + m + ": export it as curl instead")
	}
	for _, name := range fetchForbidden {
		o.headers = o.headers.Del(name)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "const response = await fetch(%s, {\n  method: %s,\n", jsText(o.request.PrettyURL()), jsText(m))
	if headers := o.joined(); len(headers) > 0 {
		b.WriteString("  headers: {\n")
		for _, h := range headers {
			fmt.Fprintf(&b, "    %s: %s,\n", jsText(h.Name), jsText(latin1(h.Value)))
		}
		b.WriteString("  },\n")
	}
	if len(o.body) > 0 {
		fmt.Fprintf(&b, "  body: %s,\n", jsBody(o.body))
	}
	b.WriteString("});\nconsole.log(response.status, await response.text());\n")
	return []byte(b.String()), nil
}

// jsBody writes what fetch sends as these bytes.
func jsBody(body []byte) string {
	if utf8.Valid(body) {
		return jsText(string(body))
	}
	return `Uint8Array.from(atob("` + base64.StdEncoding.EncodeToString(body) + `"), (c) => c.charCodeAt(0))`
}

// jsText writes a string of JavaScript.
func jsText(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b) // a string of JSON is one of JavaScript
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}
