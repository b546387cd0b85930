package main

import (
	"fmt"
	"net/http"
	"testing"
)

// events streams what it is told to.
func (w *world) events(rw http.ResponseWriter, r *http.Request) {
	rw.Header().Set("Content-Type", "text/event-stream")
	for {
		select {
		case data, more := <-w.tick:
			if !more {
				return
			}
			fmt.Fprintf(rw, "event: tick\ndata: %s\n\n", data)
			if http.NewResponseController(rw).Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// TestJourneyEvents looks at an event stream as it grows.
func TestJourneyEvents(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		answer := w.ask("GET", "/events", "")
		w.tick <- "the first"
		x.see("/events", "200")
		x.press(keyEnter, keyTab, keyTab)
		x.see("Events", "tick the first")
		w.tick <- `{"number":2}`
		x.see(`"number": 2`)
		w.tick <- "the last"
		x.see("tick the last")
		close(w.tick)
		if a := await(x, "stream", answer); a.err != nil || a.status != 200 {
			t.Errorf("the client got %+v", a)
		}
		x.press("q")
		x.see("event-stream", "[1/1]")
		quit(x)
	})
}
