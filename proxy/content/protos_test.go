package content

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func protos(t testing.TB, name string) *Protos {
	t.Helper()
	ps, err := LoadProtos(filepath.Join("testdata", "protos", name))
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

// order is a message of the kind shop.Order, with a field that it does not know and one that is not as it says.
func order() []byte {
	var b []byte
	text := func(num protowire.Number, s string) {
		b = protowire.AppendString(protowire.AppendTag(b, num, protowire.BytesType), s)
	}
	varint := func(num protowire.Number, v uint64) {
		b = protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
	}
	text(1, "ada")
	varint(2, protowire.EncodeZigZag(-7))
	text(3, "\x01\x96\x01") // packed
	varint(3, 3)
	text(4, "\x08\xd2\x09")
	varint(5, 1)
	varint(5, 9)
	text(6, "abc")
	b = protowire.AppendFixed64(protowire.AppendTag(b, 7, protowire.Fixed64Type), 0x3ff8000000000000)
	b = protowire.AppendFixed32(protowire.AppendTag(b, 8, protowire.Fixed32Type), 0x3f000000)
	varint(9, 1)
	text(10, "\x0a\x01a\x15\x05\x00\x00\x00")
	text(11, "\x08\x05")
	varint(12, 1<<64-2)
	varint(13, 1)
	text(5, "odd")
	return b
}

const orderLines = `
buyer: ada
change: -7
sizes: [1, 150]
sizes: 3
total: 
  cents: 1234
state: PAID
state: 9
token: !binary 616263
rate: 1.5
part: 0.5
gift: true
stock: 
  key: a
  value: 5
made: 
  seconds: 5
below: -2
13: 1
state: odd
`

func TestNamedFields(t *testing.T) {
	m := Meta{Protos: protos(t, "shop.proto"), Request: true, Path: "/shop.Cart/Add"}
	want(t, show(t, "protobuf", m, string(order())), orderLines)
	message := append([]byte{0, 0, 0, 0, byte(len(order()))}, order()...)
	want(t, show(t, "grpc", m, string(message)), orderLines)
	// Who asks for nothing that the file knows is shown the first method's, and without one the first message's fields.
	for _, c := range []struct {
		file, path string
		request    bool
		data, want string
	}{
		{"shop.proto", "/shop.Cart/Add", false, "\x0a\x01x", "number: x\n"},
		{"shop.proto", "/shop.Cart/Drop?x", true, "\x0a\x01x", "number: x\n"},
		{"shop.proto", "/shop.Cart/Drop", false, "\x0a\x01x", "buyer: x\n"},
		{"shop.proto", "/other", true, "\x0a\x01x", "buyer: x\n"},
		{"shop.proto", "/shop.Order/Add", true, "\x0a\x01x", "buyer: x\n"},
		{"plain.proto", "", true, "\x0b\x10\x07\x0c", "inner: \n  a: 7\n"},
		{"common/money.proto", "", true, "\x08\x07\x12\x01x", "cents: 7\n2: x\n"},
		{"delimited.proto", "", true, "\x0b\x0a\x03\x0a\x01x\x10\x00\x0c", "parts: \n  note: \n    value: x\n  level: LOW\n"},
		{"delimited.proto", "", true, "\x12\x0f\x08\x07\x12\x0b\x10" + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "by_number: \n  key: 7\n  value: \n    level: BELOW\n"},
		{"delimited.proto", "/shop.Cart/Add", false, "\x0a\x01x", "number: x\n"},
	} {
		m := Meta{Protos: protos(t, c.file), Path: c.path, Request: c.request}
		want(t, show(t, "protobuf", m, c.data), c.want)
	}
}

// A file with a mistake is refused with the place of it.
func TestBadProtos(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.proto")
	for text, place := range map[string]string{
		"message A {\n  strin b = 1;\n}":                   "bad.proto:2:3",
		"message A {\n  string b = 1;\n  string c = 1;\n}": "bad.proto:3:14",
		"import \"none.proto\";":                           "bad.proto:1:27",
		"import \"bad.proto\";":                            "bad.proto:1:27",
	} {
		if err := os.WriteFile(path, []byte("syntax = \"proto3\"; "+text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadProtos(path); err == nil || !strings.Contains(err.Error(), place) {
			t.Errorf("%v, want the place %s", err, place)
		}
	}
	if _, err := LoadProtos(filepath.Join(t.TempDir(), "none.proto")); err == nil {
		t.Error("no file was taken for one")
	}
}

// FuzzNamedFields: whatever the bytes, every view of them ends and shows nothing that it should not.
func FuzzNamedFields(f *testing.F) {
	f.Add(order(), uint8(3))
	f.Add([]byte("\x0a\x05ab"), uint8(1))
	ps := []*Protos{protos(f, "shop.proto"), protos(f, "plain.proto")}
	f.Fuzz(func(t *testing.T, data []byte, stop uint8) {
		for _, p := range ps {
			for _, view := range []string{"protobuf", "grpc"} {
				doc := Format(view, Meta{Protos: p, Path: "/shop.Cart/Add"}, data)
				checkLines(t, doc, -1)
				checkLines(t, doc, int(stop))
			}
		}
	})
}
