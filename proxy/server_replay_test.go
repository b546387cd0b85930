package proxy

import (
	"bytes"
	"errors"
	"iter"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// record makes the exchange that a request would have been, answered by text.
func record(t *testing.T, method, url, body, text string, headers ...string) *flow.Flow {
	t.Helper()
	u, err := flow.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	then := time.Now().Add(-time.Hour)
	f := flow.New(flow.HTTP, &flow.Client{}, flow.NewServer(flow.Addr{Host: u.Host, Port: u.Port}), then)
	f.Live = false
	f.Request = &flow.Request{Method: method, Scheme: u.Scheme, Host: u.Host, Port: u.Port, Path: u.Path}
	f.Request.Version = "HTTP/1.1"
	f.Request.Headers = flow.Headers{{Name: "Host", Value: flow.JoinHostPort(u.Host, u.Port)}}
	for i := 0; i < len(headers); i += 2 {
		f.Request.Headers = f.Request.Headers.Add(headers[i], headers[i+1])
	}
	f.Request.Body = flow.BodyOf([]byte(body))
	f.Response = &flow.Response{Status: 200, Reason: "OK"}
	f.Response.Version, f.Response.Start = "HTTP/2.0", then
	f.Response.Body = flow.BodyOf([]byte(text))
	return f
}

func TestServerReplay(t *testing.T) {
	r := newRig(t)
	url := r.secure.URL
	flows := []*flow.Flow{
		record(t, "GET", url+"/a?x=1", "", "first"), record(t, "GET", url+"/a?x=1", "", "second"),
		record(t, "POST", url+"/b", "one", "for one"), record(t, "POST", url+"/b", "two", "for two"),
	}
	unusable := record(t, "GET", url+"/c", "", "")
	unusable.Response = nil
	broken := record(t, "GET", url+"/d", "", "the fro")
	broken.Error = &flow.Error{Message: "peer closed connection without sending complete message body"}
	if n := r.ServeReplay(append(flows, unusable, broken), false); n != 4 || r.ServeReplayCount() != 4 {
		t.Fatal(n, r.ServeReplayCount())
	}
	for _, c := range [][4]string{
		{"GET", "/a?x=2", "", "GET /a "}, {"POST", "/b", "two", "for two"}, {"POST", "/b", "three", "POST /b three"}, {"POST", "/b", "one", "for one"},
		{"GET", "/a?x=1", "", "first"}, {"GET", "/a?x=1", "", "second"}, {"GET", "/a?x=1", "", "GET /a "},
	} {
		if _, body, _ := r.do(c[0], url+c[1], c[2]); body != c[3] {
			t.Errorf("%s %s %s: %q, want %q", c[0], c[1], c[2], body, c[3])
		}
	}
	if r.ServeReplayCount() != 0 {
		t.Error(r.ServeReplayCount(), "are left")
	}
	f := r.wait("/b", func(f *flow.Flow) bool { return ended(f) && string(f.Request.Body.Bytes()) == "one" })
	if f.Replay != flow.ReplayedResponse {
		t.Error(f.Replay)
	}
}

func TestServerReplayExtra(t *testing.T) {
	r := newRig(t, "server_replay_reuse=true", "server_replay_extra=404")
	r.ServeReplay([]*flow.Flow{record(t, "GET", r.plain.URL+"/a", "", "recorded")}, false)
	for range 2 {
		if _, body, _ := r.do("GET", r.plain.URL+"/a", ""); body != "recorded" {
			t.Error(body)
		}
	}
	if code, _, _ := r.do("POST", r.plain.URL+"/a", "large"); code != 404 {
		t.Error(code)
	}
	if err := r.opts.Set("server_replay_extra=kill"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.client.Get(r.plain.URL + "/other"); err == nil {
		t.Error("there was an answer")
	}
	r.StopServeReplay()
	if _, body, _ := r.do("GET", r.plain.URL+"/a", ""); body != "GET /a " {
		t.Error(body)
	}
}

// TestServerReplayOldNames: what server_replay_nopop and server_replay_kill_extra ask for is done.
func TestServerReplayOldNames(t *testing.T) {
	r := newRig(t, "server_replay_nopop=true", "server_replay_kill_extra=true")
	r.ServeReplay([]*flow.Flow{record(t, "GET", r.plain.URL+"/a", "", "recorded")}, false)
	for range 2 {
		if _, body, _ := r.do("GET", r.plain.URL+"/a", ""); body != "recorded" {
			t.Error(body)
		}
	}
	if _, err := r.client.Get(r.plain.URL + "/other"); err == nil {
		t.Error("there was an answer")
	}
}

func TestServerReplayMatches(t *testing.T) {
	form := "application/x-www-form-urlencoded"
	multi := func(token string) (body, kind string) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		m.WriteField("token", token)
		m.WriteField("name", "sluice")
		m.Close()
		return b.String(), m.FormDataContentType()
	}
	body1, kind1 := multi("1")
	body2, kind2 := multi("2")
	for name, c := range map[string]struct {
		sets              []string
		url, asked        string
		body, sent        string
		headers, headers2 []string
		miss              bool
	}{
		"content":      {sets: []string{"server_replay_ignore_content=true"}, body: "a", sent: "b"},
		"host":         {sets: []string{"server_replay_ignore_host=true", "server_replay_ignore_port=true"}, url: "http://other.test/x"},
		"port alone":   {sets: []string{"server_replay_ignore_port=true"}, url: "http://other.test/x", miss: true},
		"params":       {sets: []string{"server_replay_ignore_params=t"}, url: "/x?a=1&t=2", asked: "/x?t=3&a=1"},
		"other params": {sets: []string{"server_replay_ignore_params=t"}, url: "/x?a=1&t=2", asked: "/x?t=3&a=2", miss: true},
		"form":         {sets: []string{"server_replay_ignore_payload_params=token"}, body: "token=1&a=%20", sent: "a=+&token=2", headers: []string{"Content-Type", form}},
		"other form":   {sets: []string{"server_replay_ignore_payload_params=token"}, body: "token=1&a=1", sent: "token=1&a=2", headers: []string{"Content-Type", form}, miss: true},
		"multipart":    {sets: []string{"server_replay_ignore_payload_params=token"}, body: body1, sent: body2, headers: []string{"Content-Type", kind1}, headers2: []string{"Content-Type", kind2}},
		"header":       {sets: []string{"server_replay_use_headers=X-Test"}, headers: []string{"x-test", "1"}, headers2: []string{"X-Test", "1"}},
		"other header": {sets: []string{"server_replay_use_headers=X-Test"}, headers: []string{"x-test", "1"}, headers2: []string{"X-Test", "2"}, miss: true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "server_replay_extra=500")
			full := func(url string) string {
				if !strings.HasPrefix(url, "http") {
					url = r.plain.URL + "/" + strings.TrimPrefix(url, "/")
				}
				return url
			}
			asked, headers2 := c.asked, c.headers2
			if asked == "" {
				asked = c.url
			}
			if strings.HasPrefix(asked, "http") {
				asked = "/x"
			}
			if headers2 == nil {
				headers2 = c.headers
			}
			r.ServeReplay([]*flow.Flow{record(t, "POST", full(c.url), c.body, "recorded", c.headers...)}, true)
			if err := r.opts.Set(c.sets...); err != nil { // the keys are found anew
				t.Fatal(err)
			}
			q, err := http.NewRequest("POST", full(asked), strings.NewReader(c.sent))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(headers2); i += 2 {
				q.Header.Set(headers2[i], headers2[i+1])
			}
			resp, err := r.client.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if (resp.StatusCode == 500) != c.miss {
				t.Error(resp.Status)
			}
		})
	}
}

// TestServerReplayMatchesOtherVersion: a request of HTTP/1 has the Host and Cookie of one that was recorded over HTTP/2.
func TestServerReplayMatchesOtherVersion(t *testing.T) {
	r := newRig(t, "server_replay_extra=500", "server_replay_use_headers=host", "server_replay_use_headers=cookie")
	f := record(t, "GET", r.plain.URL+"/x", "", "recorded", "cookie", "a=1", "cookie", "b=2")
	f.Request.Version, f.Request.Authority = "HTTP/2.0", f.Request.Headers.Get("Host")
	f.Request.Headers = f.Request.Headers.Del("Host")
	r.ServeReplay([]*flow.Flow{f}, false)
	q, err := http.NewRequest("GET", r.plain.URL+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Cookie", "a=1; b=2")
	resp, err := r.client.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Error(resp.Status)
	}
}

func TestServerReplayRefreshes(t *testing.T) {
	r := newRig(t)
	f := record(t, "GET", r.plain.URL+"/a", "", "x")
	at := f.Response.Start.UTC().Truncate(time.Second)
	date := at.Format(http.TimeFormat)
	f.Response.Headers = flow.Headers{{Name: "Date", Value: date}, {Name: "Expires", Value: "0"}, {Name: "Last-Modified", Value: date},
		{Name: "Set-Cookie", Value: "a=1; Path=/x; expires=" + date + "; HttpOnly"}, {Name: "Set-Cookie", Value: "b=2; Expires=never"}, {Name: "Set-Cookie", Value: "c=3; Expires=" + at.Format(time.RFC1123)}}
	r.ServeReplay([]*flow.Flow{f, f}, false)
	_, _, h := r.do("GET", r.plain.URL+"/a", "")
	moved, err := http.ParseTime(h.Get("Date"))
	if by := moved.Sub(at); err != nil || by < 59*time.Minute || by > 2*time.Hour {
		t.Error(h.Get("Date"), err)
	}
	date2 := moved.Format(http.TimeFormat)
	if h.Get("Expires") != "0" || h.Get("Last-Modified") != date2 {
		t.Error(h)
	}
	if got := h.Values("Set-Cookie"); got[0] != "a=1; Path=/x; expires="+date2+"; HttpOnly" || got[1] != "b=2" || got[2] != "c=3; Expires="+date2 {
		t.Error(got)
	}
	if err := r.opts.Set("server_replay_refresh=false"); err != nil {
		t.Fatal(err)
	}
	if _, _, h := r.do("GET", r.plain.URL+"/a", ""); h.Get("Date") != date {
		t.Error(h)
	}
}

func TestReplayFiles(t *testing.T) {
	r := newRig(t, "client_replay=first", "client_replay=second", "server_replay=answers")
	files := map[string][]*flow.Flow{
		"first":   {record(t, "GET", r.plain.URL+"/one", "", ""), record(t, "POST", r.plain.URL+"/two", "body", "")},
		"second":  {record(t, "GET", r.plain.URL+"/recorded", "", "")},
		"answers": {record(t, "GET", r.plain.URL+"/recorded", "", "from the file")},
	}
	read := func(path string) iter.Seq2[*flow.Flow, error] {
		return func(yield func(*flow.Flow, error) bool) {
			if files[path] == nil {
				yield(nil, errors.New("no such file: "+path))
			}
			for _, f := range files[path] {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	if err := r.StartReplays(read); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/one": "GET /one ", "/two": "POST /two body", "/recorded": "from the file"} {
		f := r.wait(path, func(f *flow.Flow) bool { return ended(f) && f.Response != nil })
		if string(f.Response.Body.Bytes()) != want || f.Replay == flow.NotReplayed {
			t.Errorf("%s: %q", path, f.Response.Body.Bytes())
		}
	}
	if err := r.opts.Set("server_replay=none"); err == nil || !strings.Contains(err.Error(), "server_replay: no such file: none") {
		t.Error(err)
	}
	if err := r.opts.Set("server_replay=first"); err != nil || r.ServeReplayCount() != 2 {
		t.Error(err, r.ServeReplayCount())
	}
	if err := r.opts.Set("client_replay=none"); err == nil || !strings.Contains(err.Error(), "client_replay: no such file: none") {
		t.Error(err)
	}
}

// TestRetarget has flows that are read go where a reverse proxy stands in for.
func TestRetarget(t *testing.T) {
	for _, c := range []struct{ mode, url, host string }{
		{"mode=reverse:http://stage.test:81", "http://stage.test:81/a?b", "stage.test:81"}, {"mode=reverse:https://[::1]", "https://[::1]/a?b", "[::1]"},
		{"mode=reverse:http2://stage.test", "http://stage.test/a?b", "stage.test"}, {"mode=reverse:tcp://stage.test:81", "", ""},
		{"mode=regular", "", ""}, {"mode=upstream:http://stage.test:81", "", ""}, {"mode", "", ""},
	} {
		opts := option.New()
		if err := opts.Set(c.mode); err != nil {
			t.Fatal(err)
		}
		aim := Retarget(opts)
		if (aim != nil) != (c.url != "") {
			t.Errorf("%s: changes flows: %v", c.mode, aim != nil)
		}
		if aim == nil {
			continue
		}
		f := record(t, "GET", "https://live.test/a?b", "", "")
		aim(f)
		if got := f.Request.PrettyURL(); got != c.url || f.Request.Headers.Get("Host") != c.host {
			t.Errorf("%s: %s, %v", c.mode, got, f.Request.Headers)
		}
		aim(flow.New(flow.TCP, &flow.Client{}, flow.NewServer(flow.Addr{}), time.Now())) // has no request
	}
	opts := option.New()
	if err := opts.Set("mode=reverse:http://stage.test", "mode=socks5"); err != nil || Retarget(opts) != nil {
		t.Error("two modes change flows", err)
	}
}

// TestReplaysAtOnce: without a limit all replays are under way together, else one follows the other.
func TestReplaysAtOnce(t *testing.T) {
	for spec, together := range map[string]int{"client_replay_concurrency=-1": 3, "client_replay_concurrency=1": 1} {
		t.Run(spec, func(t *testing.T) {
			asked, answer := make(chan string, 3), make(chan struct{})
			origin := serve(t, func(_ http.ResponseWriter, q *http.Request) {
				asked <- q.URL.Path
				<-answer
			})
			r := newRig(t, spec)
			for _, path := range []string{"/a", "/b", "/c"} {
				if err := r.Replay(record(t, "GET", origin+path, "", "")); err != nil {
					t.Fatal(err)
				}
			}
			for range together {
				<-asked
			}
			if n := r.ReplayCount(); n != 3 || len(asked) != 0 {
				t.Errorf("%d replays, %d more are under way", n, len(asked))
			}
			r.StopReplay()
			if n := r.ReplayCount(); n != together {
				t.Errorf("%d replays after the stop, want %d", n, together)
			}
			close(answer)
		})
	}
}
