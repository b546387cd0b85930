package main

import (
	"net/http"
	"strings"
	"testing"
)

// TestJourneyRules sets rules at the prompt, one with a mistake in between, and looks at what they do.
func TestJourneyRules(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		x.press(":", `set map_remote "|/old|/missing"`, keyEnter)
		x.see("[map:1]")
		a := await(x, "mapped answer", w.ask("GET", "/old", ""))
		if a.status != 404 || !strings.Contains(a.body, `"/missing"`) {
			t.Errorf("the client got %+v", a)
		}
		x.see("/missing", "404", "[1/1]")
		x.press(":", `set map_remote "|~zz|/old|/other"`, keyEnter)
		x.see("map_remote", "unknown operator")
		if a := await(x, "answer by the old rule", w.ask("GET", "/old", "")); a.status != 404 {
			t.Errorf("the rule that was there is gone: %+v", a)
		}
		x.see("[1/2]")
		x.press(":", `set modify_body "/~s/hello (\\w+)/\\1 hello"`, keyEnter)
		x.see("[1 body modifications]")
		if a := await(x, "changed answer", w.ask("GET", "/changed", "")); !strings.Contains(a.body, "from hello the origin") {
			t.Errorf("the client got %+v", a)
		}
		x.see("/changed", "[1/3]")
		quit(x)
	})
}

// TestJourneyServerReplay answers a request with the response to an earlier one, by keys.
func TestJourneyServerReplay(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		first := w.get("/recorded")
		await(x, "first request", w.received)
		x.see("/recorded", "200", "[1/1]")
		x.press("S", "@focus", keyEnter)
		x.see("Server replay has 1 response.", "[splayback:1]")
		if again := w.get("/recorded"); again != first {
			t.Errorf("the client got %q, then %q", first, again)
		}
		w.get("/live")
		if r := await(x, "third request", w.received); r.path != "/live" {
			t.Errorf("the origin was asked for %s", r.path)
		}
		x.see("[1/3]")
		quit(x)
	})
}

// TestJourneyOnboarding gets the page with the certificate through the console's proxy.
func TestJourneyOnboarding(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		resp, err := w.client.Get("http://mitm.it/cert/pem")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/x-x509-ca-cert" {
			t.Errorf("the client got %s, %v", resp.Status, resp.Header)
		}
		x.see("mitm.it", "/cert/pem", "200")
		quit(x)
	})
}
