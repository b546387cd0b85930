package tlshello

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// capture is a connection that keeps what is written to it and has nothing to read.
type capture struct {
	net.Conn
	bytes.Buffer
}

func (c *capture) Read([]byte) (int, error)    { return 0, io.EOF }
func (c *capture) Write(p []byte) (int, error) { return c.Buffer.Write(p) }
func (c *capture) Close() error                { return nil }

// hello returns the record with which crypto/tls greets a server.
func hello(t testing.TB, cfg *tls.Config) []byte {
	c := new(capture)
	if err := tls.Client(c, cfg).Handshake(); err == nil {
		t.Fatal("handshake without a server")
	}
	b := c.Bytes()
	return b[:recordHeader+int(binary.BigEndian.Uint16(b[3:]))]
}

// records cuts the message of a one-record hello into records of size bytes.
func records(b []byte, size int) (out []byte) {
	for msg := b[recordHeader:]; len(msg) > 0; {
		n := min(size, len(msg))
		out = append(out, 0x16, 3, 1, byte(n>>8), byte(n))
		out = append(out, msg[:n]...)
		msg = msg[n:]
	}
	return out
}

// byByte gives a Scanner one byte more at a time, spoiling what it was lent.
func byByte(in []byte) (h *Hello, n int, err error) {
	var s Scanner
	for i := range in {
		b := bytes.Clone(in[:i+1])
		h, n, err = s.Parse(b)
		clear(b)
		if n > 0 || err != nil {
			break
		}
	}
	return h, n, err
}

func TestRealHellos(t *testing.T) {
	for _, cfg := range []*tls.Config{
		{ServerName: "example.com", NextProtos: []string{"h2", "http/1.1"}},
		{ServerName: "example.com", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}},
		{InsecureSkipVerify: true},
	} {
		one := hello(t, cfg)
		for _, in := range [][]byte{one, records(one, 100), records(one, 3), records(one, 1)} {
			h, n, err := Parse(append(bytes.Clone(in), "rest"...))
			if err != nil || n != len(in) {
				t.Fatalf("n = %d of %d, err = %v", n, len(in), err)
			}
			if h.SNI != cfg.ServerName || !cmp.Equal(h.ALPN, cfg.NextProtos) || !bytes.Equal(h.Raw, one[recordHeader:]) {
				t.Errorf("got %q, %q", h.SNI, h.ALPN)
			}
			if cfg.MaxVersion == tls.VersionTLS12 {
				if !cmp.Equal(h.CipherSuites, cfg.CipherSuites) {
					t.Errorf("suites %x", h.CipherSuites)
				}
			} else if h.Versions[0] != tls.VersionTLS13 || h.CipherSuites[0] == 0 {
				t.Errorf("versions %x, suites %x", h.Versions, h.CipherSuites)
			}
			if len(h.Extensions) < 5 {
				t.Errorf("extensions %v", h.Extensions)
			}
			h1, n1, err1 := byByte(in)
			if d := cmp.Diff(h, h1); d != "" || n1 != n || err1 != nil {
				t.Errorf("byte by byte: n = %d, err = %v, %s", n1, err1, d)
			}
		}
	}
}

// message wraps the body of a client hello, whose extensions are raw bytes.
func message(extensions string) []byte {
	body := "\x03\x03" + strings.Repeat("r", 32) + "\x00" + "\x00\x02\x13\x01" + "\x01\x00"
	if extensions != "none" {
		body += string(binary.BigEndian.AppendUint16(nil, uint16(len(extensions)))) + extensions
	}
	n := len(body)
	return []byte("\x16\x03\x01" + string([]byte{byte((n + 4) >> 8), byte(n + 4), 1, 0, byte(n >> 8), byte(n)}) + body)
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		extensions string
		want       Hello // but Raw and CipherSuites
	}{
		{"none", Hello{Versions: []uint16{0x303}}},
		{"", Hello{Versions: []uint16{0x303}}},
		{"\x0a\x0a\x00\x00", Hello{Versions: []uint16{0x303}, Extensions: []uint16{0x0a0a}}},
		{"\x00\x00\x00\x06\x00\x04\x00\x00\x01a", Hello{SNI: "a", Versions: []uint16{0x303}, Extensions: []uint16{0}}},
		{"\x00\x00\x00\x06\x00\x04\x00\x00\x01/", Hello{Versions: []uint16{0x303}, Extensions: []uint16{0}}},
		{"\x00\x00\x00\x06\x00\x04\x01\x00\x01a", Hello{Versions: []uint16{0x303}, Extensions: []uint16{0}}},
		{"\x00\x00\x00\x0a\x00\x08\x00\x00\x01a\x00\x00\x01b", Hello{Versions: []uint16{0x303}, Extensions: []uint16{0}}},
		{"\x00\x10\x00\x05\x00\x03\x02h2", Hello{ALPN: []string{"h2"}, Versions: []uint16{0x303}, Extensions: []uint16{16}}},
		{"\x00\x0a\x00\x06\x00\x04\x11\xec\x00\x1d", Hello{Groups: []uint16{0x11ec, 29}, Versions: []uint16{0x303}, Extensions: []uint16{10}}},
		{"\x00\x2b\x00\x05\x04\x3a\x3a\x03\x04", Hello{Versions: []uint16{0x3a3a, 0x304}, Extensions: []uint16{43}}},
	} {
		h, _, err := Parse(message(c.extensions))
		if err != nil {
			t.Errorf("%q: %v", c.extensions, err)
			continue
		}
		c.want.Raw, c.want.CipherSuites = h.Raw, []uint16{0x1301}
		if d := cmp.Diff(&c.want, h); d != "" {
			t.Errorf("%q: %s", c.extensions, d)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"GET / HTTP/1.1", "not a TLS handshake record"},
		{"\x16\x03\x04\x00\x01", "not a TLS handshake record"},
		{"\x16\x03\x01\x00\x01\x01\x17\x03\x01\x00\x01", "not a TLS handshake record"},
		{"\x16\x03\x01\x00\x00", "record of 0 bytes"},
		{"\x16\x03\x01\x40\x01", "record of 16385 bytes"},
		{"\x16\x03\x01\x00\x01\x02", "message of type 2"},
		{"\x16\x03\x01\x00\x04\x01\x01\x00\x00", "larger than 65536 bytes"},
		{"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03", "malformed client hello"},
		{string(message("\x00")), "malformed client hello"},
		{string(message("\x00\x10\x00\x01\x00")), "extension 16 cannot be read"},
		{string(message("\x00\x10\x00\x03\x00\x01\x00")), "extension 16 cannot be read"},
		{string(message("\x00\x00\x00\x00")), "extension 0 cannot be read"},
		{string(message("\x00\x00\x00\x03\x00\x01\x00")), "extension 0 cannot be read"},
		{string(message("\x00\x2b\x00\x02\x01\x03")), "extension 43 cannot be read"},
		{string(message("\x00\x2b\x00\x01\x00")), "extension 43 cannot be read"},
		{string(message(strings.Repeat("\x00\x10\x00\x05\x00\x03\x02h2", 2))), "extension 16 comes twice"},
		{strings.Repeat("\x16\x03\x01\x00\x01\x01", 20000), "larger than 65536 bytes"},
	} {
		h, n, err := Parse([]byte(c.in))
		if err == nil || !strings.Contains(err.Error(), c.want) || h != nil || n != 0 {
			t.Errorf("%.60q: %v, %d, %v; want %s", c.in, h, n, err, c.want)
		}
		if _, _, err1 := byByte([]byte(c.in[:min(len(c.in), 2000)])); len(c.in) <= 2000 && !reflect.DeepEqual(err, err1) {
			t.Errorf("%.60q byte by byte: %v", c.in, err1)
		}
	}
}

func TestIsRecord(t *testing.T) {
	for in, want := range map[string]bool{
		"\x16\x03\x00": true, "\x16\x03\x03\x00": true, "\x16\x03": false, "\x16\x03\x04": false, "\x16\xfe\xfd": false, "GET": false,
	} {
		if IsRecord([]byte(in)) != want {
			t.Errorf("%q: want %v", in, want)
		}
	}
}

// FuzzParse checks that pieces make no difference and that a hello can be read again from one record.
func FuzzParse(f *testing.F) {
	one := hello(f, &tls.Config{ServerName: "example.com", NextProtos: []string{"h2"}})
	f.Add(one)
	f.Add(records(one, 50))
	f.Add(message("\x00\x2b\x00\x05\x04\x3a\x3a\x03\x04"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, n, err := Parse(in)
		h1, n1, err1 := byByte(in)
		if n != n1 || !reflect.DeepEqual(err, err1) || !cmp.Equal(h, h1) {
			t.Fatalf("all at once: %+v, %d, %v; byte by byte: %+v, %d, %v", h, n, err, h1, n1, err1)
		}
		if h == nil || len(h.Raw) > maxRecord {
			return
		}
		again, _, err := Parse(records(append(make([]byte, recordHeader), h.Raw...), maxRecord))
		if err != nil || !cmp.Equal(h, again) {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
