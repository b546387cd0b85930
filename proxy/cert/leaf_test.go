package cert

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/proxy/flow"
)

// verify checks a leaf as a client does that trusts the CA.
func verify(t testing.TB, a *Authority, c *tls.Certificate, host string) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	_, err := c.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: testNow})
	if err != nil {
		t.Errorf("%s: %v", host, err)
	}
}

func TestLeafVerifies(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	for _, tt := range []struct{ name, host string }{
		{"example.com", "example.com"},
		{"EXAMPLE.com.", "example.com"},
		{"*.example.com", "www.example.com"},
		{"under_score.example", "under_score.example"},
		{"localhost", "localhost"},
		{"münchen.example", "xn--mnchen-3ya.example"},
		{"*.bücher.example", "a.xn--bcher-kva.example"},
		{"192.0.2.1", "192.0.2.1"},
		{"2001:DB8::0:1", "2001:db8::1"},
		{"[::1]", "::1"},
		{"fe80::1%eth0", "fe80::1"},
		{"::ffff:192.0.2.9", "192.0.2.9"},
	} {
		c, err := a.LeafForHost(tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		verify(t, a, c, tt.host)
		if len(c.Certificate) != 2 || !slices.Equal(c.Certificate[1], a.cert.Raw) {
			t.Errorf("%s: the chain is not leaf, CA", tt.name)
		}
	}
}

func TestLeafFields(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	c, err := a.Leaf(LeafRequest{
		Names: []string{"b.example", "a.example", "b.example", "192.0.2.1"}, Organization: "Example Inc",
		CRL: []string{"http://crl.example/theirs.crl?x=1", "ldap://no.example/"},
	})
	if err != nil {
		t.Fatal(err)
	}
	l := c.Leaf
	if l.Subject.CommonName != "b.example" || !slices.Equal(l.Subject.Organization, []string{"Example Inc"}) {
		t.Errorf("subject %v", l.Subject)
	}
	if !slices.Equal(l.DNSNames, []string{"a.example", "b.example"}) || len(l.IPAddresses) != 1 {
		t.Errorf("names %v %v", l.DNSNames, l.IPAddresses)
	}
	if !l.NotBefore.Equal(testNow.AddDate(0, 0, -2)) || !l.NotAfter.Equal(testNow.AddDate(0, 0, 199)) {
		t.Errorf("valid from %v to %v", l.NotBefore, l.NotAfter)
	}
	if !slices.Equal(l.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) || l.IsCA || len(l.SubjectKeyId) != 0 {
		t.Errorf("usage %v, CA %v, subject key id %x", l.ExtKeyUsage, l.IsCA, l.SubjectKeyId)
	}
	if !slices.Equal(l.AuthorityKeyId, a.cert.SubjectKeyId) {
		t.Errorf("authority key id %x, want %x", l.AuthorityKeyId, a.cert.SubjectKeyId)
	}
	if want := []string{"http://crl.example" + a.CRLPath()}; !slices.Equal(l.CRLDistributionPoints, want) {
		t.Errorf("CRL %v, want %v", l.CRLDistributionPoints, want)
	}
}

func TestLeafCommonNameLength(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	for n, want := range map[int]int{63: 63, 64: 0} {
		host := strings.Repeat("a", n-8) + ".example"
		if n-8 > 63 {
			t.Fatal("the label is too long for this test")
		}
		c, err := a.LeafForHost(host)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(c.Leaf.Subject.CommonName); got != want {
			t.Errorf("host of %d bytes: common name of %d bytes, want %d", n, got, want)
		}
		verify(t, a, c, host)
	}
}

func TestLeafEndsWithCA(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	a.Clock = func() time.Time { return a.cert.NotAfter.AddDate(0, 0, -10) }
	c, err := a.LeafForHost("example.com")
	if err != nil || !c.Leaf.NotAfter.Equal(a.cert.NotAfter) {
		t.Errorf("error %v; the leaf ends with the CA: want %v, got %v", err, a.cert.NotAfter, c.Leaf.NotAfter)
	}
	a.Clock = func() time.Time { return a.cert.NotAfter.Add(time.Second) }
	if _, err := a.LeafForHost("example.com"); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("error %v, want expired", err)
	}
}

func TestLeafRenewed(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	first, err := a.LeafForHost("example.com")
	if err != nil {
		t.Fatal(err)
	}
	for _, days := range []int{200, -3} {
		a.Clock = func() time.Time { return testNow.AddDate(0, 0, days) }
		c, err := a.LeafForHost("example.com")
		if err != nil || c == first {
			t.Errorf("after %d days: error %v, or the old certificate", days, err)
		}
	}
	if n := a.cache.used.Len(); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

func TestLeafNoName(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	for _, n := range []string{"", ".", "*", "a..b", "a b", "a\x00b", strings.Repeat("a", 64), strings.Repeat("a.", 127) + "a", "x:y"} {
		if c, err := a.LeafForHost(n); err == nil {
			t.Errorf("%q gave a certificate for %v", n, c.Leaf.DNSNames)
		}
	}
}

func TestLeafCached(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	get := func(r LeafRequest) *tls.Certificate {
		c, err := a.Leaf(r)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := get(LeafRequest{CommonName: "a.example", Names: []string{"a.example", "b.example"}})
	if get(LeafRequest{Names: []string{"A.example", "b.example", "a.example"}}) != first {
		t.Error("the same names gave another certificate")
	}
	for _, r := range []LeafRequest{
		{Names: []string{"b.example", "a.example"}},
		{Names: []string{"a.example", "b.example"}, Organization: "O"},
		{Names: []string{"a.example", "b.example"}, CRL: []string{"O"}},
		{Names: []string{"a.example"}},
	} {
		if get(r) == first {
			t.Errorf("%+v gave the certificate of another request", r)
		}
	}
}

func TestLeafOneFlight(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	var got [32]*tls.Certificate
	var wg sync.WaitGroup
	for i := range got {
		wg.Go(func() { got[i], _ = a.LeafForHost("example.com") })
	}
	wg.Wait()
	for _, c := range got {
		if c == nil || c != got[0] {
			t.Fatal("callers at once got different certificates")
		}
	}
}

func TestCacheBounds(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	a.cache.init(3, 1<<20)
	leaf := func(i int) *tls.Certificate {
		c, err := a.LeafForHost(fmt.Sprintf("h%d.example", i))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	zero := leaf(0)
	one := leaf(1)
	leaf(2)
	leaf(0) // so that 1 is the one used longest ago
	leaf(3)
	if len(a.cache.entries) != 3 || leaf(0) != zero || leaf(1) == one {
		t.Errorf("%d entries; want three, 0 among them and 1 not", len(a.cache.entries))
	}
	a.cache.maxBytes = 1
	leaf(4)
	if len(a.cache.entries) != 0 || a.cache.bytes != 0 || a.cache.used.Len() != 0 {
		t.Errorf("%d entries of %d bytes are left, want none", len(a.cache.entries), a.cache.bytes)
	}
}

func TestFromUpstream(t *testing.T) {
	upstream := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Example.com", Organization: []string{"Example Inc", "B"}},
		DNSNames:              []string{"*.example.com", "example.com"},
		IPAddresses:           []net.IP{net.IPv4(192, 0, 2, 1)},
		CRLDistributionPoints: []string{"http://crl.example/1", "http://crl.example/2"},
	}
	addr := flow.Addr{Host: "10.0.0.1", Port: 443}
	for _, tt := range []struct {
		name     string
		sni      string
		addr     flow.Addr
		upstream *x509.Certificate
		want     []string
	}{
		{"all", "www.example.com", addr, upstream, []string{"example.com", "*.example.com", "192.0.2.1", "www.example.com", "10.0.0.1"}},
		{"no upstream", "www.example.com", addr, nil, []string{"www.example.com", "10.0.0.1"}},
		{"local address", "127.0.0.1", flow.Addr{}, nil, []string{"127.0.0.1"}},
		{"same", "a.example", flow.Addr{Host: "A.EXAMPLE"}, nil, []string{"a.example"}},
		{"prose", "a.example", addr, &x509.Certificate{Subject: pkix.Name{CommonName: "My Router"}}, []string{"a.example", "10.0.0.1"}},
	} {
		r := FromUpstream(tt.sni, tt.addr, tt.upstream)
		if !slices.Equal(r.Names, tt.want) || r.CommonName != tt.want[0] {
			t.Errorf("%s: %q, common name %q, want %q", tt.name, r.Names, r.CommonName, tt.want)
		}
	}
	r := FromUpstream("", addr, upstream)
	if r.Organization != "Example Inc" || !slices.Equal(r.CRL, []string{"http://crl.example/1"}) {
		t.Errorf("organization %q, CRL %q", r.Organization, r.CRL)
	}
}

func TestFromUpstreamBounded(t *testing.T) {
	upstream := &x509.Certificate{Subject: pkix.Name{Organization: []string{"bad \xff text"}}}
	for i := range 5000 {
		upstream.DNSNames = append(upstream.DNSNames, fmt.Sprintf("h%d.example", i))
	}
	r := FromUpstream("www.example.com", flow.Addr{Host: "10.0.0.1"}, upstream)
	if len(r.Names) > maxUpstreamNames+2 || !slices.Contains(r.Names, "www.example.com") || !slices.Contains(r.Names, "10.0.0.1") {
		t.Errorf("%d names, or the client's are missing", len(r.Names))
	}
	a := testAuthority(t, t.TempDir())
	c, err := a.Leaf(r)
	if err != nil {
		t.Fatal(err)
	}
	verify(t, a, c, "www.example.com")
	if len(c.Leaf.Subject.Organization) != 0 {
		t.Errorf("organization %q, want none", c.Leaf.Subject.Organization)
	}
}

func TestHitAllocatesNothing(t *testing.T) {
	a := testAuthority(t, t.TempDir())
	r := LeafRequest{CommonName: "b.example", Names: []string{"b.example", "a.example", "192.0.2.1"}, Organization: "O"}
	hit := func() {
		if _, err := a.LeafForHost("example.com"); err != nil {
			t.Error(err)
		}
		if _, err := a.Leaf(r); err != nil {
			t.Error(err)
		}
	}
	hit()
	if n := testing.AllocsPerRun(100, hit); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"a.b", "*.A.b.", "[::1]", "::ffff:1.2.3.4", "ü.de", "1.2.3.4", "*", "a..b", "xn--a"} {
		f.Add(s)
	}
	dir := f.TempDir()
	a := testAuthority(f, dir)
	a.cache.init(16, 1<<20)
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := canonical(s)
		if !ok {
			return
		}
		if again, ok := canonical(c); !ok || again != c {
			t.Fatalf("%q became %q, and that %q", s, c, again)
		}
		if _, err := a.LeafForHost(s); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkHit(b *testing.B) {
	a := testAuthority(b, b.TempDir())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.LeafForHost("www.example.com"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMint(b *testing.B) {
	a := testAuthority(b, b.TempDir())
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		if _, err := a.LeafForHost(fmt.Sprintf("h%d.example.com", n)); err != nil {
			b.Fatal(err)
		}
	}
}
