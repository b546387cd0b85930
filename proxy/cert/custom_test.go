package cert

import (
	"bytes"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCustomLookup(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	// custom.pem is for *.example.com, xn--mnchen-3ya.example and 192.0.2.7.
	if err := a.SetCustom([]string{"only.example.org=testdata/custom.pem"}, ""); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		r    LeafRequest
		want bool
	}{
		{LeafRequest{Names: []string{"only.example.org"}}, true},
		{LeafRequest{Names: []string{"ONLY.example.org"}}, true},
		{LeafRequest{Names: []string{"x.only.example.org"}}, false},
		{LeafRequest{Names: []string{"www.example.com"}}, true},
		{LeafRequest{Names: []string{"a.b.example.com"}}, true},
		{LeafRequest{Names: []string{"*.example.com"}}, true},
		{LeafRequest{Names: []string{"example.com"}}, false},
		{LeafRequest{Names: []string{"münchen.example"}}, true},
		{LeafRequest{Names: []string{"192.0.2.7"}}, true},
		{LeafRequest{Names: []string{"192.0.2.8"}}, false},
		{LeafRequest{Names: []string{"other.example", "www.example.com"}}, true},
		{LeafRequest{CommonName: "www.example.com", Names: []string{"other.example"}}, true},
	} {
		c, err := a.Leaf(tt.r)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Leaf.Subject.CommonName == "*.example.com" && c.Leaf.Issuer.CommonName != "sluice"; got != tt.want {
			t.Errorf("%+v: custom %v, want %v", tt.r, got, tt.want)
		}
	}
}

func TestCustomOrder(t *testing.T) {
	general, special := &tls.Certificate{}, &tls.Certificate{}
	c := newCustoms()
	c.register("*.b", general)
	c.register("*.a.b", special)
	for n, want := range map[string]*tls.Certificate{"www.a.b": special, "a.b": general, "x.y.b": general, "b": nil, "c": nil} {
		if got := c.find(&LeafRequest{Names: []string{n}}); got != want {
			t.Errorf("%s: the wrong certificate", n)
		}
	}
	c.register("*", special)
	if c.find(&LeafRequest{Names: []string{"c"}}) != special || c.find(&LeafRequest{Names: []string{"c.b"}}) != general {
		t.Error("* goes before a name, or not at all")
	}
}

func TestCustomForAll(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	if err := a.SetCustom([]string{"testdata/custom.pem"}, ""); err != nil {
		t.Fatal(err)
	}
	if c, err := a.LeafForHost("anything.test"); err != nil || c.Leaf.Subject.CommonName != "*.example.com" {
		t.Errorf("error %v, or not the custom certificate", err)
	}
	if err := a.SetCustom([]string{"testdata/missing.pem"}, ""); err == nil {
		t.Error("no error for a missing file")
	}
	if a.custom.Load().any == nil {
		t.Error("a failed SetCustom changed the certificates")
	}
	if err := a.SetCustom(nil, ""); err != nil {
		t.Fatal(err)
	}
	if c, err := a.LeafForHost("anything.test"); err != nil || c.Leaf.Subject.CommonName != "anything.test" {
		t.Errorf("error %v, or still the custom certificate", err)
	}
}

func TestCustomEncryptedKeys(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	for _, f := range []string{"custom-legacy.pem", "custom-pbes2.pem", "custom-pbes2-des3.pem"} {
		path := filepath.Join("testdata", f)
		if err := a.SetCustom([]string{path}, "open"); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if err := a.SetCustom([]string{path}, ""); !errors.Is(err, errNoPassphrase) {
			t.Errorf("%s without a passphrase: %v", f, err)
		}
		if err := a.SetCustom([]string{path}, "wrong"); err == nil {
			t.Errorf("%s with a wrong passphrase: no error", f)
		}
	}
	if err := a.SetCustom([]string{"testdata/custom-scrypt.pem"}, "open"); !errors.Is(err, errKeyCipher) {
		t.Errorf("scrypt: %v", err)
	}
}

func TestCustomErrors(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	dir := t.TempDir()
	full, err := os.ReadFile("testdata/custom.pem")
	if err != nil {
		t.Fatal(err)
	}
	only, _, _ := bytes.Cut(full, []byte("-----BEGIN EC"))
	for name, data := range map[string][]byte{"nokey.pem": only, "text.pem": []byte("hello")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for spec, want := range map[string]string{
		filepath.Join(dir, "missing.pem"):     "certificate file does not exist: ",
		filepath.Join(dir, "nokey.pem"):       "append it to the file",
		filepath.Join(dir, "text.pem"):        "holds no PEM certificate",
		"not a domain=testdata/custom.pem":    "is no host name",
		filepath.Join(dir, "no", "where.pem"): "does not exist",
	} {
		if err := a.SetCustom([]string{spec}, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", spec, err, want)
		}
	}
	if a.custom.Load() != nil {
		t.Error("a failed SetCustom changed the certificates")
	}
}

func TestCustomKeyOfCA(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, a.CertPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.SetCustom([]string{"ca.example=" + path}, ""); !errors.Is(err, ErrCustomCA) {
		t.Errorf("error %v, want ErrCustomCA", err)
	}
	c, err := a.LeafForHost("ca.example")
	if err != nil || !c.Leaf.Equal(a.cert) || c.PrivateKey != a.key {
		t.Errorf("error %v, or it is not used with the CA's key", err)
	}
}
