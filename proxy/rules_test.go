package proxy

import (
	"bufio"
	"compress/gzip"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sluice/proxy/addon/rule"
	"sluice/proxy/flow"
)

// serve starts an origin until the test ends.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// writeFile makes a file and returns its path.
func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBlockList(t *testing.T) {
	r := newRig(t, "block_list=/~u blocked/404", "block_list=|~b secret|451", "block_list=:~u nobody:444")
	if code, body, h := r.do("GET", r.secure.URL+"/blocked", ""); code != 404 || body != "" || h.Get("Server") != "sluice" {
		t.Error(code, body, h)
	}
	if f := r.wait("/blocked", ended); f.Metadata["blocklisted"] != "true" {
		t.Errorf("%+v", f)
	}
	if code, _, _ := r.do("POST", r.plain.URL+"/by-body", "a secret"); code != 451 {
		t.Error(code)
	}
	if code, _, _ := r.do("POST", r.plain.URL+"/by-body", "nothing"); code != 200 {
		t.Error(code)
	}
	if _, err := r.client.Get(r.plain.URL + "/nobody"); err == nil {
		t.Error("there was an answer")
	}
	if f := r.wait("/nobody", ended); !f.Killed() {
		t.Error(f.Error)
	}
}

// TestMistakesAreRefused: the rules before a mistake stay as they are.
func TestMistakesAreRefused(t *testing.T) {
	r := newRig(t, "block_list=/~u blocked/404")
	for _, spec := range []string{
		"block_list=/~u blocked/yes", "block_list=/~zz/404", "map_remote=|a(|b", `map_remote=|a|\1`, "map_local=|a|/none/of/these", "map_local=|a|/dev/null",
		"modify_headers=/a b/c", `modify_headers=/a/b\`, `modify_headers=/a/b\nc`, "modify_headers=|x|@/none/of/these", "modify_body=/a", "stickycookie=~zz", "stickyauth=(",
	} {
		err := r.opts.Set(spec)
		if err == nil {
			t.Errorf("%s was taken", spec)
			continue
		}
		name, _, _ := strings.Cut(spec, "=")
		if bad, ok := errors.AsType[*rule.Error](err); ok && (bad.Option != name || bad.Rule != spec[len(name)+1:]) {
			t.Errorf("%s: %v", spec, err)
		}
	}
	if code, _, _ := r.do("GET", r.plain.URL+"/blocked", ""); code != 404 {
		t.Error("the rule that was there is gone")
	}
}

// TestGoodRulesStay: with a mistake among the rules of an option, those that were there stay, and go on being applied.
func TestGoodRulesStay(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "page"), "from a file")
	for name, c := range map[string]struct{ good, bad, want string }{
		"block_list":     {"/~u page/403", "/~u (/403", "403"},
		"map_local":      {"|/page$|" + dir + "/page", "|/page$|" + dir + "/none", "200 from a file"},
		"map_remote":     {"|/page$|/other", `|/page$|/\2`, "200 GET /other  as sent"},
		"modify_body":    {"|~s|GET|got", "|~s|(GET|got", "200 got /page  as sent"},
		"modify_headers": {"|~q|X-Test|changed", "|~q|X Test|changed", "200 GET /page  changed"},
		"stickycookie":   {"~all", "~zz", "200 GET /page  as sent"},
		"stickyauth":     {"~all", "(", "200 GET /page  as sent"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, name+"="+c.good)
			before := r.opts.Value(name)
			sets := []string{name + "=" + c.good, name + "=" + c.bad}
			if strings.HasPrefix(name, "sticky") {
				sets = sets[1:]
			}
			if err := r.opts.Set(sets...); err == nil || !reflect.DeepEqual(r.opts.Value(name), before) {
				t.Fatalf("%v: %v", err, r.opts.Value(name))
			}
			code, body, h := r.do("GET", r.plain.URL+"/page", "")
			if got := strings.TrimSpace(fmt.Sprintf("%d %s %s", code, body, h.Get("X-Seen"))); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestModifyHeaders(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "value"), "from  a file\n")
	r := newRig(t, "modify_headers=/~q/X-Test/changed", `modify_headers=/~s/X-Escaped/\"a\tb\x22`, "modify_headers=/~s/X-Seen/", "modify_headers=/~s/Date/one", "modify_headers=/~s/date/two",
		"modify_headers=|~s|X-File|@"+file, "modify_headers=/~s & ~bs GET/X-Body/yes")
	_, _, h := r.do("GET", r.secure.URL+"/x", "")
	if got := h.Values("Date"); len(got) != 2 || got[0] != "one" || got[1] != "two" {
		t.Error(got)
	}
	if h.Get("X-Seen") != "" || h.Get("X-File") != "from  a file" || h.Get("X-Body") != "yes" || h.Get("X-Escaped") != "\"a\tb\"" {
		t.Error(h)
	}
	if f := r.wait("/x", ended); f.Request.Headers.Get("X-Test") != "changed" {
		t.Error(f.Request.Headers)
	}
	if _, _, h := r.do("POST", r.plain.URL+"/x", ""); h.Get("X-Body") != "" {
		t.Error(h)
	}
}

func TestModifyBody(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		fmt.Fprintf(z, "%d bytes: %s", q.ContentLength, body)
		z.Close()
	})
	file := writeFile(t, filepath.Join(t.TempDir(), "value"), `\1 as it is`)
	r := newRig(t, `modify_body=/~q/name=(\w+)/\1 is the name`, `modify_body=/~s/bytes/\x42ytes`, "modify_body=|~s|END|@"+file)
	if _, body, _ := r.do("POST", origin+"/x", "name=sluice END"); body != `22 Bytes: sluice is the name \1 as it is` {
		t.Errorf("%q", body)
	}
	f := r.wait("/x", ended)
	if f.Response.Headers.Get("Content-Encoding") != "gzip" || f.Request.Headers.Get("Content-Length") != "22" {
		t.Error(f.Response.Headers, f.Request.Headers)
	}
	if err := r.opts.Set("modify_body"); err != nil {
		t.Fatal(err)
	}
	if _, body, _ := r.do("POST", origin+"/x", "name=sluice"); body != "11 bytes: name=sluice" {
		t.Errorf("%q", body)
	}
}

func TestMapRemote(t *testing.T) {
	r := newRig(t)
	err := r.opts.Set(`map_remote=|~m GET|^https://([^/]+)/old/(.*)|`+r.plain.URL+`/new/\2?was=\1`,
		"map_remote=|/new/bad|://nowhere", `map_remote=|~bq elsewhere|/by-body|/by-body/found`)
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := r.do("GET", r.secure.URL+"/old/page", "")
	if body != "GET /new/page " {
		t.Error(body)
	}
	f := r.wait("/new/page?was="+strings.TrimPrefix(r.secure.URL, "https://"), ended)
	if f.Request.URL() != r.plain.URL+f.Request.Path || f.Request.Headers.Get("Host") != strings.TrimPrefix(r.plain.URL, "http://") {
		t.Error(f.Request.URL(), f.Request.Headers)
	}
	if _, body, _ := r.do("POST", r.secure.URL+"/old/page", ""); body != "POST /old/page " {
		t.Error(body)
	}
	if _, body, _ := r.do("GET", r.plain.URL+"/new/bad", ""); body != "GET /new/bad " {
		t.Error(body)
	}
	if _, body, _ := r.do("POST", r.plain.URL+"/by-body", "go elsewhere"); body != "POST /by-body/found go elsewhere" {
		t.Error(body)
	}
	if _, body, _ := r.do("POST", r.plain.URL+"/by-body", "stay"); body != "POST /by-body stay" {
		t.Error(body)
	}
}

func TestMapLocal(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir+"/site/index.html", "the start")
	writeFile(t, dir+"/site/a/index.html", "an inner page")
	writeFile(t, dir+"/site/a b.css", "a style")
	writeFile(t, dir+"/site/q_x=1", "plain characters")
	one := writeFile(t, dir+"/one.json", "{}")
	writeFile(t, dir+"/secret", "not for clients")
	if err := os.Symlink(dir+"/secret", dir+"/site/link"); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "map_local=|/one|"+one, "map_local=|/group/(.*)|"+dir+"/site", "map_local=|/site|"+dir+"/site")
	for path, want := range map[string]string{
		"/one": "200 application/json {}", "/site": "200 text/html the start", "/site/": "200 text/html the start",
		"/site/a": "200 text/html an inner page", "/site/a%20b.css?x=1": "200 text/css a style", "/group/q?x=1": "200  plain characters",
		"/site/none": "404  ", "/site/link": "404  ", "/site/../secret": "404  ", "/site/..%2fsecret": "404  ", "/other": "200 text/plain; charset=utf-8 GET /other ",
	} {
		q, err := http.NewRequest("GET", r.secure.URL+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.URL.Opaque = "//" + q.URL.Host + path // as it is, with its dots
		resp, err := r.client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if got := fmt.Sprintf("%d %s %s", resp.StatusCode, resp.Header.Get("Content-Type"), body); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if resp, err := r.client.Head(r.plain.URL + "/one"); err != nil || resp.ContentLength != 2 {
		t.Error(resp, err)
	}
}

func TestStickyCookie(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
		switch q.URL.Path {
		case "/in":
			w.Header().Add("Set-Cookie", "id=1; Path=/")
			w.Header().Add("Set-Cookie", "deep=2; Path=/deep")
			w.Header().Add("Set-Cookie", "theirs=3; Domain=other.test")
		case "/out":
			w.Header().Add("Set-Cookie", "id=; Max-Age=0; Path=/")
		}
		io.WriteString(w, q.Header.Get("Cookie"))
	})
	r := newRig(t, "stickycookie=!~u without")
	r.do("GET", origin+"/in", "")
	for _, c := range [][2]string{{"/a", "id=1"}, {"/deep/x", "id=1; deep=2"}, {"/deeper", "id=1"}, {"/without", ""}, {"/out", "id=1"}, {"/b", ""}} {
		if _, body, _ := r.do("GET", origin+c[0], ""); body != c[1] {
			t.Errorf("%s: %q, want %q", c[0], body, c[1])
		}
	}
	if f := r.wait("/a", ended); f.Metadata["stickycookie"] != "true" {
		t.Error(f.Metadata)
	}
}

// TestStickyCookieTakesAll: cookies stick with whatever servers write and browsers take.
func TestStickyCookieTakesAll(t *testing.T) {
	const past = "Wed, 21 Oct 2015 07:28:00 UTC"
	lines := []string{
		`prefs={"theme": "dark", "é": 1}; Path=/`, `a[b]=1`, `quoted="x y"; path=relative`, `old=1; expires=` + past,
		`kept=1; Expires=` + past + `; Max-Age=60`, `kept2=1; max-age=60; Expires=` + past, `gone=1; Max-Age=0`, `no value`, `=no name`,
	}
	origin := serve(t, func(w http.ResponseWriter, q *http.Request) {
		for _, line := range lines {
			w.Header().Add("Set-Cookie", line)
		}
		io.WriteString(w, q.Header.Get("Cookie"))
	})
	r := newRig(t, "stickycookie=.")
	r.do("GET", origin+"/in", "")
	want := `prefs={"theme": "dark", "é": 1}; a[b]=1; quoted="x y"; kept=1; kept2=1`
	if _, body, _ := r.do("GET", origin+"/", ""); body != want {
		t.Errorf("%q, want %q", body, want)
	}
}

func TestStickyAuth(t *testing.T) {
	origin := serve(t, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, q.Header.Get("Authorization")) })
	r := newRig(t, "stickyauth=!~u without")
	q, _ := http.NewRequest("GET", origin+"/in", nil)
	q.SetBasicAuth("user", "pass")
	resp, err := r.client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	want := q.Header.Get("Authorization")
	if _, body, _ := r.do("GET", origin+"/later", ""); body != want {
		t.Errorf("%q", body)
	}
	if _, body, _ := r.do("GET", origin+"/without", ""); body != "" {
		t.Errorf("%q", body)
	}
	if _, _, h := r.do("GET", r.plain.URL+"/elsewhere", ""); h.Get("X-Seen") != "as sent" {
		t.Error(h)
	}
}

func TestOnboarding(t *testing.T) {
	r := newRig(t)
	_, page, h := r.do("GET", "http://mitm.it/", "")
	for _, want := range []string{"Windows", "macOS", "Linux", "iOS", "Android", "Firefox", "/cert/pem", "/cert/p12", "/cert/cer"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		t.Error(h)
	}
	for path, kind := range map[string]string{"pem": "application/x-x509-ca-cert", "cer": "application/x-x509-ca-cert", "p12": "application/x-pkcs12", "magisk": "application/zip"} {
		code, body, h := r.do("GET", "http://mitm.it:81/cert/"+path, "")
		if code != 200 || h.Get("Content-Type") != kind || !strings.Contains(h.Get("Content-Disposition"), "attachment") {
			t.Error(path, code, h)
		}
		if kind != "application/x-x509-ca-cert" {
			continue
		}
		block, _ := pem.Decode([]byte(body))
		if c, err := x509.ParseCertificate(block.Bytes); err != nil || !c.Equal(r.CA.Certificate()) {
			t.Error(path, err)
		}
	}
	if code, secure, _ := r.do("GET", "https://mitm.it/", ""); code != 200 || secure != page {
		t.Error("by HTTPS:", code)
	}
	if code, _, _ := r.do("GET", "http://mitm.it/none", ""); code != 404 {
		t.Error(code)
	}
	if err := r.opts.Set("onboarding_host=cert.test"); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := r.do("GET", "http://cert.test/", ""); code != 200 {
		t.Error(code)
	}
	if err := r.opts.Set("onboarding=false"); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := r.do("GET", "http://cert.test/", ""); code != 502 {
		t.Error(code)
	}
}

// TestOnboardingBySOCKS: clients of a SOCKS proxy get the page too, although its name leads nowhere.
func TestOnboardingBySOCKS(t *testing.T) {
	r := newRig(t, "mode=socks5", "onboarding_host=cert.test")
	client := r.clientOf("socks5h://" + r.at("socks5"))
	for _, url := range []string{"http://cert.test/cert/pem", "https://Cert.test/cert/pem"} {
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 {
			t.Error(url, resp.Status)
		}
	}
}

func TestDisableH2C(t *testing.T) {
	asked := make(chan http.Header, 1)
	origin := serve(t, func(_ http.ResponseWriter, q *http.Request) { asked <- q.Header })
	r := newRig(t)
	q, _ := http.NewRequest("GET", origin+"/", nil)
	q.Header = http.Header{"Upgrade": {"h2c"}, "Connection": {"Upgrade, HTTP2-Settings"}, "Http2-Settings": {"AAMAAABkAAQAAP__"}}
	resp, err := r.client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if h := <-asked; h.Get("Upgrade") != "" || h.Get("HTTP2-Settings") != "" {
		t.Error(h)
	}
}

// TestRulesHoldNoBody: what rules do at the head does not keep a body from passing as it comes. Those about
// the body of a request hold that one only.
func TestRulesHoldNoBody(t *testing.T) {
	heads := []string{"block_list=/~u none/404", "modify_headers=/X-Rule/yes", "map_remote=|/from|/to", "map_local=|/none|" + t.TempDir(),
		"modify_body=/~u none/a/b", "stickycookie=~all", "stickyauth=~all", "anticache=true", "anticomp=true"}
	bodies := []string{"block_list=/~bq none/404", "modify_headers=/X-Rule/yes", "modify_headers=/~bq none/X-Rule/no", "map_remote=|~bq none|/from|/none",
		"map_remote=|/from|/to", "map_local=|~bq none|/|" + t.TempDir(), "modify_body=/~bq none/a/b", "stickycookie=~bq none", "stickyauth=~bq none", "intercept=~bq none"}
	t.Run("of heads", func(t *testing.T) {
		if f := passAsItComes(t, heads...); f.Request.Hold {
			t.Error("the request was held")
		}
	})
	t.Run("of request bodies", func(t *testing.T) { passAsItComes(t, bodies...) })
}

// passAsItComes gets /from, which is at /to, in two pieces of which the second comes after the first has been read.
func passAsItComes(t *testing.T, sets ...string) *flow.Flow {
	more := make(chan struct{})
	origin := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-more
		io.WriteString(w, "second\n")
	})
	r := newRig(t, sets...)
	resp, err := r.client.Post(origin+"/from", "text/plain", strings.NewReader("anything"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in := bufio.NewReader(resp.Body)
	for _, want := range []string{"first\n", "second\n"} {
		if got, err := in.ReadString('\n'); got != want {
			t.Fatal(got, err)
		}
		if want == "first\n" {
			close(more)
		}
	}
	f := r.wait("/to", func(f *flow.Flow) bool { return f.Response != nil })
	if f.Response.Hold || resp.Header.Get("X-Rule") != "yes" {
		t.Errorf("%+v", f.Response)
	}
	return f
}

// TestRulesWaitInOrder: where a rule waits for a body, those that come after it do not change the request first.
func TestRulesWaitInOrder(t *testing.T) {
	r := newRig(t, "block_list=|~u /shop & ~bq secret|403", "map_remote=|/shop|/stop")
	if code, body, _ := r.do("POST", r.plain.URL+"/shop", "a secret"); code != 403 {
		t.Error(code, body)
	}
	if _, body, _ := r.do("POST", r.plain.URL+"/shop", "nothing"); body != "POST /stop nothing" {
		t.Error(body)
	}
}
