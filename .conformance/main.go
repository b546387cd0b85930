// Command conformance runs h2spec against the HTTP/2 that sluice speaks with its clients, once
// in front of an origin that speaks HTTP/2 and once in front of one that does not. Its argument is the binary.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/summerwind/h2spec"
	"github.com/summerwind/h2spec/config"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: conformance path/to/sluice [section...]")
	}
	failed := false
	for _, http2 := range []bool{true, false} {
		ok, err := check(os.Args[1], http2, os.Args[2:])
		if err != nil {
			log.Fatal(err)
		}
		failed = failed || !ok
	}
	if failed {
		os.Exit(1)
	}
}

// check runs the suite in front of one kind of origin.
func check(binary string, http2 bool, sections []string) (ok bool, err error) {
	origin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		io.Copy(io.Discard, q.Body)
		io.WriteString(w, strings.Repeat("sluice ", 100))
	}))
	origin.EnableHTTP2 = http2
	origin.StartTLS()
	defer origin.Close()
	proxy, stop, err := start(binary)
	if err != nil {
		return false, err
	}
	defer stop()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return false, err
	}
	defer ln.Close()
	go relay(ln, proxy, origin.Listener.Addr().String())
	return h2spec.Run(&config.Config{Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, Path: "/", Timeout: 3 * time.Second,
		MaxHeaderLen: 4000, Strict: true, TLS: true, Insecure: true, Sections: sections})
}

// start runs the proxy on a free port until stop is called.
func start(binary string) (addr string, stop func(), err error) {
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return "", nil, err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	addr = ln.Addr().String()
	ln.Close()
	ctx, cancel := context.WithCancel(context.Background())
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.CommandContext(ctx, binary, "dump", "-q", "--listen-host", "127.0.0.1", "-p", port,
		"--set", "confdir="+dir, "--set", "ssl_insecure=true", "--set", "connection_strategy=lazy")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		cancel()
		return "", nil, err
	}
	stop = func() {
		cancel()
		cmd.Wait()
		os.RemoveAll(dir)
	}
	for range 100 {
		if nc, err := net.Dial("tcp", addr); err == nil {
			nc.Close()
			return addr, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", nil, errors.New("sluice does not listen")
}

// relay leads every connection through the proxy to the origin, for h2spec does not know proxies.
func relay(ln net.Listener, proxy, origin string) {
	for {
		client, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			if err := tunnel(client, proxy, origin); err != nil {
				log.Print(err)
			}
		}()
	}
}

func tunnel(client net.Conn, proxy, origin string) error {
	server, err := net.Dial("tcp", proxy)
	if err != nil {
		return err
	}
	defer server.Close()
	fmt.Fprintf(server, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", origin, origin)
	r := bufio.NewReader(server)
	resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
	if err != nil {
		return err
	}
	if resp.StatusCode != 200 {
		return errors.New("the proxy refuses: " + resp.Status)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		io.Copy(server, client)
		server.(*net.TCPConn).CloseWrite()
	})
	io.Copy(client, r)
	client.(*net.TCPConn).CloseWrite()
	client.SetReadDeadline(time.Now().Add(time.Second))
	wg.Wait()
	return nil
}
