package proxy

import (
	"io"
	"net/http"
	"testing"
)

// TestNormalizeOutboundHeaders: a name that a rule writes in upper case reaches an HTTP/2 server in lower case unless the option is
// off, and then the server refuses it (RFC 9113 §8.2).
func TestNormalizeOutboundHeaders(t *testing.T) {
	r := newRig(t, "modify_headers=|~q|X-ODD|1")
	origin := newOrigin(t, true, func(w http.ResponseWriter, q *http.Request) { io.WriteString(w, q.Header.Get("x-odd")) })
	client := r.h2Client("h2")
	get := func() (string, error) {
		resp, err := client.Get(origin.URL + "/case")
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return string(b), err
	}
	if got, err := get(); got != "1" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	if err := r.opts.Set("normalize_outbound_headers=false"); err != nil {
		t.Fatal(err)
	}
	if got, err := get(); err == nil && got == "1" {
		t.Error("the server took a name in upper case")
	}
}
