package socks

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

func TestGreeting(t *testing.T) {
	m, n, err := ParseGreeting([]byte("\x05\x02\x00\x02rest"))
	if err != nil || n != 4 || !bytes.Equal(m, []byte{0, 2}) {
		t.Fatal(m, n, err)
	}
	var v VersionError
	if _, _, err := ParseGreeting([]byte("GET /")); !errors.As(err, &v) || v != 'G' {
		t.Fatal(err)
	}
}

func TestAddressesSurvive(t *testing.T) {
	for _, host := range []string{"192.0.2.1", "2001:db8::1", "example.com", strings.Repeat("a.", 100) + "com"} {
		want := flow.Addr{Host: host, Port: 65535}
		b, err := AppendRequest(nil, want)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b {
			if _, n, err := ParseRequest(b[:i]); n != 0 || err != nil {
				t.Fatalf("%s: %d of %d bytes: %d, %v", host, i, len(b), n, err)
			}
		}
		if got, n, err := ParseRequest(append(b, "surplus"...)); err != nil || n != len(b) || got != want {
			t.Fatal(got, n, err)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	for in, code := range map[string]byte{
		"\x05\x02\x00\x01\x7f":                    CommandNotSupported, // BIND
		"\x05\x03\x00\x01\x7f":                    CommandNotSupported, // UDP ASSOCIATE
		"\x04\x01\x00\x01\x7f":                    CommandNotSupported,
		"\x05\x01\x00\x02\x7f":                    AddressTypeNotSupported,
		"\x05\x01\x00\x03\x04a b\n\x00\x50":       AddressTypeNotSupported,
		"\x05\x01\x00\x03\x00\x00\x50":            AddressTypeNotSupported,
		"\x05\x01\x00\x03\x05\xff\xff:@/\x00\x50": AddressTypeNotSupported,
	} {
		var e *RequestError
		if _, _, err := ParseRequest([]byte(in)); !errors.As(err, &e) || e.Code != code {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestLogin(t *testing.T) {
	b, err := AppendLogin(nil, "user", "päss")
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if _, _, n := ParseLogin(b[:i]); n != 0 {
			t.Fatal(i)
		}
	}
	if u, p, n := ParseLogin(append(b, 'x')); u != "user" || p != "päss" || n != len(b) {
		t.Fatal(u, p, n)
	}
	if _, err := AppendLogin(nil, strings.Repeat("u", 256), ""); err == nil {
		t.Error("too long a name is sent")
	}
}

func TestReply(t *testing.T) {
	b := AppendReply(nil, Succeeded)
	for i := range b {
		if n, err := ParseReply(b[:i]); n != 0 || err != nil {
			t.Fatal(i, n, err)
		}
	}
	if n, err := ParseReply(append(b, "data"...)); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := ParseReply(AppendReply(nil, HostUnreachable)); err == nil || err.Error() != "host unreachable" {
		t.Fatal(err)
	}
}

// FuzzParse checks that no parser fails, uses more than there is, or changes its mind about a message that is whole.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x05\x01\x00"))
	f.Add([]byte("\x05\x01\x00\x03\x07a.b.com\x01\xbb"))
	f.Add([]byte("\x01\x04user\x04pass"))
	f.Add(AppendReply(nil, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, parse := range map[string]func([]byte) (int, error){
			"greeting":    func(b []byte) (int, error) { _, n, err := ParseGreeting(b); return n, err },
			"login":       func(b []byte) (int, error) { _, _, n := ParseLogin(b); return n, nil },
			"request":     func(b []byte) (int, error) { _, n, err := ParseRequest(b); return n, err },
			"method":      func(b []byte) (int, error) { _, n, err := ParseMethod(b); return n, err },
			"login reply": func(b []byte) (int, error) { _, n := ParseLoginReply(b); return n, nil },
			"reply":       ParseReply,
		} {
			whole, wholeErr := parse(b)
			if whole < 0 || whole > len(b) || wholeErr != nil && whole != 0 {
				t.Fatalf("%s: %d of %d bytes, %v", name, whole, len(b), wholeErr)
			}
			n, err := 0, error(nil)
			for i := 0; i <= len(b) && n == 0 && err == nil; i++ {
				n, err = parse(b[:i])
			}
			if n != whole || (err == nil) != (wholeErr == nil) {
				t.Fatalf("%s: in pieces %d, %v; at once %d, %v", name, n, err, whole, wholeErr)
			}
		}
		if to, n, err := ParseRequest(b); n > 0 && err == nil {
			again, err := AppendRequest(nil, to)
			if err != nil {
				t.Fatal(err)
			}
			if back, _, _ := ParseRequest(again); back != to {
				t.Fatalf("%v becomes %v", to, back)
			}
		}
	})
}
