package proxy

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/flowstore"
	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// rig is a whole proxy on real sockets with origins behind it and a client before it.
type rig struct {
	*Proxy
	t      *testing.T
	store  *flowstore.Store
	plain  *httptest.Server
	secure *httptest.Server
	client *http.Client
	opts   *option.Options
}

func newRig(t *testing.T, sets ...string) *rig {
	t.Helper()
	r := &rig{t: t, store: flowstore.New(flowstore.Config{}), opts: option.New()}
	handler := http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		w.Header().Set("X-Seen", q.Header.Get("X-Test"))
		fmt.Fprintf(w, "%s %s %s", q.Method, q.URL.Path, body)
	})
	r.plain, r.secure = httptest.NewServer(handler), httptest.NewTLSServer(handler)
	sets = append([]string{"confdir=" + t.TempDir(), "listen_host=127.0.0.1", "listen_port=0", "ssl_insecure=true"}, sets...)
	if err := r.opts.Set(sets...); err != nil {
		t.Fatal(err)
	}
	var err error
	if r.Proxy, err = Open(r.opts, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { r.Serve(context.Background()) })
	wg.Go(func() {
		for batch := range r.Flows() {
			r.store.PutAll(batch)
		}
	})
	r.client = r.newClient()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		r.plain.Close()
		r.secure.Close()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r.Shutdown(ctx)
		wg.Wait()
	})
	return r
}

func (r *rig) newClient() *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(r.CA.Certificate())
	at := &url.URL{Scheme: "http", Host: r.Addrs()[0].String()}
	return &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(at), TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

func (r *rig) do(method, url, body string) (int, string, http.Header) {
	r.t.Helper()
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("X-Test", "as sent")
	resp, err := r.client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// wait returns the newest snapshot of a flow to a path once it satisfies ok.
func (r *rig) wait(path string, ok func(*flow.Flow) bool) *flow.Flow {
	r.t.Helper()
	deadline, _ := r.t.Deadline()
	for {
		var found *flow.Flow
		r.store.Each(func(f *flow.Flow) bool {
			if f.Request != nil && f.Request.Path == path && ok(f) {
				found = f
			}
			return true
		})
		if found != nil {
			return found
		}
		select {
		case <-r.store.Changes():
		case <-time.After(time.Until(deadline) - 5*time.Second):
			r.t.Fatalf("no flow to %s is as expected", path)
		}
	}
}

func ended(f *flow.Flow) bool { return !f.Live }
func held(f *flow.Flow) bool  { return f.Intercepted }

func TestProxyPassesAndRecords(t *testing.T) {
	r := newRig(t)
	for _, origin := range []*httptest.Server{r.plain, r.secure} {
		code, body, h := r.do("POST", origin.URL+"/echo", "hello")
		if code != 200 || body != "POST /echo hello" || h.Get("X-Seen") != "as sent" {
			t.Fatalf("%d %q %v", code, body, h)
		}
		f := r.wait("/echo", func(f *flow.Flow) bool { return ended(f) && f.Request.URL() == origin.URL+"/echo" })
		if string(f.Request.Body.Bytes()) != "hello" || string(f.Response.Body.Bytes()) != "POST /echo hello" || f.Error != nil {
			t.Fatalf("recorded %+v", f)
		}
		if f.Server.Peer.String() != origin.Listener.Addr().String() {
			t.Errorf("server %s", f.Server.Peer)
		}
	}
}

func TestProxyHoldsEditsAndResumes(t *testing.T) {
	r := newRig(t, "intercept=~u /held")
	answer := make(chan string)
	go func() {
		_, body, h := r.do("POST", r.secure.URL+"/held", "before")
		answer <- body + " " + h.Get("X-Seen")
	}()
	f := r.wait("/held", held)
	edited := *f.Request
	edited.Body = flow.BodyOf([]byte("after it"))
	edited.Headers = edited.Headers.Set("X-Test", "edited").Set("Content-Length", "8")
	if !r.Resume(f.ID, &flow.Edit{Request: &edited}) {
		t.Fatal("not held")
	}
	r.wait("/held", func(f *flow.Flow) bool { return held(f) && f.Response != nil })
	r.Resume(f.ID, nil)
	if got := <-answer; got != "POST /held after it edited" {
		t.Fatal(got)
	}
}

func TestProxyKills(t *testing.T) {
	r := newRig(t, "intercept=~u /held")
	failed := make(chan error)
	go func() {
		_, err := r.client.Get(r.secure.URL + "/held")
		failed <- err
	}()
	f := r.wait("/held", held)
	if !r.Kill(f.ID) {
		t.Fatal("not found")
	}
	if err := <-failed; err == nil {
		t.Fatal("the client got an answer")
	}
	if f := r.wait("/held", ended); !f.Killed() || f.Intercepted {
		t.Fatalf("%+v", f.Error)
	}
}

func TestClientThatGivesUpEndsItsHeldFlow(t *testing.T) {
	for name, expr := range map[string]string{"request": "~u /held", "response": "~u /held & ~s"} {
		t.Run(name, func(t *testing.T) { giveUpWhileHeld(t, expr) })
	}
}

func giveUpWhileHeld(t *testing.T, expr string) {
	r := newRig(t, "intercept="+expr)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		q, _ := http.NewRequestWithContext(ctx, "GET", r.plain.URL+"/held", nil)
		_, err := r.client.Do(q)
		failed <- err
	}()
	r.wait("/held", held)
	cancel()
	<-failed
	f := r.wait("/held", ended)
	if f.Error == nil || f.Intercepted {
		t.Fatalf("%+v", f)
	}
	if r.Resume(f.ID, nil) {
		t.Fatal("still held")
	}
}

func TestReplay(t *testing.T) {
	r := newRig(t)
	r.do("POST", r.secure.URL+"/again", "body")
	f := r.wait("/again", ended)
	again := f.Copy()
	if err := r.Replay(again); err != nil {
		t.Fatal(err)
	}
	g := r.wait("/again", func(g *flow.Flow) bool { return g.ID == again.ID && ended(g) && g.Response != nil })
	if g.Replay != flow.ReplayedRequest || string(g.Response.Body.Bytes()) != "POST /again body" || g.Error != nil {
		t.Fatalf("%+v", g)
	}
}

func TestUnreachableServer(t *testing.T) {
	r := newRig(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	code, body, _ := r.do("GET", "http://"+ln.Addr().String()+"/nobody", "")
	if code != 502 || !strings.Contains(body, "refused") {
		t.Fatalf("%d %s", code, body)
	}
	if f := r.wait("/nobody", ended); f.Error == nil {
		t.Fatal("no error recorded")
	}
}

func TestProxyDoesNotServeItself(t *testing.T) {
	r := newRig(t)
	code, body, _ := r.do("GET", "http://"+r.Addrs()[0].String()+"/loop", "")
	if code != 502 || !strings.Contains(body, "proxy itself") {
		t.Fatalf("%d %s", code, body)
	}
}

func TestUpstreamProxy(t *testing.T) {
	outer := newRig(t)
	r := newRig(t, "mode=upstream:http://"+outer.Addrs()[0].String())
	for _, origin := range []*httptest.Server{r.plain, r.secure} {
		if _, body, _ := r.do("GET", origin.URL+"/far", ""); body != "GET /far " {
			t.Fatal(body)
		}
	}
	outer.wait("/far", func(f *flow.Flow) bool { return ended(f) && f.Request.Scheme == "https" })
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	r := newRig(t)
	c, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var all strings.Builder
	for i := range 20 {
		fmt.Fprintf(&all, "GET %s/%d HTTP/1.1\r\nHost: x\r\n\r\n", r.plain.URL, i)
	}
	io.WriteString(c, all.String())
	in := bufio.NewReader(c)
	for i := range 20 {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		if want := fmt.Sprintf("GET /%d ", i); string(b) != want {
			t.Fatalf("%q, want %q", b, want)
		}
	}
}

func TestManyClientsAtOnce(t *testing.T) {
	r := newRig(t)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			c := r.newClient()
			defer c.CloseIdleConnections()
			for j := range 20 {
				resp, err := c.Get(fmt.Sprintf("%s/%d-%d", r.secure.URL, i, j))
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	wg.Wait()
	r.wait("/15-19", ended)
}
