package flow

import "testing"

func TestAppendPrettyURL(t *testing.T) {
	host := func(h string) HTTPMessage { return HTTPMessage{Headers: Headers{{"Host", h}}} }
	for _, r := range []Request{
		{Method: "GET", Scheme: "http", Host: "a", Port: 80, Path: "/x?y"},
		{Method: "GET", Scheme: "https", Host: "a", Port: 8443, Path: "/"},
		{Method: "GET", Scheme: "http", Host: "1.2.3.4", Port: 80, Path: "/", HTTPMessage: host("named:81")},
		{Method: "GET", Scheme: "http", Host: "::1", Port: 80, Path: "/"},
		{Method: "GET", Scheme: "http", Host: "::1", Port: 81, Path: "/"},
		{Method: "OPTIONS", Scheme: "http", Host: "a", Port: 80, Path: "*"},
		{Method: "CONNECT", Host: "::1", Port: 443},
	} {
		if got, want := string(r.AppendPrettyURL([]byte("> "))), "> "+r.PrettyURL(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
