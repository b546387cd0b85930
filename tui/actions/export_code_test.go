package actions

import (
	"bufio"
	"bytes"
	"go/format"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

// sent is what of a request the export has to keep.
type sent struct{ method, url, body, text, many, cookie string }

// TestExportedProgramsSend runs what was exported, and looks at what it sends.
func TestExportedProgramsSend(t *testing.T) {
	got := make(chan sent, 1)
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- sent{r.Method, r.RequestURI, string(body), r.Header.Get("X-Text"), r.Header.Get("X-Many"), r.Header.Get("Cookie")}
		io.WriteString(w, "the answer")
	}))
	defer origin.Close()
	const text = `it's a "text" \n $(id) é €`
	for _, body := range []string{"", "a=\"b\" \\ `c`\n$HOME é \x01\n", `{"plain": true}`, "\x00\xff%s'\r\n-\\0"} {
		f, err := Create("POST", origin.URL+"/a%20b?c=%22d%22&e=f", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f.Request.Headers = append(f.Request.Headers, flow.Header{Name: "X-Text", Value: text}, flow.Header{Name: "Connection", Value: "close"},
			flow.Header{Name: "X-Many", Value: "1, 2"}, flow.Header{Name: "Cookie", Value: "a=1; b=2"}, flow.Header{Name: "Content-Type", Value: "text/plain"})
		f.Request.Body = flow.BodyOf([]byte(body))
		want := sent{"POST", f.Request.Path, body, text, "1, 2", "a=1; b=2"}
		for _, c := range []struct{ format, ext, program string }{
			{"python", ".py", "python3"}, {"fetch", ".mjs", "node"}, {"curl", ".sh", "sh"}, {"httpie", ".sh", "sh"}, {"go", ".go", "go"},
		} {
			program, err := Export(c.format, f, false)
			if err != nil {
				t.Fatal(err)
			}
			t.Run(c.format, func(t *testing.T) { run(t, program, c.ext, c.program, got, want) })
		}
	}
}

func run(t *testing.T, program []byte, ext, with string, got <-chan sent, want sent) {
	path, err := exec.LookPath(with)
	if err != nil || ext == ".py" && exec.Command(path, "-c", "import requests").Run() != nil || ext == ".sh" && !has(program) {
		t.Skip("there is nothing to run it with")
	}
	file := filepath.Join(t.TempDir(), "main"+ext)
	if err := os.WriteFile(file, program, 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{file}
	if ext == ".go" {
		args = []string{"run", file}
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, program)
	}
	if g := <-got; g != want {
		t.Errorf("sent %+v, want %+v by\n%s", g, want, program)
	}
}

// has reports whether the program that a command line names at its end is there.
func has(line []byte) bool {
	name := "curl"
	if strings.Contains(string(line), "http POST ") {
		name = "http"
	}
	return exec.Command(name, "--version").Run() == nil
}

func TestExportedGoIsFormatted(t *testing.T) {
	program, err := Export("go", testFlow(t), false)
	if err != nil {
		t.Fatal(err)
	}
	if nice, err := format.Source(program); err != nil || string(nice) != string(program) {
		t.Errorf("%v: %s", err, program)
	}
}

func TestExportsThatCannotBe(t *testing.T) {
	f := testFlow(t)
	f.Request.Headers = f.Request.Headers.Add("X-Odd", "\xff")
	if _, err := Export("httpie", f, false); err == nil || !strings.Contains(err.Error(), "curl") {
		t.Error(err)
	}
	f.Request.Headers = f.Request.Headers.Set("X-Odd", "\x00")
	if _, err := Export("curl", f, false); err == nil || !strings.Contains(err.Error(), "raw_request") {
		t.Error(err)
	}
	f.Request.Headers = f.Request.Headers.Del("X-Odd")
	f.Request.Method = "GET"
	if _, err := Export("fetch", f, false); err == nil {
		t.Error("fetch has no body with GET")
	}
	f.Request.Method, f.Request.Body = "TRACE", flow.Body{}
	if _, err := Export("fetch", f, false); err == nil {
		t.Error("fetch sends no TRACE")
	}
	f.Request.Method = "CONNECT"
	for _, format := range []string{"python", "go", "fetch", "curl", "httpie"} {
		if _, err := Export(format, f, false); err == nil || !strings.Contains(err.Error(), "raw_request") {
			t.Error(format, err)
		}
	}
	f.Request.Method = "POST"
	f.Request.Body = flow.BodyOf([]byte("\xff"))
	for _, format := range []string{"python", "go", "fetch", "curl", "httpie"} {
		if _, err := Export(format, f, false); err != nil {
			t.Error(format, err)
		}
	}
}

// TestExportedTargets: what is exported asks for the target as it was, also one that is no part of a URL.
func TestExportedTargets(t *testing.T) {
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	for _, c := range []struct{ format, ext, program, method, target string }{
		{"go", ".go", "go", "GET", `/100%?q=%zz&a="b"`},
		{"curl", ".sh", "sh", "GET", `/100%?q=%zz&a="b"`},
		{"curl", ".sh", "sh", "GET", "/a#b?c"},
		{"curl", ".sh", "sh", "OPTIONS", "*"},
		{"go", ".go", "go", "OPTIONS", "*"},
	} {
		t.Run(c.format+" "+c.target, func(t *testing.T) {
			if _, err := exec.LookPath(c.format); err != nil {
				t.Skip("there is nothing to run it with")
			}
			got := make(chan string, 1)
			go func() {
				conn, err := origin.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				line, _ := bufio.NewReader(conn).ReadString('\n')
				io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
				got <- line
			}()
			f, err := Create(c.method, "http://"+origin.Addr().String()+"/", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			f.Request.Path = c.target
			program, err := Export(c.format, f, false)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "main"+c.ext)
			if err := os.WriteFile(file, program, 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{file}
			if c.program == "go" {
				args = []string{"run", file}
			}
			if out, err := exec.CommandContext(t.Context(), c.program, args...).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, program)
			}
			if want, line := c.method+" "+c.target+" HTTP/1.1\r\n", <-got; line != want {
				t.Errorf("sent %q, want %q by\n%s", line, want, program)
			}
		})
	}
}

// TestExportKeepsCodings: a content coding that is not known, or not whole, is exported with the content that has it.
func TestExportKeepsCodings(t *testing.T) {
	gzip, err := coding.Encode("gzip", bytes.Repeat([]byte("the content "), 1000))
	if err != nil {
		t.Fatal(err)
	}
	for encoding, body := range map[string]string{"aws-chunked": "3;chunk-signature=0\r\nabc\r\n", "gzip": "no gzip", "GZIP": string(gzip[:len(gzip)-20])} {
		f := testFlow(t)
		f.Request.Headers = f.Request.Headers.Set("Content-Encoding", encoding)
		f.Request.Body = flow.BodyOf([]byte(body))
		for _, format := range []string{"curl", "python", "go", "fetch", "httpie", "raw_request"} {
			out, err := Export(format, f, false)
			if err != nil || !strings.Contains(string(out), encoding) {
				t.Errorf("%s: %v\n%s", format, err, out)
			}
			if format == "raw_request" && !strings.HasSuffix(string(out), "\r\n\r\n"+body) {
				t.Errorf("%q", out)
			}
		}
	}
}
