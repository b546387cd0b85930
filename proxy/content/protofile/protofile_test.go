package protofile

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// loadTexts reads x.proto of files that are not on disk.
func loadTexts(files map[string]string) (*File, error) {
	return load("x.proto", files["x.proto"], func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return wellKnown.ReadFile(name)
	})
}

// describe writes the fields of a message, and of those in it that do not lie in themselves.
func describe(m *Message, around ...*Message) string {
	around = append(around, m)
	var all []string
	for _, n := range slices.Sorted(maps.Keys(m.Fields)) {
		f := m.Fields[n]
		text := fmt.Sprintf("%d %s %s", n, f.Name, f.Kind)
		if f.Repeated {
			text += "s"
		}
		switch {
		case f.Kind == Choice:
			text += strings.TrimPrefix(fmt.Sprint(f.Enum), "map")
		case f.Message != nil && !slices.Contains(around, f.Message):
			text += describe(f.Message, around...)
		}
		all = append(all, text)
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// TestMessages tells what the first message of a text is.
func TestMessages(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`message A { string a = 1; .B b = 0x10; repeated sfixed64 c = 017; }
			message B { optional A a = 1; required bool b = 2; }`,
			`{1 a string, 15 c sfixed64s, 16 b message{1 a message, 2 b bool}}`},
		{"\ufeff// a\n/* b */ syntax /**/ = 'pro' \"to3\"; message /**/ message { ; string /* \" */ message = /**/ 1 ; } // c",
			`{1 message string}`},
		{`message A { map<string, B> m = 1; map<int32, double> n = 2; map p = 3; message map {}
			message B { E e = 1; enum E { X = 0; Y = -1; Z = 0x7fffffff; W = 0; extensions = 1; } } }`,
			`{1 m message{1 key string, 2 value message{1 e enum[-1:Y 0:X 1:extensions 2147483647:Z]}}, ` +
				`2 n message{1 key int32, 2 value double}, 3 p message{}}`},
		{`message A { oneof o { option (x) = 1; int32 a = 1; group B = 2 { string s = 1; } }
			optional group C = 3 [deprecated = true] { optional C c = 1; } repeated group D = 4 {} }`,
			`{1 a int32, 2 b group{1 s string}, 3 c group{1 c message}, 4 d groups{}}`},
		{`message A { reserved 1, 2 to 5, 9 to max; reserved "a", 'b'; extensions 100 to max [declaration = {number: 1 full_name: ".x"}];
			extend A { optional A x = 2147483647; repeated group G = 7 { optional G g = 1; } } optional G h = 6; }
			extend A { required string y = 8; }`,
			`{6 h message{1 g message}}`},
		{`option (a).b.(.c.d) = { a: "}" b { c: [1, -2.5e-3, {d: 'x' "y"}] } [x.y/z.w] < e: inf > }; option d = -inf;
			message A { option e = ident; string a = 1 [(x).y = {}, default = "\"'\\", json_name = '\''"a"];
			enum E { option allow_alias = true; reserved 5; X = 0 [deprecated = true]; } }`,
			`{1 a string}`},
		{`edition = "2023"; option features.message_encoding = DELIMITED;
			message A { A a = 1; A b = 2 [features.message_encoding = LENGTH_PREFIXED]; map<bool, A> m = 3; string s = 4; }`,
			`{1 a group, 2 b message, 3 m message{1 key bool, 2 value message}, 4 s string}`},
		{`edition = "2023";
			message A { A a = 1 [deprecated = true, features = {field_presence: IMPLICIT, message_encoding: DELIMITED}]; A b = 2; }`,
			`{1 a group, 2 b message}`},
		{`edition = "2023"; option features /**/ . message_encoding = /**/ DELIMITED; message A {
			A a = 1 [features = {message_encoding: LENGTH_PREFIXED}]; A b = 2 [features.(x).message_encoding = LENGTH_PREFIXED];
			A c = 3 [features = {[x] {a: "message_encoding:LENGTH_PREFIXED"}} /* message_encoding = LENGTH_PREFIXED */]; }`,
			`{1 a message, 2 b group, 3 c group}`},
		{`edition = "2024"; import option "none.proto"; import option 'more.proto'; export message A {
			local message B { local a = 1; } export enum E { X = 0; } B b = 1; E e = 2; local local = 3; export export = 4; }
			local message local {} export enum export { Y = 0; }`,
			`{1 b message{1 a message{}}, 2 e enum[0:X], 3 local message{}, 4 export enum[0:Y]}`},
		{`message A { E e = 1; } enum E { X = 010; } package p . q;`, `{1 e enum[8:X]}`},
	} {
		f, err := loadTexts(map[string]string{"x.proto": c.text})
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := describe(f.Messages[0]); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.text, got, c.want)
		}
	}
}

// TestScopes tells which of several messages a name means, by their first fields.
func TestScopes(t *testing.T) {
	for _, c := range []struct{ x, y, z, want string }{
		{x: `message A { A.B a = 1; B b = 2; .B c = 3; message B { string inner = 1; B b = 2; } } message B { string outer = 1; }`,
			want: "inner inner outer"},
		// The first part decides: the A in A has no C.
		{x: `message A { A.C a = 1; message A {} message C {} }`, want: "x.proto:1:13: unknown type A.C"},
		// What is no type is passed over, unless something could be in it.
		{x: `message A { string B = 1; B b = 2; B.C c = 3; } message B { string outer = 1; message C { string c = 1; } }`,
			want: "- outer c"},
		{x: `message A { string b = 1; b c = 2; }`, want: "x.proto:1:27: unknown type b"},
		{x: `message A { E.B b = 1; enum E { Z = 0; } } message E { message B {} }`, want: "x.proto:1:13: unknown type E.B"},
		{x: `message A { A.b b = 1; }`, want: "x.proto:1:13: A.b is no type that fits here"},
		{x: `package p.q; message A { B b = 1; p.q.B c = 2; q.B d = 3; } message B { string inner = 1; }`, want: "inner inner inner"},
		{x: `package p.q; import "y.proto"; message A { B b = 1; p.B c = 2; .p.B d = 3; }`,
			y: `package p; message B { string outer = 1; }`, want: "outer outer outer"},
		{x: `package p.q; import "y.proto"; message A { q.B b = 1; }`, y: `package p; message B {}`, want: "x.proto:1:44: unknown type q.B"},
		{x: `package p.p; import "y.proto"; message A { p.B b = 1; }`, y: `package p; message B {}`, want: "x.proto:1:44: unknown type p.B"},
		{x: `package p; import "y.proto"; message A { y.B b = 1; p.A a = 2; }`, y: `package y; message B { string other = 1; }`, want: "other b"},
		// Names come from what is imported, and from further on through public imports only.
		{x: `import "y.proto"; message A { Z z = 1; }`, y: `import public "z.proto";`, z: `message Z { string z = 1; }`, want: "z"},
		{x: `import "y.proto"; message A { Z z = 1; }`, y: `import "z.proto";`, z: `message Z {}`, want: "x.proto:1:31: unknown type Z"},
		{x: `import weak "z.proto"; import "./y.proto"; message A { Y y = 1; }`,
			y: `import "z.proto"; message Y { string y = 1; Z z = 2; }`, z: `message Z {}`, want: "y"},
		{x: `import "y.proto"; message A {}`, y: `message E {} message E {}`, want: "y.proto:1:22: E is declared already, at y.proto:1:9"},
		{x: `import "y.proto"; message A { google.protobuf.Timestamp e = 1; }`,
			y: `import public "google/protobuf/timestamp.proto";`, want: "seconds"},
		{x: `import "y.proto";`, y: `import "z.proto";`, z: `import "y.proto";`, want: "z.proto:1:8: y.proto imports this file in turn"},
	} {
		if got := firstFields(loadTexts(map[string]string{"x.proto": c.x, "y.proto": c.y, "z.proto": c.z})); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.x, got, c.want)
		}
	}
}

// firstFields names the first field of the message of each field of the first message, or the error without what to do.
func firstFields(f *File, err error) string {
	if err != nil {
		place, text, _ := strings.Cut(err.Error(), ": ")
		text, _, _ = strings.Cut(text, ": ")
		return place + ": " + text
	}
	var all []string
	for _, n := range slices.Sorted(maps.Keys(f.Messages[0].Fields)) {
		name := "-"
		if m := f.Messages[0].Fields[n].Message; m != nil {
			name = m.Fields[1].Name
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

func TestServices(t *testing.T) {
	f, err := loadTexts(map[string]string{
		"x.proto": `import "y.proto"; package p; message A { int32 a = 1; } message B { int32 b = 1; } service None { option (x) = 1; }
			service S { rpc rpc(A) returns (stream .p.B); rpc Two(stream y.C) returns (A) { option a = "b"; ; } }`,
		"y.proto": `package y; message C { int32 c = 1; } service T { rpc U(C) returns (C) {} }`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"p.S/rpc": "a b", "p.S/Two": "c a", "y.T/U": "c c", "p.S": "", "S/rpc": "", "p.None/rpc": "", "p.T/U": "",
	} {
		got := ""
		if m := f.Method(name); m != nil {
			got = m.Input.Fields[1].Name + " " + m.Output.Fields[1].Name
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if len(f.Services) != 2 || len(f.Services[0].Methods) != 0 || f.Services[1].Methods[0] != f.Method("p.S/rpc") {
		t.Error("the services are not in order")
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range [][2]string{
		{"message A {\n\tstring a = 1 string b = 2; }", `2:22: ";" is missing before "string"`},
		{"message A { string é = 1; }", `1:20: "é" cannot stand here: take it out`},
		{"/*é*/ message A { string = 1; }", `1:26: a name is missing before "="`},
		{"message A { string a = 1;", `1:11: "{" has no end: close it with '}'`},
		{"message A {} }", `1:14: "}" begins no declaration: write a message, an enum, a service, an option or an import`},
		{"message A { = }", `1:13: a name is missing before "="`},
		{"message A { string a = 1; int32 b = 1; }", `1:37: the field a has the number 1 already: give b another one`},
		{"message A { string a = 1; oneof b { int32 a = 2; } }", `1:43: A.a is declared already, at x.proto:1:20: rename one of them`},
		{"message A { string a = 1; } enum B { A = 0; }", `1:38: A is declared already, at x.proto:1:9: rename one of them`},
		{"message A { string a = 0; }", `1:24: this is no whole number from 1 to 536870911: write one`},
		{"message A { string a = -1; }", `1:24: this is no whole number from 1 to 536870911: write one`},
		{"message A { string a = 08; }", `1:24: this is no whole number from 1 to 536870911: write one`},
		{"message A { string a = 1_0; }", `1:24: this is no whole number from 1 to 536870911: write one`},
		{"message A { string a = 536870912; }", `1:24: this is no whole number from 1 to 536870911: write one`},
		{"enum A { B = 2147483648; }", `1:14: this is no whole number from -2147483648 to 2147483647: write one`},
		{"message A { map<float, string> a = 1; }",
			`1:17: a map has no keys of the type "float": write one of whole numbers, bool or string`},
		{"message A { repeated map<string, string> a = 1; }", `1:25: a name is missing before "<"`},
		{"message A { map<string, B> a = 1; }", `1:25: unknown type B: declare it, or import the file that does`},
		{"message A { oneof a { repeated string b = 1; } }", `1:39: "=" is missing before "b"`},
		{"extend A { optional string a = 1; }", `1:8: unknown type A: declare it, or import the file that does`},
		{"extend A { optional string a = 1; } enum A { B = 0; }", `1:8: A is no type that fits here: write the name of one that does`},
		{"service S { rpc A(B) returns (B) {", `1:34: "{" has no end: close it with '}'`},
		{"service S { rpc A(B) return (B); }", `1:22: "returns" is missing before "return"`},
		{"service S { rpc A(S) returns (S); }", `1:19: unknown type S: declare it, or import the file that does`},
		{"service S { string a = 1; }", `1:13: "rpc" is missing before "string"`},
		{"syntax = 'proto4';", `1:10: unknown syntax "proto4": write proto2 or proto3`},
		{"import \"y.proto\"", `1:17: ";" is missing before the end of the file`},
		{"\timport \"none.proto\";",
			`1:16: open none.proto: file does not exist: imports begin at the folder of the definitions, put the file there`},
		{"import \"x.proto\";", `1:8: x.proto imports this file in turn: take one of the imports out`},
		{"option a = { [ } ];", `1:16: "}" closes nothing: take it out`},
		{"option a = {", `1:12: "{" has no end: close it with '}'`},
		{"option a = [1];", `1:12: a number is missing before "["`},
		{"message A { string a = 1 [b]; }", `1:28: "=" is missing before "]"`},
		{"message A { extensions to max }", `1:31: ";" is missing before "}"`},
		{strings.Repeat("message A"+strings.Repeat("a", 49)+" {", 11), `1:549: this name has 509 bytes: write one of 500 at most`},
		{"message A { " + strings.Repeat("b.", 250) + "c d = 1; }", `1:13: this name has 501 bytes: write one of 500 at most`},
		{"import '" + strings.Repeat("b", 501) + "';", `1:8: this name has 501 bytes: write one of 500 at most`},
		{"syntax = '" + strings.Repeat("b", 61) + "';", `1:10: unknown syntax "` + strings.Repeat("b", 60) + `": write proto2 or proto3`},
		{"/* a", `1:1: this comment has no end: close it with */`},
		{"option a = 'b\\\n';", `1:12: this text has no end: close it with ' on the same line`},
		{"option a = 'b", `1:12: this text has no end: close it with ' on the same line`},
		{strings.Repeat("message A {", maxDepth+1), `1:1111: "{" lies in 100 others: move some out of them`},
		{"option a = " + strings.Repeat("{ a ", maxDepth+1) + ";", `1:412: "{" lies in 100 others: move some out of them`},
	} {
		_, err := loadTexts(map[string]string{"x.proto": c[0]})
		if got := fmt.Sprint(err); strings.TrimPrefix(got, "x.proto:") != c[1] {
			t.Errorf("%s:\n%s, want\n%s", c[0], got, c[1])
		}
	}
}

// The files of google/protobuf hold together, and those on disk are preferred.
func TestWellKnown(t *testing.T) {
	err := fs.WalkDir(wellKnown, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f, err := loadTexts(map[string]string{"x.proto": `import public "` + path + `";`})
		if err != nil || f == nil {
			t.Error(path, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "x.proto")
	text := `import "google/protobuf/duration.proto"; message A { google.protobuf.Duration d = 1; }`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := func(want string) {
		t.Helper()
		f, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(f.Messages[0]); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	want("{1 d message{1 seconds int64, 2 nanos int32}}")
	mine := filepath.Join(filepath.Dir(name), "google", "protobuf", "duration.proto")
	if err := os.MkdirAll(filepath.Dir(mine), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("package google.protobuf; message Duration { bool long = 3; }"), 0o600); err != nil {
		t.Fatal(err)
	}
	want("{1 d message{3 long bool}}")
}

// What is imported is a file below the folder, of a size that no definitions exceed.
func TestImportedFiles(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, "in", filepath.FromSlash(name)) }
	err := errors.Join(os.MkdirAll(in("sub"), 0o700), os.WriteFile(in("sub/good.proto"), nil, 0o600),
		os.WriteFile(in("../out.proto"), nil, 0o600), os.Symlink(os.DevNull, in("null.proto")),
		os.WriteFile(in("large.proto"), nil, 0o600), os.Truncate(in("large.proto"), maxFile+1))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"sub/good.proto": "<nil>", "./sub/../sub/good.proto": "<nil>", "sub": " is not a file: ", "null.proto": " is not a file: ",
		"large.proto": " is larger than 8 MiB: ", "../out.proto": "x.proto:1:8: ../out.proto is in another folder: ",
		in("sub/good.proto"): " is in another folder: ",
	} {
		if err := os.WriteFile(in("x.proto"), []byte("import '"+name+"';"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(in("x.proto")); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := Load(in("null.proto")); err == nil {
		t.Error("what is no file is read")
	}
}

// FuzzLoadProtos: whatever a file says, it is refused with a place, or every field of it is of a kind.
func FuzzLoadProtos(f *testing.F) {
	f.Add(`syntax = "proto3"; package p; import "y.proto";
		message A { repeated .y.Y a = 1 [a = {b: ['c']}]; map<string, E> b = 2; enum E { X = 0x1; } }`)
	f.Add(`message A { reserved 1 to max; extensions 2; oneof o { group G = 3 {} } } extend A { optional A a = -4; } // c
		service S { rpc R(stream A) returns (A) {} }`)
	f.Add(`edition = "2023"; option features = {message_encoding: DELIMITED}; import public "google/protobuf/struct.proto";
		message A { google.protobuf.Value v = 1; }`)
	place := regexp.MustCompile(`^x\.proto:[1-9][0-9]*:[1-9][0-9]*: .`)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := loadTexts(map[string]string{"x.proto": text, "y.proto": "package y; message Y { Y y = 1; }"})
		if err != nil {
			if !place.MatchString(err.Error()) {
				t.Errorf("an error without a place: %v", err)
			}
			return
		}
		seen := map[*Message]bool{}
		for _, m := range file.Messages {
			check(t, m, seen)
		}
		for _, m := range file.methods {
			check(t, m.Input, seen)
			check(t, m.Output, seen)
		}
	})
}

func check(t *testing.T, m *Message, seen map[*Message]bool) {
	if seen[m] {
		return
	}
	seen[m] = true
	for n, f := range m.Fields {
		nested, choice := f.Kind == Nested || f.Kind == Group, f.Kind == Choice
		if n < 1 || f.Name == "" || nested != (f.Message != nil) || choice != (f.Enum != nil) || !nested && !choice && !f.Kind.isScalar() {
			t.Fatalf("field %d is %+v", n, f)
		}
		if f.Message != nil {
			check(t, f.Message, seen)
		}
	}
}
