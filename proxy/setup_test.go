package proxy

import (
	"crypto/rsa"
	"testing"
)

// TestKeySize: a CA is made with the RSA key that the options ask for, and works.
func TestKeySize(t *testing.T) {
	r := newRig(t, "key_size=1024")
	if key, ok := r.CA.Certificate().PublicKey.(*rsa.PublicKey); !ok || key.N.BitLen() != 1024 {
		t.Errorf("the CA has a %T", r.CA.Certificate().PublicKey)
	}
	if code, body, _ := r.do("GET", r.secure.URL+"/x", ""); code != 200 {
		t.Error(code, body)
	}
}
