package main

import (
	"net"
	"testing"
)

func TestPlace(t *testing.T) {
	for want, a := range map[string]net.Addr{
		"*:8080":         &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080},
		"*:81":           &net.TCPAddr{IP: net.IPv4zero, Port: 81},
		"[::1]:8080":     &net.TCPAddr{IP: net.IPv6loopback, Port: 8080},
		"127.0.0.1:8080": &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080},
	} {
		if got := place(a); got != want {
			t.Errorf("%v is written %s, want %s", a, got, want)
		}
	}
}
