package dump

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"sluice/proxy/flow"
)

var noon = time.Unix(1700000000, 123456789)

// exchanges returns n flows of one connection as a browser makes them.
func exchanges(n int) []*flow.Flow {
	flows := make([]*flow.Flow, n)
	client, server := (&flow.Client{}).Snapshot(), (&flow.Server{}).Snapshot()
	page := bytes.Repeat([]byte("0123456789abcdef"), 64)
	for i := range flows {
		f := &flow.Flow{ID: flow.NewID(), Client: client, Server: server, Created: noon}
		f.Request = &flow.Request{Method: "GET", Scheme: "https", Host: "origin.example", Port: 443, Path: "/item"}
		f.Request.HTTPMessage = message(11, nil)
		f.Response = &flow.Response{Status: 200, Reason: "OK", HTTPMessage: message(9, page)}
		flows[i] = f
	}
	return flows
}

// message returns a message with n headers.
func message(n int, body []byte) flow.HTTPMessage {
	m := flow.HTTPMessage{Version: "HTTP/1.1", Start: noon, End: noon.Add(1234567), Body: flow.BodyOf(body)}
	for i := range n {
		m.Headers = append(m.Headers, flow.Header{Name: "Some-Header", Value: "a value of some words; of a length as is usual"[i:]})
	}
	return m
}

// BenchmarkAdd writes flows to a file.
func BenchmarkAdd(b *testing.B) {
	path := filepath.Join(b.TempDir(), "flows")
	flows := exchanges(1000)
	file, err := Open(path, false, Newest)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%100_000 == 0 { // not more than a disk has
			if err := file.Flush(); err != nil {
				b.Fatal(err)
			}
			file.size = 0
			if err := file.f.Truncate(0); err != nil {
				b.Fatal(err)
			}
			if _, err := file.f.Seek(0, 0); err != nil {
				b.Fatal(err)
			}
		}
		if err := file.Add(flows[i%len(flows)]); err != nil {
			b.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
}
