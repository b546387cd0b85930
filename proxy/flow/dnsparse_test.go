package flow

import (
	"bytes"
	"testing"
)

func TestParseDNSData(t *testing.T) {
	for _, c := range []struct {
		kind, text string
		want       string // "" is an error
	}{
		{"A", "192.0.2.1", "\xc0\x00\x02\x01"}, {"a", " 192.0.2.1 ", "\xc0\x00\x02\x01"}, {"A", "0xc0000201", "\xc0\x00\x02\x01"},
		{"CNAME", "b.test", "\x01b\x04test\x00"}, {"MX", "10 b.test.", "\x00\x0a\x01b\x04test\x00"},
		{"TXT", `"a b" c`, "\x03a b\x01c"}, {"TYPE65400", "0x0102", "\x01\x02"}, {"TYPE(65400)", "0x0102", "\x01\x02"},
		{"A", "2001:db8::1", ""}, {"AAAA", "192.0.2.999", ""}, {"A", "", ""}, {"A", "192.0.2.1\n. 0 IN A 192.0.2.2", ""},
		{"TYPE65400", "hello", ""}, {"A", "0x0", ""}, {"SHOE", "x", ""}, {"TYPE65536", "0x00", ""},
	} {
		kind, err := ParseDNSType(c.kind)
		var got []byte
		if err == nil {
			got, err = ParseDNSData(kind, c.text)
		}
		if (err != nil) != (c.want == "") || string(got) != c.want {
			t.Errorf("%s %q: %q, %v", c.kind, c.text, got, err)
		}
	}
}

// What is written of any data is read as the same data.
func FuzzDNSZoneText(f *testing.F) {
	f.Add(uint16(1), []byte{192, 0, 2, 1})
	f.Add(uint16(16), []byte("\x03a\"b\x02;\n"))
	f.Add(uint16(5), []byte("\x01b\x04te.t\x00"))
	f.Add(uint16(65), []byte("\x00\x01\x00\x00\x01\x00\x03\x02h2"))
	f.Add(uint16(41), []byte{})
	f.Fuzz(func(t *testing.T, kind uint16, data []byte) {
		r := DNSRecord{Type: kind, Data: data}
		got, err := ParseDNSData(kind, r.ZoneText())
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s: %q, %v", r.ZoneText(), got, err)
		}
		if again, err := ParseDNSType(DNSTypeName(kind)); err != nil || again != kind {
			t.Errorf("%s: %d, %v", DNSTypeName(kind), again, err)
		}
	})
}
