package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// A till is a server of the demo that speaks a protocol of its own over TCP, and the first word is its.
type till struct {
	ln      net.Listener
	serving sync.WaitGroup

	mu   sync.Mutex
	open map[net.Conn]bool // nil: closed
}

func openTill() (*till, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &till{ln: ln, open: map[net.Conn]bool{}}
	t.serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.serving.Go(func() { t.serve(c) })
		}
	})
	return t, nil
}

// Close ends the server and its connections.
func (t *till) Close() error {
	err := t.ln.Close()
	t.mu.Lock()
	for c := range t.open {
		c.Close()
	}
	t.open = nil
	t.mu.Unlock()
	t.serving.Wait()
	return err
}

// serve greets a customer and adds up what it buys.
func (t *till) serve(c net.Conn) {
	defer c.Close()
	t.mu.Lock()
	closed := t.open == nil
	if !closed {
		t.open[c] = true
	}
	t.mu.Unlock()
	if closed {
		return
	}
	defer func() {
		t.mu.Lock()
		delete(t.open, c)
		t.mu.Unlock()
	}()
	fmt.Fprintf(c, "till 4 is open\r\n")
	for lines, n := bufio.NewScanner(c), 1; lines.Scan(); n++ {
		if lines.Text() == "bye" {
			fmt.Fprintf(c, "thank you\r\n")
			return
		}
		fmt.Fprintf(c, "%d: %s\r\n", n, strings.ToUpper(lines.Text()))
	}
}

// pay buys something at a till and returns the last thing it says.
func pay(ctx context.Context, address string) (string, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	heard := bufio.NewReader(c)
	last, err := heard.ReadString('\n')
	for _, line := range []string{"one mug", "two linen towels", "bye"} {
		if err != nil {
			return "", err
		}
		fmt.Fprintf(c, "%s\n", line)
		last, err = heard.ReadString('\n')
	}
	return strings.TrimSpace(last), err
}
