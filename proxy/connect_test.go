package proxy

import (
	"io"
	"net"
	"testing"
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
