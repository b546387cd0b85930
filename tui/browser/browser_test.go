//go:build unix

package browser

import (
	"bufio"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// install puts programs into a PATH of their own that say how they were started, over a named pipe, and then do nothing until they are killed.
func install(t *testing.T, names ...string) (said *bufio.Reader) {
	t.Helper()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		script := "#!/bin/sh\nPATH=/usr/bin:/bin\necho " + name + " \"$@\" > '" + pipe + "'\nexec tail -f /dev/null\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("TMPDIR", t.TempDir())
	f, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return bufio.NewReader(f)
}

// profileOf returns the folder that a browser was started with.
func profileOf(t *testing.T, line string) string {
	t.Helper()
	for word := range strings.FieldsSeq(line) {
		word = strings.TrimPrefix(word, "--user-data-dir=")
		if strings.HasPrefix(word, os.TempDir()) {
			return word
		}
	}
	t.Fatalf("no profile in %q", line)
	return ""
}

func TestStart(t *testing.T) {
	said := install(t, "chromium", "firefox")
	ca := &x509.Certificate{RawSubjectPublicKeyInfo: []byte("a key")}
	var l Launcher
	var profiles []string
	for _, c := range []struct{ name, addr, want string }{
		{"chrome", "*:8081", "--proxy-server=127.0.0.1:8081 "}, // there is but chromium
		{"chromium", "[::1]:8082", "--proxy-server=[::1]:8082 --proxy-bypass-list=<-loopback> "},
		{"firefox", "192.0.2.1:8083", "-profile "},
	} {
		if text, err := l.Start(c.name, c.addr, ca); err != nil || !strings.Contains(text, c.name) {
			t.Fatal(text, err)
		}
		line, err := said.ReadString('\n')
		if err != nil || !strings.Contains(line, c.want) || !strings.Contains(line, "about:blank") {
			t.Errorf("%s: %q, %v", c.name, line, err)
		}
		if trusts := strings.Contains(line, "spki-list=j6Oqsvqpt54KA5jaW1q9B4AUJEKlvoC5pkYI1xjLH80="); trusts != (c.name != "firefox") {
			t.Errorf("%s: trusts the authority: %v", c.name, trusts)
		}
		profiles = append(profiles, profileOf(t, line))
	}
	prefs, err := os.ReadFile(filepath.Join(profiles[2], "prefs.js"))
	if err != nil || !strings.Contains(string(prefs), `user_pref("network.proxy.ssl_port", 8083);`) || !strings.Contains(string(prefs), `"192.0.2.1"`) {
		t.Errorf("%s, %v", prefs, err)
	}
	l.Close()
	for _, p := range profiles {
		if _, err := os.Stat(p); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there: %v", p, err)
		}
	}
	if _, err := l.Start("firefox", "127.0.0.1:1", nil); err == nil {
		t.Error("a browser was started after the end")
	}
}

// TestFirefoxTrusts looks at what certutil is asked for.
func TestFirefoxTrusts(t *testing.T) {
	said := install(t, "firefox")
	certutil := "#!/bin/sh\nPATH=/usr/bin:/bin\necho certutil \"$@\" >> \"$(dirname \"$0\")/pipe\"\n"
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "certutil"), []byte(certutil), 0o700); err != nil {
		t.Fatal(err)
	}
	var l Launcher
	defer l.Close()
	text, err := l.Start("firefox", "127.0.0.1:8080", &x509.Certificate{Raw: []byte("a certificate")})
	if err != nil || text != "Started firefox." {
		t.Fatal(text, err)
	}
	var lines []string
	for range 3 {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	profile := profileOf(t, lines[2])
	want := "certutil -N -d sql:" + profile + " --empty-password\ncertutil -A -d sql:" + profile + " -n sluice -t C,, -i " + profile + "/sluice-ca.pem\n"
	if got := lines[0] + lines[1]; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if data, err := os.ReadFile(filepath.Join(profile, "sluice-ca.pem")); err != nil || !strings.HasPrefix(string(data), "-----BEGIN CERTIFICATE-----\n") {
		t.Errorf("%s, %v", data, err)
	}
}

// TestBrowserFails: one that ends by itself with an error is told of, with the last that it said.
func TestBrowserFails(t *testing.T) {
	install(t)
	script := "#!/bin/sh\necho first >&2\necho '[7:7:1125/135334.2:ERROR:content/host.cc:130] cannot open display' >&2\nexit 3\n"
	if err := os.WriteFile(filepath.Join(os.Getenv("PATH"), "chromium"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	l := Launcher{Failed: func(err error) { failed <- err }}
	defer l.Close()
	if _, err := l.Start("chromium", "127.0.0.1:8080", nil); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err.Error() != "chromium has ended (exit status 3): cannot open display" {
		t.Error(err)
	}
}

func TestTail(t *testing.T) {
	var all tail
	for range 3 {
		_, _ = all.Write(make([]byte, maxSaid-1))
	}
	_, _ = all.Write([]byte("\nthe end\n\n"))
	if len(all.b) != maxSaid || lastLine(all.b) != "the end" {
		t.Errorf("%d bytes, %q", len(all.b), lastLine(all.b))
	}
}

func TestCannotStart(t *testing.T) {
	install(t)
	var l Launcher
	defer l.Close()
	for _, c := range []struct{ name, addr, want string }{
		{"lynx", "127.0.0.1:1", "chromium or firefox"}, {"firefox", "127.0.0.1:1", "not installed"}, {"chrome", "", "listens nowhere"},
	} {
		if _, err := l.Start(c.name, c.addr, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Error("profiles are left")
	}
}
