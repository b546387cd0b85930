package main

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// echo starts a server that repeats what it hears, over tcp or udp, and returns its address.
func echo(t *testing.T, network string) string {
	t.Helper()
	answer := func(heard []byte) []byte { return append([]byte("you said: "), heard...) }
	b := make([]byte, 1<<10)
	if network == "udp" {
		pc, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { pc.Close() })
		go func() {
			for {
				n, from, err := pc.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = pc.WriteTo(answer(b[:n]), from)
			}
		}()
		return pc.LocalAddr().String()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			_, _ = c.Write(answer(b[:n]))
		}
	}()
	return ln.Addr().String()
}

// TestJourneyTalk holds a message over TCP and over UDP, edits it, drops another, injects one, and shows only some of them.
func TestJourneyTalk(t *testing.T) {
	editor := filepath.Join(t.TempDir(), "editor")
	script := "#!/bin/sh\nif grep -q 'please hold' \"$1\"; then printf 'from the editor' > \"$1\"\nelse sed -i 's/^    \"hold\": 1$/    \"held\": 2/' \"$1\"; fi\n"
	if err := os.WriteFile(editor, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	env := []string{"SLUICE_EDITOR=", "MITMPROXY_EDITOR=", "VISUAL=", "EDITOR=" + editor}
	for network, tab := range map[string]string{"tcp": "TCP Stream", "udp": "UDP Stream"} {
		t.Run(network, func(t *testing.T) {
			for _, size := range sizes {
				w := newWorld(t)
				flags := w.flags("--mode", "reverse:"+network+"://"+echo(t, network), "--intercept", "~bq hold")
				x := openTerminal(t, size[0], size[1], env, "sluice", flags...)
				x.see("No flows yet", strconv.Itoa(w.port))
				talkJourney(t, x, network, tab, net.JoinHostPort("127.0.0.1", strconv.Itoa(w.port)))
				quit(x)
				if err := x.ended(); err != nil {
					t.Errorf("the console ended with %v:\n%s", err, x.text())
				}
			}
		})
	}
}

func talkJourney(t *testing.T, x *terminal, network, tab, address string) {
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say := func(text string) {
		t.Helper()
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		b := make([]byte, 1<<10)
		n, err := c.Read(b)
		if err != nil || string(b[:n]) != want {
			t.Fatalf("the client heard %q, %v; want %q", b[:n], err, want)
		}
	}
	say("hello")
	hear("you said: hello")
	x.see("2 messages", "live")
	say("please hold this")
	x.see("held message")
	x.press(keyEnter)
	x.see(tab+" intercepted", "you said: hello", "[held] please hold this")
	x.press("e")
	x.see("Edit...", network+"-message")
	x.press(keyEnter)
	x.see("[held] from the editor")
	x.press("a")
	hear("you said: from the editor")
	x.see("4 messages open", "you said: from the editor")

	say(`{"hold":1}`)
	x.see("[held]", `"hold": 1`)
	x.press("e")
	x.see("Edit...", "2) "+network+"-message (json)")
	x.press("2")
	x.see("[held]", `"held": 2`)
	x.press("a")
	hear(`you said: {"held":2}`)

	say("hold and drop this")
	x.see("[held] hold and drop this")
	x.press("X")
	x.see("[dropped] hold and drop this")
	x.press("c")
	x.see("inject." + network + " @focus false")
	x.press("'from the person'", keyEnter)
	hear("you said: from the person")
	x.see("[injected] from the person", "you said: from the person")
	x.press("s")
	x.see("Show messages:")
	x.press("~bs person", keyEnter)
	x.see("[only:~bs person]", "you said: from the person")
	x.miss("[injected]")
	x.press("q")
	x.see("[1/1]")
}
