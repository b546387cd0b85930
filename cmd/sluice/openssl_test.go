package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptPKI makes a certificate authority, which the proxy trusts, and PEM files with the keys and
// certificates of servers that are called localhost and 127.0.0.1: good.pem, expired.pem, wrong.pem, which is for another
// host, and stranger.pem, which has signed itself; and a client's, client.pem.
func scriptPKI(ts *testscript.TestScript, _ bool, _ []string) {
	ca := newPair(ts, "Test Root", nil, time.Hour)
	f, err := os.OpenFile(stateOf(ts).w.ca, os.O_APPEND|os.O_WRONLY, 0)
	ts.Check(err)
	defer f.Close()
	ts.Check(pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw}))
	write(ts, "ca.pem", ca)
	write(ts, "good.pem", newPair(ts, "localhost", ca, time.Hour))
	write(ts, "expired.pem", newPair(ts, "localhost", ca, -time.Hour))
	write(ts, "wrong.pem", newPair(ts, "other.test", ca, time.Hour))
	write(ts, "stranger.pem", newPair(ts, "localhost", nil, time.Hour))
	write(ts, "client.pem", newPair(ts, "client", ca, time.Hour))
}

// A pair is a certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// newPair makes a certificate for a name that is good for so long and, if that is over, was so for an hour. Without a signer it is a CA.
func newPair(ts *testscript.TestScript, name string, signer *pair, good time.Duration) *pair {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	p := &pair{key: key}
	end := time.Now().Add(good)
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: end.Add(-2 * time.Hour), NotAfter: end, IsCA: signer == nil, BasicConstraintsValid: signer == nil}
	parent, by := tmpl, key
	if signer != nil {
		parent, by = signer.cert, signer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, parent, key.Public(), by)
	ts.Check(err)
	p.cert, err = x509.ParseCertificate(der)
	ts.Check(err)
	return p
}

func write(ts *testscript.TestScript, name string, p *pair) {
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	ts.Check(err)
	text := append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})...)
	ts.Check(os.WriteFile(ts.MkAbs(name), text, 0o600))
}

// scriptOpenSSL starts a server that answers requests with a page about their TLS.
func scriptOpenSSL(ts *testscript.TestScript, _ bool, args []string) {
	s := stateOf(ts)
	if s.server != nil {
		ts.Check(s.server.Process.Kill())
		_ = s.server.Wait() // it was killed
	}
	s.server = exec.Command("openssl", append([]string{"s_server", "-accept", "127.0.0.1:0", "-www"}, args...)...)
	s.server.Dir = ts.MkAbs(".")
	out, err := s.server.StdoutPipe()
	ts.Check(err)
	ts.Check(s.server.Start())
	ts.Defer(func() { s.server.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at, ok := strings.CutPrefix(lines.Text(), "ACCEPT 127.0.0.1:"); ok {
			ts.Setenv("SERVER", "localhost:"+at)
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	ts.Fatalf("openssl s_server has ended")
}
