package main

import (
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	"sluice/flowstore"
	"sluice/proxy"
	"sluice/proxy/flow"
	"sluice/proxy/option"
	"sluice/tui/actions"
)

// TestEndsWhenDone has a proxy that was told to replay requests end after them.
func TestEndsWhenDone(t *testing.T) {
	asked := make(chan string, 2)
	origin := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) { asked <- q.URL.Path }))
	defer origin.Close()
	opts := option.New()
	if err := opts.Set("confdir="+t.TempDir(), "listen_host=127.0.0.1", "listen_port=0", "client_replay=file"); err != nil {
		t.Fatal(err)
	}
	p, err := proxy.Open(opts, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r, store := start(p, syscall.SIGUSR1), flowstore.New(flowstore.Config{})
	r.owned.Go(func() {
		for batch := range p.Flows() {
			store.PutAll(batch)
		}
	})
	err = p.StartReplays(func(string) iter.Seq2[*flow.Flow, error] {
		return func(yield func(*flow.Flow, error) bool) {
			for _, path := range []string{"/one", "/two"} {
				f, err := actions.Create("GET", origin.URL+path, time.Now())
				if !yield(f, err) {
					return
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	close(read)
	endWhenDone(r, opts, read)
	if err := r.end(); err != nil {
		t.Error(err)
	}
	if a, b := <-asked, <-asked; a != "/one" || b != "/two" {
		t.Error(a, b)
	}
	if store.Len() != 2 {
		t.Error(store.Len(), "flows")
	}
}

func TestFinite(t *testing.T) {
	for spec, want := range map[string]bool{"": false, "client_replay=x": true, "server_replay=x": true, "rfile=x": true, "save_stream_file=x": false} {
		opts := option.New()
		if spec != "" {
			if err := opts.Set(spec); err != nil {
				t.Fatal(err)
			}
		}
		if finite(opts) != want {
			t.Error(spec)
		}
		if err := opts.Set("keepserving=true"); err != nil || finite(opts) {
			t.Error("does not keep serving", err)
		}
	}
}
