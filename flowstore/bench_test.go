package flowstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// sample returns n finished flows of a few hundred hosts, in the order of time.
func sample(n int) []*flow.Flow {
	flows := make([]*flow.Flow, n)
	client, server := (&flow.Client{}).Snapshot(), (&flow.Server{}).Snapshot()
	for i := range flows {
		f := &flow.Flow{ID: flow.NewID(), Client: client, Server: server, Created: epoch.Add(time.Duration(i) * time.Millisecond)}
		f.Request = &flow.Request{Method: "GET", Scheme: "https", Host: fmt.Sprintf("h%d.example", i%300), Port: 443}
		f.Request.Path = fmt.Sprintf("/%x/item", uint32(i)*2654435761)
		f.Request.Headers = flow.Headers{{Name: "Host", Value: f.Request.Host}, {Name: "Accept", Value: "*/*"}}
		f.Response = &flow.Response{Status: 200 + i%7*50}
		f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: "text/html"}}
		flows[i] = f
	}
	return flows
}

func filled(n int) (*Store, []*flow.Flow) {
	s := New(Config{})
	flows := sample(n)
	for _, f := range flows {
		s.Put(f)
	}
	return s, flows
}

// BenchmarkTakeIn brings one more flow into a store of so many and into its view.
func BenchmarkTakeIn(b *testing.B) {
	for _, order := range []Order{ByTime, ByURL} {
		for _, n := range []int{100, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", order, n), func(b *testing.B) {
				s, _ := filled(n)
				v := NewView(s)
				v.Set(Query{Order: order})
				more := sample(n + 100)[n:]
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i > 0 && i%len(more) == 0 {
						b.StopTimer()
						takeOut(s, v, more)
						b.StartTimer()
					}
					s.Put(more[i%len(more)])
					v.Sync()
				}
			})
		}
	}
}

func takeOut(s *Store, v *View, flows []*flow.Flow) {
	for _, f := range flows {
		s.Remove(f.ID)
	}
	v.Sync()
}

// BenchmarkPut is the next snapshot of a flow that is known, without a view.
func BenchmarkPut(b *testing.B) {
	s, flows := filled(10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Put(flows[i%len(flows)])
	}
}

// BenchmarkPutNew is the first snapshot of a flow, in a store that keeps 10,000.
func BenchmarkPutNew(b *testing.B) {
	s := New(Config{MaxFlows: 10_000})
	flows := sample(20_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.Put(flows[i%len(flows)])
	}
}

// BenchmarkPrepare answers a query over 100,000 flows.
func BenchmarkPrepare(b *testing.B) {
	s, _ := filled(100_000)
	v := NewView(s)
	for name, q := range map[string]Query{
		"all": {}, "url": {Order: ByURL}, "few": {Filter: mustFilter("~u /00 & ~c 200")}, "none": {Filter: mustFilter("~u nosuch")},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Prepare(context.Background(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScreen reads the rows of one screen.
func BenchmarkScreen(b *testing.B) {
	s, _ := filled(100_000)
	v := NewView(s)
	v.Sync()
	var rows []Row
	b.ReportAllocs()
	for b.Loop() {
		rows = v.Rows(rows[:0], 50_000, 60)
	}
}
