package layers_test

import (
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// TestRecordLimit: what is behind the limit passes and is counted, and a held body is whole whatever the limit.
func TestRecordLimit(t *testing.T) {
	var f *flow.Flow
	limit := layer.Options{BodyRecordLimit: 4}
	watch := func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }
	run(t, quiet(t, limit, watch), teed+`
		>> server "3\r\nbar\r\n"
		<< send client "3\r\nbar\r\n"
		>> server "1\r\n!\r\n0\r\n\r\n"
		<< send client "1\r\n!\r\n0\r\n\r\n"
	`)
	if b := &f.Response.Body; b.Gap() != flow.Cut || b.Len() != 7 || string(b.Front()) != "foob" {
		t.Errorf("%q kept of %d, gap %d", b.Front(), b.Len(), b.Gap())
	}

	run(t, quiet(t, limit, func(h layer.Hook) { watch(h); hold(h) }), `
		>> client "$GET"
		<< open server example.com:80
		>> opened
		<< send server "$SENT"
		>> server "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfoo"
		>> server "bar"
		<< send client "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfoobar"
	`)
	if b := &f.Response.Body; b.Gap() != flow.Whole || string(b.Bytes()) != "foobar" {
		t.Errorf("a held body: %q, gap %d", b.Bytes(), b.Gap())
	}
}

// TestRecordLimitOfStreams: store_streamed_bodies records up to the same limit.
func TestRecordLimitOfStreams(t *testing.T) {
	var f *flow.Flow
	opts := layer.Options{StreamLargeBodies: 3, StoreStreamed: true, BodyRecordLimit: 4}
	run(t, quiet(t, opts, func(h layer.Hook) { f = h.(layer.FlowHook).Subject() }), teed+`
		>> server "3\r\nbar\r\n0\r\n\r\n"
		<< send client "3\r\nbar\r\n0\r\n\r\n"
	`)
	if b := &f.Response.Body; b.Gap() != flow.Cut || b.Len() != 6 || string(b.Front()) != "foob" {
		t.Errorf("%q kept of %d, gap %d", b.Front(), b.Len(), b.Gap())
	}
}

// TestRecordLimitOfUploads: what was held of an upload before it began to pass counts too.
func TestRecordLimitOfUploads(t *testing.T) {
	var f *flow.Flow
	p := quiet(t, layer.Options{BodyRecordLimit: 4}, func(h layer.Hook) { f = h.(layer.FlowHook).Subject() })
	run(t, p, `
		>> client "POST http://example.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n"
		<< open server example.com:80
		>> opened
		<< send server "POST …abcdef…"
	`)
	p.Data(p.Client(), append([]byte("100000\r\n"), make([]byte, 1<<20)...))
	p.TakeSent(&p.Server(1).Conn)
	if b := &f.Request.Body; b.Gap() != flow.Cut || b.Len() != 1<<20+6 || string(b.Front()) != "abcd" {
		t.Errorf("%d of %d kept, gap %d", b.Kept(), b.Len(), b.Gap())
	}
}
