package proxy

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// insideEnv says that the test runs in a network namespace of its own.
const insideEnv = "SLUICE_TEST_NETNS"

// rules lead what goes to port 9999 to the proxy, but for what the proxy sends itself, which has an address of its own.
const rules = `
table inet sluice {
	chain output {
		type nat hook output priority -100
		ip saddr 127.0.0.3 accept
		ip6 saddr fd00::3 accept
		tcp dport 9999 redirect to :8080
	}
}
`

// redirected runs a test in a network of its own, for servers whose clients the kernel leads to the proxy, each with
// the address that the proxy's own connections come from.
func redirected(t *testing.T, test func(t *testing.T, server, own string)) {
	if os.Getenv(insideEnv) != "" {
		redirect(t)
		for server, own := range map[string]string{"127.0.0.2:9999": "127.0.0.3", "[fd00::2]:9999": "fd00::3"} {
			t.Run(server, func(t *testing.T) { test(t, server, own) })
		}
		return
	}
	for _, tool := range []string{"unshare", "ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("TRANSPARENT MODE IS NOT TESTED HERE: %v", err)
		}
	}
	if out, err := exec.Command("unshare", "-n", "nft", "list", "ruleset").CombinedOutput(); err != nil {
		t.Skipf("TRANSPARENT MODE IS NOT TESTED HERE: a network namespace with nftables needs root: %v: %s", err, out)
	}
	cmd := exec.Command("unshare", "-n", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("%v:\n%s", err, out)
	}
}

// redirect sets this network up.
func redirect(t *testing.T) {
	t.Helper()
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"addr", "add", "fd00::2/128", "dev", "lo"}, {"addr", "add", "fd00::3/128", "dev", "lo"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v: %s", args, err, out)
		}
	}
	nft := exec.Command("nft", "-f", "-")
	nft.Stdin = strings.NewReader(rules)
	if out, err := nft.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v: %s", err, out)
	}
}

// The kernel says where clients were going that it has redirected, over IPv4 and IPv6.
func TestTransparent(t *testing.T) { redirected(t, transparentTo) }

func transparentTo(t *testing.T, server, own string) {
	ln, err := net.Listen("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err == nil {
			io.WriteString(c, "220 hi\r\n")
			io.Copy(c, c)
			c.Close()
		}
	}()
	r := newRig(t, "mode=transparent@[::]:8080", "connect_addr="+own)
	c, err := net.Dial("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	b := bufio.NewReader(c)
	if got, err := b.ReadString('\n'); got != "220 hi\r\n" {
		t.Fatal(got, err)
	}
	io.WriteString(c, "EHLO\r\n")
	if got, err := b.ReadString('\n'); got != "EHLO\r\n" {
		t.Fatal(got, err)
	}
	f := r.waitTCP(2)
	if f.Server.Address.String() != server || f.Client.Local.String() != server || !strings.HasPrefix(strings.Trim(f.Server.Local.String(), "["), own) {
		t.Errorf("%s, %s, %s", f.Server.Address, f.Client.Local, f.Server.Local)
	}
	direct, err := net.Dial("tcp", "127.0.0.1:8080")
	if err != nil {
		t.Fatal(err)
	}
	defer direct.Close()
	if _, err := direct.Read(make([]byte, 1)); err != io.EOF {
		t.Error("who was not redirected is served:", err)
	}
}
