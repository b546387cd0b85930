package proxy

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// newStreams returns a client whose requests to a server share one connection of HTTP/2.
func (r *rig) newStreams() *http.Client {
	c := r.newClient()
	c.Transport.(*http.Transport).ForceAttemptHTTP2 = true
	r.t.Cleanup(c.CloseIdleConnections)
	return c
}

// stall keeps every read waiting until it is called off.
func (r *rig) stall() (release func()) {
	slow := make(chan struct{})
	for range 200 {
		r.disk.Read(func() error { <-slow; return nil }, func(error) {})
	}
	return func() { close(slow) }
}

// TestSlowDiskStallsOneStream: while a rule reads its file, the other streams of the client go on.
func TestSlowDiskStallsOneStream(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "value.txt"), "from a file")
	for name, c := range map[string]struct {
		rule, want string
	}{
		"map_local":            {rule: "map_local=|/slow|" + file, want: "200 from a file"},
		"map_local by body":    {rule: "map_local=|~bq slow|/slow|" + file, want: "200 from a file"},
		"modify_body":          {rule: "modify_body=|~u /slow & ~s|POST|@" + file, want: "200 from a file /slow slow"},
		"modify_body, request": {rule: "modify_body=|~u /slow & ~q|slow|@" + file, want: "200 POST /slow from a file"},
		"modify_headers":       {rule: "modify_headers=|~u /slow & ~q|X-Test|@" + file, want: "200 POST /slow slow from a file"},
		"modify_headers, back": {rule: "modify_headers=|~u /slow & ~s|X-Seen|@" + file, want: "200 POST /slow slow from a file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, c.rule)
			origin := httptest.NewUnstartedServer(r.secure.Config.Handler)
			origin.EnableHTTP2 = true
			origin.StartTLS()
			defer origin.Close()
			streams := r.newStreams()
			ask := func(path string) string {
				resp, err := streams.Post(origin.URL+path, "text/plain", strings.NewReader("slow"))
				if err != nil {
					return err.Error()
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				return strings.TrimSpace(resp.Status[:4] + string(body) + " " + resp.Header.Get("X-Seen"))
			}
			if got := ask("/first"); got != "200 POST /first slow" {
				t.Fatal(got)
			}
			release := r.stall()
			slow := make(chan string, 1)
			go func() { slow <- ask("/slow") }()
			r.wait("/slow", func(*flow.Flow) bool { return true })
			if got := ask("/other"); got != "200 POST /other slow" {
				t.Error(got)
			}
			select {
			case got := <-slow:
				t.Errorf("%s was not held", got)
			default:
			}
			release()
			if got := <-slow; got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			f := r.wait("/slow", ended)
			if other := r.wait("/other", ended); other.Client.ID != f.Client.ID {
				t.Error("the streams had not one connection")
			}
		})
	}
}

// TestClientGoesWhileDiskIsRead: the flow ends at once, whatever the disk does.
func TestClientGoesWhileDiskIsRead(t *testing.T) {
	r := newRig(t, "map_local=|/slow|"+writeFile(t, filepath.Join(t.TempDir(), "value.txt"), "x"))
	release := r.stall()
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		q, _ := http.NewRequestWithContext(ctx, "GET", r.plain.URL+"/slow", nil)
		_, err := r.client.Do(q)
		failed <- err
	}()
	r.wait("/slow", func(*flow.Flow) bool { return true })
	cancel()
	<-failed
	if f := r.wait("/slow", ended); f.Error == nil || f.Response != nil {
		t.Errorf("%+v", f)
	}
}

// TestAddonsComeInOrder: an addon sees what those before it have made of a flow, even if they take their time.
func TestAddonsComeInOrder(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "value.txt"), "from a file")
	r := newRig(t, "modify_body=|~q|sent|@"+file, "intercept=~q")
	release := r.stall()
	answer := make(chan string, 1)
	go func() {
		_, body, _ := r.do("POST", r.plain.URL+"/x", "as sent")
		answer <- body
	}()
	if f := r.wait("/x", func(*flow.Flow) bool { return true }); f.Intercepted {
		t.Error("it is held before the rule has been applied")
	}
	release()
	f := r.wait("/x", held)
	if got := string(f.Request.Body.Bytes()); got != "as from a file" {
		t.Errorf("%q is held", got)
	}
	if !r.Resume(f.ID, nil) {
		t.Fatal("it is not held")
	}
	if got := <-answer; got != "POST /x as from a file" {
		t.Errorf("%q", got)
	}
}

// TestKillWhileDiskIsRead: a person need not wait for the disk.
func TestKillWhileDiskIsRead(t *testing.T) {
	r := newRig(t, "map_local=|/slow|"+writeFile(t, filepath.Join(t.TempDir(), "value.txt"), "x"))
	release := r.stall()
	defer release()
	failed := make(chan error)
	go func() {
		_, err := r.client.Get(r.plain.URL + "/slow")
		failed <- err
	}()
	f := r.wait("/slow", func(*flow.Flow) bool { return true })
	if !r.Kill(f.ID) {
		t.Fatal("it is not alive")
	}
	if err := <-failed; err == nil {
		t.Error("there was an answer")
	}
	if f := r.wait("/slow", ended); !f.Killed() || f.Response != nil {
		t.Errorf("%+v", f)
	}
}

// TestUploadWaitsForDisk: what the client sends meanwhile waits, and the request is answered when the file has been read.
func TestUploadWaitsForDisk(t *testing.T) {
	file := writeFile(t, filepath.Join(t.TempDir(), "value.txt"), "from a file")
	for name, rule := range map[string]string{"at the head": "map_local=|/up|" + file, "when it is whole": "modify_body=|~q|^.{20}|@" + file} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rule)
			release := r.stall()
			answer := make(chan string, 1)
			go func() {
				_, body, _ := r.do("POST", r.plain.URL+"/up", strings.Repeat("0123456789", 800_000))
				answer <- body
			}()
			r.wait("/up", func(*flow.Flow) bool { return true })
			release()
			if got := <-answer; !strings.HasPrefix(strings.TrimPrefix(got, "POST /up "), "from a file") {
				t.Errorf("%.60q", got)
			}
			r.wait("/up", ended)
			if code, _, _ := r.do("GET", r.plain.URL+"/next", ""); code != 200 {
				t.Error(code)
			}
		})
	}
}
