package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"

	"sluice/proxy/flow"
)

func TestLocalhost(t *testing.T) {
	for addr, want := range map[string]string{
		"shop.localhost:80": "localhost:80", "a.b.LOCALHOST.:443": "localhost:443",
		"localhost:80": "localhost:80", "notlocalhost:80": "notlocalhost:80", "localhost.example:80": "localhost.example:80",
		"[::1]:80": "[::1]:80", "nonsense": "nonsense",
	} {
		if got := localhost(addr); got != want {
			t.Errorf("localhost(%q) = %q, want %q", addr, got, want)
		}
	}
}

func TestDialBelowLocalhost(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		if nc, err := ln.Accept(); err == nil {
			io.WriteString(nc, "hello")
			nc.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	nc, err := New(Config{}).dialTCP(t.Context(), "shop.localhost:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if got, err := io.ReadAll(nc); err != nil || string(got) != "hello" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestFailureNamesTheServerOnce: a log line says where to a connection failed, and says it once.
func TestFailureNamesTheServerOnce(t *testing.T) {
	to := flow.Addr{Host: "shop.test", Port: 80}
	if got := failure(to, errors.New("connect to shop.test:80: no such host")); len(got) != 2 || got[0] != "err" {
		t.Errorf("got %v", got)
	}
	if got := failure(to, errors.New("it is blocked")); len(got) != 4 || got[1] != to {
		t.Errorf("got %v", got)
	}
}

// TestDialFromWrongAddress: who has set connect_addr wrong is told that it is that.
func TestDialFromWrongAddress(t *testing.T) {
	origin := httptest.NewServer(http.NotFoundHandler())
	defer origin.Close()
	for _, from := range []string{"::1", "192.0.2.7"} {
		_, err := (&Engine{cfg: Config{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}}).dialTCP(t.Context(), origin.Listener.Addr().String())
		if err == nil || !strings.Contains(err.Error(), "connect_addr does not lead there") {
			t.Error(from, err)
		}
	}
}

func TestDialError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&net.DNSError{IsNotFound: true}, "connect to shop:80: no such host"},
		{&net.OpError{Err: &net.DNSError{IsTimeout: true, Server: "192.0.2.77:53"}},
			"connect to shop:80: no answer from the name server 192.0.2.77:53"},
		{&net.DNSError{Err: "server misbehaving", Name: "shop"}, "connect to shop:80: lookup shop: server misbehaving"},
		{syscall.ECONNREFUSED, "connect to shop:80: connection refused"},
		{os.ErrDeadlineExceeded, "connect to shop:80: no answer in time"},
	} {
		if got := dialError("shop:80", c.err); got.Error() != c.want {
			t.Errorf("%v, want %s", got, c.want)
		}
	}
}
