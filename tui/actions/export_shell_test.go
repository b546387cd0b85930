package actions

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// A failer is a test, of examples or of a property.
type failer interface{ Fatalf(string, ...any) }

// TestQuote: what a shell makes of a quoted word is the word, and what it makes of the format is what printf prints.
func TestQuote(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell")
	}
	check := func(t failer, text string) {
		line := "printf %s " + quote(text) + " && printf '" + printf("\x00"+text) + "'"
		out, err := exec.Command(sh, "-c", line).Output()
		if err != nil || string(out) != text+"\x00"+text {
			t.Fatalf("%s printed %q, want %q twice (%v)", line, out, text, err)
		}
	}
	for _, text := range []string{"", "a b", "it's", "$HOME `id` \"x\"", "100% \\n", "tab\there", "é ü 日本", "a\nb\n\n", "\n", "-n\tx", "--\n", "\xff'\xc3", "\\\x01\\"} {
		check(t, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		odd := rapid.SampledFrom([]byte("'\"\\$`%-!@{}[]*?~#&;|<>()\n\r\t\x01\x7f\x80\xc3\xff a0"))
		check(t, string(rapid.SliceOf(rapid.OneOf(odd, rapid.ByteRange(1, 255))).Draw(t, "text")))
	})
}

// curled is what of a request curl has to send.
type curled struct{ method, target, header, kind, body string }

// TestCurlSends: whatever request is exported, curl sends its method, target, header and body, and so do the raw bytes.
func TestCurlSends(t *testing.T) {
	if exec.Command("curl", "--version").Run() != nil {
		t.Skip("no curl")
	}
	got := make(chan curled, 1)
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- curled{r.Method, r.RequestURI, r.Header.Get("X-Odd"), r.Header.Get("Content-Type"), string(body)}
		w.Header().Set("Content-Length", "5") // of HEAD too
		if r.Method != "HEAD" {
			io.WriteString(w, "hello")
		}
	}))
	defer origin.Close()
	check := func(t failer, want curled) {
		f, err := Create(want.method, origin.URL+"/", time.Now())
		if err != nil {
			t.Fatalf("%v", err)
		}
		f.Request.Path = want.target
		f.Request.Headers = f.Request.Headers.Add("X-Odd", want.header)
		if want.kind != "" {
			f.Request.Headers = f.Request.Headers.Add("Content-Type", want.kind)
		}
		f.Request.Body = flow.BodyOf([]byte(want.body))
		line, err := Export("curl", f, false)
		if err != nil {
			t.Fatalf("%v", err)
		}
		run := exec.Command("sh")
		run.Stdin = strings.NewReader(string(line))
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s\n%s", err, out, line)
		}
		if g := <-got; g != want {
			t.Fatalf("sent %+v, want %+v by\n%s", g, want, line)
		}
		raw, err := Export("raw_request", f, false)
		if err != nil {
			t.Fatalf("%v", err)
		}
		conn, err := net.Dial("tcp", origin.Listener.Addr().String())
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer conn.Close()
		if _, err := conn.Write(raw); err != nil {
			t.Fatalf("%v", err)
		}
		if g := <-got; g != want {
			t.Fatalf("raw: sent %+v, want %+v by\n%q", g, want, raw)
		}
	}
	for _, c := range []curled{
		{"GET", "/a/../b/./c?x[]=1&y={2,3}", "", "", ""}, {"GET", "/with-body", "v", "", "abc"}, {"HEAD", "/x", "v", "", ""}, {"DELETE", "/x", "v", "", ""},
		{"POST", "/@", "@v;", "text/plain", "@file"}, {"PUT", "/large", "v", "", strings.Repeat("large\x00", 64<<10)},
		{"POST", "/long", "v", "", strings.Repeat("long\n", 64<<10)},
	} {
		check(t, c)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, curled{
			rapid.SampledFrom([]string{"GET", "POST", "PUT", "PATCH"}).Draw(t, "method"),
			"/" + rapid.StringMatching(`[a-z0-9.'$!*()\[\]{};:@&=+,~|/-]*`).Draw(t, "target") + "0",
			strings.Trim(rapid.StringMatching(`[\x21-\x7e\x{80}-\x{ff} ]*`).Draw(t, "header"), " "),
			rapid.SampledFrom([]string{"", "text/plain", "application/json"}).Draw(t, "type"),
			string(rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("@%'\\\x00\n-")))).Draw(t, "body")),
		})
	})
}
