package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

var testNow = time.Date(2030, 5, 6, 7, 8, 9, 0, time.UTC)

// testAuthority loads the CA of dir with a clock that stands still.
func testAuthority(t testing.TB, dir string) *Authority {
	t.Helper()
	a, err := Load(dir, testNow)
	if err != nil {
		t.Fatal(err)
	}
	a.Clock = func() time.Time { return testNow }
	return a
}

// place copies a file of testdata into a fresh folder under a new name.
func place(t testing.TB, from, to string) (dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", from))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, to), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestLoadCreates(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "conf")
	a := testAuthority(t, dir)
	c := a.Certificate()
	if c.Subject.CommonName != "sluice" || !slices.Equal(c.Subject.Organization, []string{"sluice"}) {
		t.Errorf("subject %v", c.Subject)
	}
	if !c.IsCA || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || len(c.SubjectKeyId) == 0 {
		t.Errorf("IsCA %v, key usage %b, subject key id %x", c.IsCA, c.KeyUsage, c.SubjectKeyId)
	}
	if _, ok := c.PublicKey.(*ecdsa.PublicKey); !ok {
		t.Errorf("key %T", c.PublicKey)
	}
	if !c.NotBefore.Equal(testNow.AddDate(0, 0, -2)) || !c.NotAfter.Equal(testNow.AddDate(0, 0, 3650)) {
		t.Errorf("valid from %v to %v", c.NotBefore, c.NotAfter)
	}
	modes := map[string]fs.FileMode{
		"sluice-ca.pem": 0o600, "sluice-ca.p12": 0o600,
		"sluice-ca-cert.pem": 0o644, "sluice-ca-cert.cer": 0o644, "sluice-ca-cert.p12": 0o644,
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != len(modes) {
		t.Fatalf("files %v; error %v", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || info.Mode().Perm() != modes[f.Name()] {
			t.Errorf("%s: mode %v, error %v", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: mode %v, error %v", info.Mode(), err)
	}
	if again := testAuthority(t, dir); !again.Certificate().Equal(c) {
		t.Error("the second Load made another CA")
	}
}

func TestExportedFiles(t *testing.T) {
	dir := t.TempDir()
	a := testAuthority(t, dir)
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if cer := read("sluice-ca-cert.cer"); !bytes.Equal(cer, read("sluice-ca-cert.pem")) || !bytes.Equal(cer, a.CertPEM()) {
		t.Error(".cer, .pem and CertPEM differ")
	}
	key, c, err := pkcs12.Decode(read("sluice-ca.p12"), "")
	if err != nil || !c.Equal(a.cert) || !key.(*ecdsa.PrivateKey).Equal(a.key) {
		t.Errorf("sluice-ca.p12 does not hold the CA: %v", err)
	}
	certs, err := pkcs12.DecodeTrustStore(read("sluice-ca-cert.p12"), "")
	if err != nil || len(certs) != 1 || !certs[0].Equal(a.cert) {
		t.Errorf("sluice-ca-cert.p12 does not hold the certificate: %v", err)
	}
	block, rest := pem.Decode(a.CertPEM())
	if block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Errorf("CertPEM has a block %q and %d bytes more", block.Type, len(rest))
	}
}

func TestLoadOnceForAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "conf")
	const n = 16
	var got [n]*Authority
	var errs [n]error
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { got[i], errs[i] = Load(dir, testNow) })
	}
	wg.Wait()
	for i := range n {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if !got[i].Certificate().Equal(got[0].Certificate()) {
			t.Fatal("two loads at once ended with two CAs")
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 5 {
		t.Errorf("temporary files are left: %v", files)
	}
}

func TestLoadImported(t *testing.T) {
	for _, file := range []string{"rsa-pkcs1.pem", "rsa-pkcs8.pem"} {
		dir := place(t, file, "mitmproxy-ca.pem")
		a := testAuthority(t, dir)
		if a.source != filepath.Join(dir, "mitmproxy-ca.pem") || a.Certificate().Subject.CommonName != "mitmproxy" {
			t.Fatalf("%s: loaded %s, %v", file, a.source, a.Certificate().Subject)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("%s: files %v, error %v, want only the imported one", file, files, err)
		}
		leaf, err := a.LeafForHost("example.com")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := leaf.Leaf.PublicKey.(*ecdsa.PublicKey); !ok {
			t.Errorf("%s: leaf key %T, want ECDSA", file, leaf.Leaf.PublicKey)
		}
		if _, ok := a.Certificate().PublicKey.(*rsa.PublicKey); !ok {
			t.Errorf("%s: CA key %T, want RSA", file, a.Certificate().PublicKey)
		}
		verify(t, a, leaf, "example.com")
	}
}

func TestLoadEncrypted(t *testing.T) {
	dir := place(t, "ca-encrypted.pem", "sluice-ca.pem")
	a, err := LoadConfig(Config{Dir: dir, Passphrase: "open"}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "sluice-ca.p12")); err == nil {
		t.Error("the key was written again, without its passphrase")
	}
	a.Clock = func() time.Time { return testNow }
	leaf, err := a.LeafForHost("example.com")
	if err != nil {
		t.Fatal(err)
	}
	verify(t, a, leaf, "example.com")
	for passphrase, want := range map[string]error{"": errNoPassphrase, "wrong": errWrongPassphrase} {
		if _, err := LoadConfig(Config{Dir: dir, Passphrase: passphrase}, testNow); !errors.Is(err, want) {
			t.Errorf("passphrase %q: error %v, want %v", passphrase, err, want)
		}
	}
}

// TestKeySize: a CA that is made has an RSA key if its size is given, and so have the leaves of those who need RSA.
func TestKeySize(t *testing.T) {
	dir := t.TempDir()
	for _, size := range []int{1024, 3072} { // the second finds the CA of the first
		a, err := LoadConfig(Config{Dir: dir, KeySize: size}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		a.Clock = func() time.Time { return testNow }
		if key, ok := a.Certificate().PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 1024 {
			t.Errorf("the CA has a %T", a.Certificate().PublicKey)
		}
		leaf, err := a.Leaf(LeafRequest{Names: []string{"example.com"}, RSA: true})
		if err != nil {
			t.Fatal(err)
		}
		if key, ok := leaf.Leaf.PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != size {
			t.Errorf("the leaf has a %T, want RSA of %d bits", leaf.Leaf.PublicKey, size)
		}
		verify(t, a, leaf, "example.com")
	}
}

func TestLoadPrefersOwn(t *testing.T) {
	dir := place(t, "rsa-pkcs1.pem", "mitmproxy-ca.pem")
	own, err := os.ReadFile(testAuthority(t, t.TempDir()).source)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sluice-ca.pem"), own, 0o600); err != nil {
		t.Fatal(err)
	}
	a := testAuthority(t, dir)
	if filepath.Base(a.source) != "sluice-ca.pem" {
		t.Errorf("loaded %s", a.source)
	}
	// The public files are made for a CA that was put there by hand, the one with the key is not.
	if _, err := os.Stat(filepath.Join(dir, "sluice-ca.p12")); err == nil {
		t.Error("sluice-ca.p12 was made")
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 5 {
		t.Errorf("files %v, error %v, want four beside mitmproxy-ca.pem", files, err)
	}
}

func TestLoadReplacesStaleCertificate(t *testing.T) {
	dir := t.TempDir()
	testAuthority(t, dir)
	data, err := os.ReadFile("testdata/rsa-pkcs8.pem")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sluice-ca.pem"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	a := testAuthority(t, dir)
	for _, f := range []string{"sluice-ca-cert.pem", "sluice-ca-cert.cer"} {
		if got, _ := os.ReadFile(filepath.Join(dir, f)); !bytes.Equal(got, a.CertPEM()) {
			t.Errorf("%s is still that of the CA before", f)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	mixed := func(dir string) { // the key of one CA, the certificate of another
		ours, _ := os.ReadFile(testAuthority(t, t.TempDir()).source)
		key, _, _ := bytes.Cut(ours, []byte("-----BEGIN CERTIFICATE"))
		theirs, _ := os.ReadFile("testdata/custom.pem")
		cert, _, _ := bytes.Cut(theirs, []byte("-----BEGIN EC"))
		os.WriteFile(filepath.Join(dir, "sluice-ca.pem"), append(key, cert...), 0o600)
	}
	put := func(data string) func(string) {
		return func(dir string) { os.WriteFile(filepath.Join(dir, "sluice-ca.pem"), []byte(data), 0o600) }
	}
	copied := func(from string) func(string) {
		data, err := os.ReadFile("testdata/" + from)
		if err != nil {
			t.Fatal(err)
		}
		return put(string(data))
	}
	old := func(dir string) {
		if _, err := Load(dir, testNow.AddDate(-20, 0, 0)); err != nil {
			t.Error(err)
		}
	}
	early := func(dir string) {
		if _, err := Load(dir, testNow.AddDate(1, 0, 0)); err != nil {
			t.Error(err)
		}
	}
	for _, tt := range []struct {
		name    string
		prepare func(dir string)
		want    string
	}{
		{"empty", put(""), "must hold a certificate and its private key"},
		{"no PEM", put("hello"), "must hold a certificate and its private key"},
		{"no CA", copied("custom.pem"), "it is no CA"},
		{"wrong key", mixed, "does not belong to its certificate"},
		{"encrypted", copied("custom-pbes2.pem"), "--cert-passphrase"},
		{"expired", old, "it expired on 2020-05-03"},
		{"not yet valid", early, "check the clock"},
		{"a folder", func(dir string) { os.Mkdir(filepath.Join(dir, "sluice-ca.pem"), 0o700) }, "make the file readable"},
	} {
		dir := t.TempDir()
		tt.prepare(dir)
		_, err := Load(dir, testNow)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") ||
			!strings.Contains(err.Error(), "sluice-ca.pem") {
			t.Errorf("%s: error %v, want one line with the file and %q", tt.name, err, tt.want)
		}
	}
}

func TestLoadUnusableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(file, testNow)
	if err == nil || !strings.Contains(err.Error(), "--set confdir=") {
		t.Errorf("error %v, want one that names confdir", err)
	}
}

func TestCRL(t *testing.T) {
	for _, a := range []*Authority{
		testAuthority(t, t.TempDir()), testAuthority(t, place(t, "rsa-pkcs1.pem", "mitmproxy-ca.pem")),
	} {
		der, err := a.CRL()
		if err != nil {
			t.Fatal(err)
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(a.Certificate()); err != nil || len(list.RevokedCertificateEntries) != 0 {
			t.Errorf("signature %v, entries %v", err, list.RevokedCertificateEntries)
		}
		if !list.NextUpdate.Equal(testNow.AddDate(0, 0, 5)) || list.Number.Int64() != 1000 {
			t.Errorf("next update %v, number %v", list.NextUpdate, list.Number)
		}
	}
}
