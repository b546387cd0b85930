package cert

import (
	"crypto/rsa"
	"crypto/x509"
	"testing"
)

func TestLeafWithRSA(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	plain, err := a.Leaf(LeafRequest{Names: []string{"a.example"}})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := a.Leaf(LeafRequest{Names: []string{"a.example"}, RSA: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := plain.PrivateKey.(*rsa.PrivateKey); ok {
		t.Error("a client that did not need it got an RSA key")
	}
	key, ok := leaf.PrivateKey.(*rsa.PrivateKey)
	if !ok || !key.PublicKey.Equal(leaf.Leaf.PublicKey) || key.N.BitLen() != 2048 || leaf.Leaf.KeyUsage&x509.KeyUsageKeyEncipherment == 0 {
		t.Errorf("key %T, usage %b", leaf.PrivateKey, leaf.Leaf.KeyUsage)
	}
	if err := leaf.Leaf.CheckSignatureFrom(a.Certificate()); err != nil {
		t.Error(err)
	}
	again, err := a.Leaf(LeafRequest{Names: []string{"a.example"}, RSA: true})
	if err != nil || again != leaf {
		t.Error("it is not kept:", err)
	}
}
