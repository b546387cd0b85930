package actions

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/flowstore"
	"sluice/proxy/command"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
	"sluice/proxy/option"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 5000, time.UTC)

func testFlow(t *testing.T) *flow.Flow {
	t.Helper()
	f, err := Create("post", "http://example.com:8080/a?b=c", noon)
	if err != nil {
		t.Fatal(err)
	}
	f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "Accept-Encoding", Value: "gzip"},
		flow.Header{Name: "X-It", Value: "it's"}, flow.Header{Name: "Content-Length", Value: "5"})
	f.Request.Body = flow.BodyOf([]byte("a=b&c"))
	packed, err := coding.Encode("gzip", []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	f.Response = &flow.Response{Status: 200, Reason: "OK"}
	f.Response.Version = "HTTP/2.0"
	f.Response.Headers = flow.Headers{{Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Type", Value: "text/plain"}}
	f.Response.Body = flow.BodyOf(packed)
	f.Server.Peer = netip.MustParseAddrPort("192.0.2.1:8080")
	return f
}

func TestExport(t *testing.T) {
	f := testFlow(t)
	for format, want := range map[string]string{
		"curl":         `curl --compressed -H 'Host: example.com:8080' -H 'X-It: it'"'"'s' -X POST -H content-type: 'http://example.com:8080/a?b=c' -d 'a=b&c'`,
		"httpie":       `printf 'a=b&c' | http POST 'http://example.com:8080/a?b=c' 'Host: example.com:8080' 'Accept-Encoding: gzip' 'X-It: it'"'"'s'`,
		"raw_request":  "POST /a?b=c HTTP/1.1\r\nHost: example.com:8080\r\nAccept-Encoding: gzip\r\nX-It: it's\r\nContent-Length: 5\r\n\r\na=b&c",
		"raw_response": "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello",
	} {
		got, err := Export(format, f, false)
		if err != nil || string(got) != want {
			t.Errorf("%s: %v\n got %q\nwant %q", format, err, got, want)
		}
	}
	raw, err := Export("raw", f, false)
	if err != nil || !strings.HasPrefix(string(raw), "POST ") || !strings.HasSuffix(string(raw), "\r\n\r\nhello") {
		t.Errorf("raw: %v %q", err, raw)
	}
	pinned, err := Export("curl", f, true)
	if err != nil || !strings.Contains(string(pinned), "--resolve 'example.com:8080:[192.0.2.1]'") {
		t.Errorf("curl with the address: %v %q", err, pinned)
	}
	if _, err := Export("wav", f, false); err == nil || !strings.Contains(err.Error(), "httpie") {
		t.Errorf("an unknown format: %v", err)
	}
}

// TestExportPinned: the host that curl is given an address for is that of the URL, also if it is an address itself.
func TestExportPinned(t *testing.T) {
	f := testFlow(t)
	f.Request.Port = 9000 // where the request went; it names another one
	for host, want := range map[string]string{
		"example.com:8080": " --resolve 'example.com:8080:[192.0.2.1]' ", "[2001:db8::1]:8080": " --connect-to '[2001:db8::1]:8080:[192.0.2.1]:' ",
		"192.0.2.1:8080": "curl --compressed -H ",
	} {
		f.Request.Headers = f.Request.Headers.Set("Host", host)
		got, err := Export("curl", f, true)
		if err != nil || !strings.Contains(string(got), want) || !strings.Contains(string(got), "http://"+host+"/a?b=c") {
			t.Errorf("%s: %v %s", host, err, got)
		}
	}
}

// TestExportJoinsCookies: the cookies that HTTP/2 has in several fields are one, and those of HTTP/1 as they were.
func TestExportJoinsCookies(t *testing.T) {
	f := testFlow(t)
	f.Request.Headers = flow.Headers{{Name: "cookie", Value: "a=1"}, {Name: "x", Value: "y"}, {Name: "cookie", Value: "b=2"}}
	for _, format := range []string{"curl", "go", "httpie", "raw_request"} {
		for version, want := range map[string]int{"HTTP/2.0": 1, "HTTP/1.1": 2} {
			f.Request.Version = version
			got, err := Export(format, f, false)
			if text := string(got); err != nil || strings.Count(text, "cookie") != want || strings.Contains(text, "a=1; b=2") != (want == 1) {
				t.Errorf("%s of %s: %v %s", format, version, err, text)
			}
		}
	}
	if len(f.Request.Headers) != 3 {
		t.Errorf("the flow was changed: %v", f.Request.Headers)
	}
}

// TestExportOfOtherFlows says what a flow is that is not HTTP.
func TestExportOfOtherFlows(t *testing.T) {
	f := &flow.Flow{Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}}
	for _, format := range Formats() {
		if _, err := Export(format, f, false); err == nil || !strings.HasPrefix(err.Error(), "can't export a DNS flow: ") {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// TestHostOfAnAddress: a Host header has brackets around an address of IPv6, with or without a port.
func TestHostOfAnAddress(t *testing.T) {
	for url, want := range map[string]string{"http://[::1]/": "[::1]", "http://[::1]:8080/": "[::1]:8080", "https://192.0.2.1:443/": "192.0.2.1"} {
		f, err := Create("get", url, noon)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Request.Headers.Get("Host"); got != want {
			t.Errorf("%s: a new request has %q, want %q", url, got, want)
		}
		f.Request.Headers = nil
		if raw, err := Export("raw_request", f, false); err != nil || string(raw) != "GET / HTTP/1.1\r\nHost: "+want+"\r\n\r\n" {
			t.Errorf("%s: %q, %v", url, raw, err)
		}
	}
}

func TestExportOfWhatIsMissing(t *testing.T) {
	f := testFlow(t)
	f.Response = nil
	if _, err := Export("raw_response", f, false); err == nil {
		t.Error("exported a response that is not there")
	}
	f.Request.Body = flow.BodyGap(5, flow.Unrecorded)
	if _, err := Export("raw", f, false); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("a missing body: %v", err)
	}
}

func TestCut(t *testing.T) {
	f := testFlow(t)
	f.Error = &flow.Error{Message: "broken", Time: noon}
	latin, nowhere := testFlow(t), testFlow(t)
	latin.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/plain; charset=latin1"}}
	latin.Response.Body, nowhere.Server = flow.BodyOf([]byte("caf\xe9")), flow.NewServer(flow.Addr{})
	for _, c := range []struct {
		f          *flow.Flow
		spec, want string
	}{
		{latin, "response.text", "café"}, {latin, "response.content", "caf\xe9"}, {f, "request.header[ X-It ]", "it's"},
		{nowhere, "server_conn.address.port", ""}, {nowhere, "server_conn.address.host", ""},
	} {
		if got, err := Cut(c.f, c.spec); err != nil || string(got) != c.want {
			t.Errorf("%s = %q, %v; want %q", c.spec, got, err, c.want)
		}
	}
	for spec, want := range map[string]string{
		"request.method": "POST", "request.url": "http://example.com:8080/a?b=c", "request.port": "8080",
		"request.header[x-it]": "it's", "request.header[none]": "", "response.status_code": "200", "response.content": "hello",
		"request.content": "a=b&c", "request.timestamp_start": "1767355200.000005", "response.timestamp_end": "",
		"server_conn.address.host": "example.com", "server_conn.ip_address.host": "192.0.2.1", "server_conn.tls_established": "false",
		"client_conn.peername.host": "", "server_conn.peername.port": "8080", "client_conn.tls": "false", "server_conn.timestamp_end": "",
		"client_conn.address.port": "", "error.msg": "broken", "error": "broken", "error.timestamp": "1767355200.000005",
		"response.headers": "Content-Encoding: gzip\nContent-Type: text/plain\n",
		"is_replay":        "", "live": "false", "timestamp_created": "1767355200.000005", "server_conn.certificate_list": "",
	} {
		got, err := Cut(f, spec)
		if err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", spec, got, err, want)
		}
	}
	if raw, _ := Cut(f, "response.raw_content"); string(raw) == "hello" || len(raw) == 0 {
		t.Errorf("raw content is %q", raw)
	}
	for _, spec := range []string{"request.moon", "moon", "request._x", ""} {
		if _, err := Cut(f, spec); err == nil {
			t.Errorf("%q was cut", spec)
		}
	}
	if got, err := Cut(&flow.Flow{Kind: flow.TCP, Client: &flow.Client{}, Server: &flow.Server{}}, "response.content"); got != nil || err != nil {
		t.Errorf("of a TCP flow: %q, %v", got, err)
	}
}

// The content of what is not HTTP is what each side said.
func TestCutOtherKinds(t *testing.T) {
	f := &flow.Flow{Kind: flow.TCP, Client: &flow.Client{}, Server: &flow.Server{}, Messages: []flow.Message{
		{FromClient: true, Content: []byte("GET a\n")}, {Content: []byte("va")}, {Content: []byte("lue\n")},
		{FromClient: true, Content: []byte("DEL a\n"), Dropped: true}, {FromClient: true, Content: []byte("QUIT\n")},
	}}
	dns := &flow.Flow{Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{},
		DNSRequest: &flow.DNSMessage{Questions: []flow.DNSQuestion{{Name: "example.com", Type: 1, Class: 1}}},
		DNSResponse: &flow.DNSMessage{
			Questions: []flow.DNSQuestion{{Name: "example.com", Type: 1, Class: 1}},
			Answers:   []flow.DNSRecord{{Name: "example.com", Type: 1, Class: 1, Data: []byte{192, 0, 2, 1}}},
		}}
	for _, c := range []struct {
		f          *flow.Flow
		spec, want string
	}{
		{f, "request.content", "GET a\nQUIT\n"}, {f, "response.content", "value\n"}, {f, "response.raw_content", "value\n"},
		{f, "response.headers", ""}, {f, "response.timestamp_start", ""},
		{dns, "request.content", "example.com"}, {dns, "response.content", "example.com\r\n192.0.2.1"},
	} {
		if got, err := Cut(c.f, c.spec); err != nil || string(got) != c.want {
			t.Errorf("%s = %q, %v; want %q", c.spec, got, err, c.want)
		}
	}
}

// What completion offers can be cut.
func TestCutsOfCompletion(t *testing.T) {
	x := newFixture(t, nil)
	const line = "cut @all "
	offered := x.reg.Complete(line, len(line))
	if len(offered) < 40 {
		t.Errorf("%d cuts are offered", len(offered))
	}
	for _, spec := range offered {
		if strings.HasSuffix(spec, "[") {
			spec += "host]"
		}
		if _, err := Cut(testFlow(t), spec); err != nil {
			t.Error(err)
		}
	}
}

func TestSet(t *testing.T) {
	f := testFlow(t)
	for _, c := range [][2]string{{"status_code", "404"}, {"method", "PUT"}, {"path", "x"}, {"host", "other.test"}} {
		if has, err := Set(f, c[0], c[1]); err != nil || !has {
			t.Errorf("set %s: %v, %v", c[0], has, err)
		}
	}
	if got := f.Request.Method + " " + f.Request.URL(); got != "PUT http://other.test:8080/x" {
		t.Errorf("the request is %s", got)
	}
	if got := f.Request.Headers.Get("host"); got != "other.test:8080" {
		t.Errorf("the host header is %s", got)
	}
	if f.Response.Status != 404 || f.Response.Reason != "Not Found" {
		t.Errorf("the response is %d %s", f.Response.Status, f.Response.Reason)
	}
	for _, c := range [][2]string{{"status_code", "x"}, {"method", "A B"}, {"url", "ftp://x"}, {"host", "a b"}, {"path", "a b"}} {
		if _, err := Set(f, c[0], c[1]); err == nil {
			t.Errorf("%s can be %q", c[0], c[1])
		}
	}
	f.Response = nil
	if has, err := Set(f, "reason", "x"); has || err != nil {
		t.Errorf("set a reason without a response: %v, %v", has, err)
	}
}

func TestToggleIsItsOwnInverse(t *testing.T) {
	f := testFlow(t)
	if err := Toggle(f, "response"); err != nil {
		t.Fatal(err)
	}
	if got := string(f.Response.Body.Bytes()); got != "hello" || f.Response.Headers.Has("Content-Encoding") {
		t.Errorf("decoded to %q", got)
	}
	for range 2 {
		if err := Toggle(f, "request"); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(f.Request.Body.Bytes()); got != "a=b&c" || f.Request.Headers.Get("Content-Length") != "5" {
		t.Errorf("the request is %q", got)
	}
	f.Response.Headers = f.Response.Headers.Set("Content-Encoding", "gzip")
	if err := Decode(f, "response"); err == nil {
		t.Error("decoded what is not gzip")
	}
	if err := Toggle(f, "trailer"); err == nil {
		t.Error("a flow has no trailer part")
	}
}

func TestSaveAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	for _, p := range []string{path, "+" + path} {
		if err := Save(p, []byte("x"), true); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != "x\nx" {
		t.Errorf("the file is %q", got)
	}
	if err := Save(" ", nil, false); err == nil {
		t.Error("saved to nowhere")
	}
}

type fakeEngine struct {
	Engine
	resumed map[flow.ID]*flow.Edit
	killed  []flow.ID
	served  []*flow.Flow
	replays []flow.ID // "can't replay" if nil
}

func (e *fakeEngine) Resume(id flow.ID, edit *flow.Edit) bool { e.resumed[id] = edit; return true }
func (e *fakeEngine) Kill(id flow.ID) bool                    { e.killed = append(e.killed, id); return true }
func (e *fakeEngine) Replay(f *flow.Flow) error {
	if e.replays == nil {
		return errors.New("can't replay")
	}
	e.replays = append(e.replays, f.ID)
	return nil
}

// fixture is a registry over a store with one flow, whose work is done at once.
type fixture struct {
	reg    *command.Registry
	store  *flowstore.Store
	engine *fakeEngine
	view   *flowstore.View
	opts   *option.Options
	said   []string
	clip   string
	id     flow.ID
}

func (x *fixture) Resolve(spec string) ([]*flow.Flow, error) { return x.view.Resolve(spec) }

func newFixture(t *testing.T, change func(f *flow.Flow)) *fixture {
	t.Helper()
	x := &fixture{store: flowstore.New(flowstore.Config{}), engine: &fakeEngine{resumed: map[flow.ID]*flow.Edit{}}, opts: option.New()}
	f := testFlow(t)
	if change != nil {
		change(f)
	}
	x.id = f.ID
	x.store.Put(f)
	x.view = flowstore.NewView(x.store)
	x.view.Sync()
	x.reg = command.NewRegistry(x)
	x.reg.Add(Commands(Env{Store: x.store, Engine: x.engine, Options: x.opts,
		Read: x.read,
		Say:  func(s string) { x.said = append(x.said, s) }, Clip: func(s string) { x.clip = s },
		Go: func(work func(context.Context) (string, error)) {
			text, err := work(context.Background())
			if err != nil {
				text = err.Error()
			}
			if text != "" {
				x.said = append(x.said, text)
			}
		}})...)
	return x
}

func (x *fixture) run(t *testing.T, line string) any {
	t.Helper()
	v, err := x.reg.Run(t.Context(), line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	x.view.Sync()
	return v
}

func TestResumeSendsTheEdit(t *testing.T) {
	x := newFixture(t, func(f *flow.Flow) { f.Intercepted, f.Live = true, true })
	x.run(t, "flow.set @focus method PATCH")
	x.run(t, "flow.resume @all")
	edit := x.engine.resumed[x.id]
	if edit == nil || edit.Request == nil || edit.Request.Method != "PATCH" {
		t.Errorf("resumed with %+v", edit)
	}
	x.run(t, "flow.kill @focus")
	if len(x.engine.killed) != 1 || x.said[len(x.said)-1] != "Killed 1 flow." {
		t.Errorf("killed %v, said %q", x.engine.killed, x.said)
	}
}

func TestMarksAndComments(t *testing.T) {
	x := newFixture(t, nil)
	x.run(t, "flow.mark.toggle @focus")
	if got := x.store.Get(x.id).Marked; got != command.DefaultMarker {
		t.Errorf("marked %q", got)
	}
	x.run(t, "flow.mark.toggle @focus")
	x.run(t, "flow.comment @focus 'a note'")
	if f := x.store.Get(x.id); f.Marked != "" || f.Comment != "a note" {
		t.Errorf("marked %q, comment %q", f.Marked, f.Comment)
	}
	x.run(t, "flow.encode.toggle @focus response")
	x.run(t, "flow.revert @focus")
	if got := x.said[len(x.said)-1]; got != "Reverted 1 flow." {
		t.Errorf("said %q", got)
	}
}

func TestFilesAndClipboard(t *testing.T) {
	x := newFixture(t, nil)
	path := filepath.Join(t.TempDir(), "body")
	x.run(t, "cut.save @focus response.content "+path)
	if got, _ := os.ReadFile(path); string(got) != "hello" {
		t.Errorf("saved %q", got)
	}
	x.run(t, "cut.clip @focus request.method,request.host")
	if x.clip != "POST,example.com\n" {
		t.Errorf("clipped %q", x.clip)
	}
	x.run(t, "export.clip curl @focus")
	if !strings.HasPrefix(x.clip, "curl ") {
		t.Errorf("clipped %q", x.clip)
	}
	x.run(t, "export.file raw_request @focus "+path)
	if got, _ := os.ReadFile(path); !strings.HasPrefix(string(got), "POST /a") {
		t.Errorf("exported %q", got)
	}
	x.run(t, "replay.client @focus")
	if got := x.said[len(x.said)-1]; got != "can't replay" {
		t.Errorf("said %q", got)
	}
	rows := x.run(t, "cut @all request.method")
	if got := rows.([][]string); len(got) != 1 || got[0][0] != "POST" {
		t.Errorf("cut %v", got)
	}
}

func TestOptions(t *testing.T) {
	x := newFixture(t, nil)
	x.run(t, "set intercept '~u a & ~m POST'")
	x.run(t, "set anticache toggle")
	if x.opts.Str("intercept") != "~u a & ~m POST" || !x.opts.Bool("anticache") {
		t.Errorf("intercept %q, anticache %v", x.opts.Str("intercept"), x.opts.Bool("anticache"))
	}
	x.run(t, "set intercept ''")
	x.run(t, "set ignore_hosts a b")
	if x.opts.IsSet("intercept") || len(x.opts.Strs("ignore_hosts")) != 2 {
		t.Errorf("intercept %q, ignore_hosts %v", x.opts.Str("intercept"), x.opts.Strs("ignore_hosts"))
	}
	path := filepath.Join(t.TempDir(), "config.yaml")
	x.run(t, "options.save "+path)
	x.run(t, "options.reset")
	x.run(t, "options.load "+path)
	if !x.opts.Bool("anticache") {
		t.Errorf("anticache was not saved and loaded; said %q", x.said)
	}
	x.run(t, `set map_remote "|(a) \bb|\1 \x22c\x22" '|(a)|\\1'`)
	if got := x.opts.Strs("map_remote"); !slices.Equal(got, []string{`|(a) \bb|\1 "c"`, `|(a)|\1`}) {
		t.Errorf("rules with groups are set as %q", got)
	}
	if _, err := x.reg.Run(t.Context(), "set tcp_hosts a.b (c d)"); err == nil || !strings.Contains(err.Error(), "put quotes around") {
		t.Error(err)
	}
	if _, err := x.reg.Run(t.Context(), "set moon 1"); err == nil {
		t.Error("set an option that is not there")
	}
}

func TestLaterCommandsSaySo(t *testing.T) {
	x := newFixture(t, nil)
	_, err := x.reg.Run(t.Context(), "script.run @shown x")
	if want := "script.run is not available yet: change flows at the prompt, or messages by rules such as modify_body"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
