package addon

import (
	"log/slog"
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// TestRulesWaitForBodies: an addon whose filter has to know a body has it held, and forgets the flow however it ends.
func TestRulesWaitForBodies(t *testing.T) {
	opts := option.New()
	err := opts.Set("block_list=/~bq secret/403", "modify_headers=/~bq secret/X-A/b", "map_remote=|~bq secret|shop|stop",
		"map_local=|~bq secret|shop|"+t.TempDir(), "stickyauth=~bq secret", "stickycookie=~bq secret", "modify_body=|~bq secret|a|b")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	block, err1 := NewBlockList(opts)
	headers, err2 := NewModifyHeaders(opts, NewDisk(), log)
	remote, err3 := NewMapRemote(opts, log)
	local, err4 := NewMapLocal(opts, NewDisk(), log)
	auth, err5 := NewStickyAuth(opts)
	cookies, err6 := NewStickyCookie(opts)
	bodies, err7 := NewModifyBody(opts, NewDisk(), log)
	for _, err := range []error{err1, err2, err3, err4, err5, err6, err7} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		a Addon
		w *waitlist
	}{
		"block_list": {block, &block.waiting}, "modify_headers": {headers, &headers.requests}, "map_remote": {remote, &remote.waiting},
		"map_local": {local, &local.waiting}, "stickyauth": {auth, &auth.waiting}, "stickycookie": {cookies, &cookies.waiting}, "modify_body": {bodies, &waitlist{}},
	} {
		for _, streamed := range []bool{false, true} {
			f := exchange()
			f.Live, f.Response, f.Request.Stream = true, nil, streamed
			of := layer.OfFlow{Flow: f}
			c.a.Handle(&layer.RequestHeaders{OfFlow: of})
			if f.Request.Hold == streamed && name != "modify_body" {
				t.Errorf("%s: held: %v, streamed: %v", name, f.Request.Hold, streamed)
			}
			if n := c.w.n.Load(); streamed && n != 0 || !streamed && n != 1 && name != "modify_body" {
				t.Errorf("%s: %d flows wait", name, n)
			}
			if f.Request.Stream = true; !streamed && name != "modify_body" { // it was too large after all
				c.a.Handle(&layer.Request{OfFlow: of})
				if got := f.Metadata[missedKey]; !strings.Contains(got, "did not act: it passed as it came") || f.Response != nil {
					t.Errorf("%s: a body that passed leaves %q", name, got)
				}
			}
			c.a.Handle(&layer.Error{OfFlow: of})
			if c.w.n.Load() != 0 || len(c.w.flows) != 0 {
				t.Errorf("%s: a flow that has ended is remembered", name)
			}
		}
	}
}

// TestModifyBodyWarnsOfEventStreams: whoever has one held is told how to let it pass.
func TestModifyBodyWarnsOfEventStreams(t *testing.T) {
	for spec, warned := range map[string]bool{"modify_body=/a/b": true, "modify_body=/!~ts event-stream/a/b": false} {
		opts := option.New()
		if err := opts.Set(spec); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		m, err := NewModifyBody(opts, NewDisk(), slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		f := exchange()
		f.Response.Headers = f.Response.Headers.Set("Content-Type", "text/event-stream; charset=utf-8")
		m.Handle(&layer.ResponseHeaders{OfFlow: layer.OfFlow{Flow: f}})
		if f.Response.Hold != warned || strings.Contains(out.String(), "event stream") != warned {
			t.Errorf("%s: held %v: %s", spec, f.Response.Hold, out.String())
		}
	}
}

// TestModifyBodySaysWhatItMissed: a body that passed because it was too large is named in the log and marked, if a rule is for it.
func TestModifyBodySaysWhatItMissed(t *testing.T) {
	for spec, missed := range map[string]bool{"modify_body=/a/b": true, "modify_body=/~u nowhere/a/b": false, "modify_body=/~bs z/a/b": true} {
		opts := option.New()
		if err := opts.Set(spec); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		m, err := NewModifyBody(opts, NewDisk(), slog.New(slog.NewTextHandler(&out, nil)))
		if err != nil {
			t.Fatal(err)
		}
		f := exchange()
		of := layer.OfFlow{Flow: f}
		m.Handle(&layer.ResponseHeaders{OfFlow: of})
		f.Response.Stream, f.Response.Hold = true, true // whoever else holds it
		f.Response.Body = flow.Body{}
		f.Response.Body.Skip(300 << 20)
		m.Handle(&layer.Response{OfFlow: of})
		const text = "modify_body did not act on the response body of 314572800 bytes: it passed as it came"
		if strings.HasPrefix(f.Metadata[missedKey], text) != missed || strings.Contains(out.String(), text) != missed {
			t.Errorf("%s: %q, %s", spec, f.Metadata, out.String())
		}
	}
}
