package proxy

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"testing"
)

// TestInterimResponses: those that are not the final one reach the client before the origin goes on, over every pair of versions.
func TestInterimResponses(t *testing.T) {
	for _, v := range pairs {
		t.Run(v.name, func(t *testing.T) {
			seen := make(chan string)
			origin := newOrigin(t, v.origin, func(w http.ResponseWriter, q *http.Request) {
				for _, link := range []string{"</one>", "</two>"} {
					w.Header().Set("Link", link)
					w.WriteHeader(http.StatusEarlyHints)
					select {
					case got := <-seen:
						if got != link {
							t.Errorf("the client saw %q, not %q", got, link)
						}
					case <-q.Context().Done():
						return
					}
				}
				io.WriteString(w, q.Proto)
			})
			r := newRig(t, "connection_strategy=lazy")
			trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				if code != http.StatusEarlyHints {
					t.Errorf("the client saw %d", code)
				}
				seen <- h.Get("Link")
				return nil
			}}
			q, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", origin.URL+"/hints", nil)
			resp, err := v.clientOf(r).Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if got := resp.Proto + " " + string(body); err != nil || resp.StatusCode != 200 || got != v.versions {
				t.Errorf("%d %s, %v", resp.StatusCode, got, err)
			}
			if f := r.wait("/hints", ended); f.Response.Status != 200 || f.Error != nil {
				t.Errorf("recorded %d, %v", f.Response.Status, f.Error)
			}
		})
	}
}
