package content

import (
	"archive/zip"
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

func TestHex(t *testing.T) {
	want(t, show(t, "hex dump", Meta{}, "Hello, \x1b world! é"), `
0000000000 48 65 6c 6c  6f 2c 20 1b  20 77 6f 72  6c 64 21 20  Hello, . world! 
0000000010 c3 a9                                               ..
`)
	want(t, show(t, "hex stream", Meta{}, "\x00\xffa"), "00ff61\n")
}

func TestRaw(t *testing.T) {
	want(t, show(t, "raw", Meta{}, "a\r\n\n\tb\x07\n"), "a\n\n    b␇\n")
	want(t, show(t, "raw", Meta{}, ""), "")
}

func TestGraphQL(t *testing.T) {
	one := `{"operationName":"Q","query":"query Q {\n  a\n}","variables":{"x":1}}`
	want(t, show(t, Auto, typed("application/json"), one), `
{
    "operationName": "Q",
    "query": "...",
    "variables": {
        "x": 1
    }
}
---
query Q {
  a
}
`)
	want(t, show(t, "graphql", Meta{}, `[{"query":"{\na}"},{"query":"b"}]`), `
--- 1/2
{
    "query": "..."
}
---
{
a}
--- 2/2
{
    "query": "..."
}
---
b
`)
}

func TestForms(t *testing.T) {
	want(t, show(t, "url-encoded", Meta{}, "a=1&b=x+y%26&&a=2&bad=%zz&empty=&alone&t=l1%0D%0Al2\n"), `
a: 1
b: x y&
a: 2
bad: %zz
empty: 
alone: 
t: |
  l1
  l2
`)
	want(t, show(t, Auto, Meta{Path: "/p?q=%1b&r=2#frag"}, ""), "q: ␛\nr: 2\n")
	want(t, show(t, "query", Meta{Path: "/p"}, ""), "Couldn't parse as Query: the URL has no query\n")
}

func TestMultipart(t *testing.T) {
	body := strings.ReplaceAll(`preamble
--xx
Content-Disposition: form-data; name="a"

one
--xx
Content-Disposition: form-data; name="f"; filename="t.txt"
Content-Type: text/plain

l1
l2
--xx
Content-Disposition: form-data; name="b"; filename="x.bin"

`, "\n", "\r\n") + "\x00\x01\x02\r\n--xx--\r\nepilogue"
	lines := `
a: one
f:
  filename: t.txt
  content-type: text/plain
  size: 6 bytes
  content:
    l1
    l2
b:
  filename: x.bin
  size: 3 bytes
  content:
    0000000000 00 01 02                                            ...
`
	want(t, show(t, "multipart form", typed("multipart/form-data; boundary=xx"), body), lines)
	want(t, show(t, "multipart form", Meta{}, strings.TrimPrefix(body, "preamble\r\n")), lines)
	want(t, show(t, "multipart form", typed("multipart/form-data; boundary=yy"), body),
		"Couldn't parse as Multipart Form: its boundary does not occur\n")
	want(t, show(t, "multipart form", typed("multipart/form-data; boundary=xx"), body[:75]), "a: one\npart:\n  size: 4 bytes\n  content:\n    Cont\n")
}

func TestXML(t *testing.T) {
	want(t, show(t, "xml/html", typed("text/xml"), `<?xml version="1.0"?><a x='1' y><!-- note --><b>text</b><c><d/>t &lt; u</c><![CDATA[<raw>]]></a></stray>`), `
<?xml version="1.0"?>
<a x='1' y>
  <!-- note -->
  <b>text</b>
  <c>
    <d/>
    t &lt; u
  </c>
  <![CDATA[<raw>]]>
</a>
</stray>
`)
	want(t, show(t, "xml/html", typed("text/html"), `<!doctype html><html><head><meta charset=utf-8><script>
  if (a < b) { x() }
</script><style></style></head><body><p>a<br>b<P>1 < 2<ul><li>x<li>y</ul></body></html>`), `
<!doctype html>
<html>
  <head>
    <meta charset=utf-8>
    <script>
        if (a < b) { x() }
    </script>
    <style></style>
  </head>
  <body>
    <p>
      a
      <br>
      b
    <P>
      1 < 2
      <ul>
        <li>
          x
        <li>
          y
      </ul>
  </body>
</html>
`)
	want(t, show(t, "xml/html", Meta{}, "<a b=\"c>d\" e"), "<a b=\"c>d\" e\n")
}

// Nothing but blanks is lost, whatever the markup or the code.
func FuzzOnlyBlanksChange(f *testing.F) {
	f.Add("<a b = 'c'  d>x < y</a ><!-- z", "a{b:c}")
	f.Add("<script>a</b></script><pre> x\n y</pre>", "function(){return /[/]/g}`${x}`//c\nvar s='\\'';")
	strip := func(s string) string { return strings.Join(strings.Fields(s), "") }
	f.Fuzz(func(t *testing.T, markup, code string) {
		for view, s := range map[string]string{"xml/html": markup, "javascript": code, "css": code, "yaml": code} {
			if line := strings.ReplaceAll(s, "\n", " "); Clean(line) != line || s == "" {
				continue
			}
			for _, m := range []Meta{typed("text/xml; charset=utf-8"), typed("text/html; charset=utf-8")} {
				if got := show(t, view, m, s); strip(got) != strip(strings.TrimPrefix(s, "\ufeff")) {
					t.Fatalf("%s: %q is shown as %q", view, s, got)
				}
			}
		}
	})
}

func TestCode(t *testing.T) {
	pad := "/*" + strings.Repeat("x", minifiedLine) + "*/"
	want(t, strings.TrimPrefix(show(t, "javascript", Meta{}, pad+`!function(a,b){var r=/[/;]{2}/g,s="a;{b";for(;;){if(a/b){c()}else{d({e:1,f:{}})}}return `+"`x;${y}`"+`}();`), pad), `!function(a,b){
  var r=/[/;]{2}/g,
  s="a;{b";
  for(;;){
    if(a/b){
      c()
    }else{
      d({
        e:1,
        f:{}
      })
    }
  }
  return `+"`x;${y}`"+`
}();
`)
	want(t, strings.TrimPrefix(show(t, "css", Meta{}, pad+`a,b{color:red;background:url(data:x;y)}@media print{c{d:e}}`), pad), `a,b{
  color:red;
  background:url(data:x;y)
}
@media print{
  c{
    d:e
  }
}
`)
	kept := "if (a) {\n\n    b('x'); // c\n}\n"
	want(t, show(t, "javascript", Meta{}, kept), kept)
}

func TestCodeRoles(t *testing.T) {
	var got []Span
	for line := range Format("javascript", Meta{}, []byte("let x = 1 // c\nreturn 'a' + /b/")).Lines {
		for _, s := range line {
			if s.Role != Text {
				got = append(got, s)
			}
		}
	}
	roles := []Span{{"let", Keyword}, {"1", Number}, {"// c", Comment}, {"return", Keyword}, {"'a'", String}, {"/b/", String}}
	if len(got) != len(roles) {
		t.Fatalf("spans %v", got)
	}
	for i := range got {
		if got[i] != roles[i] {
			t.Errorf("span %d is %v, want %v", i, got[i], roles[i])
		}
	}
}

func TestYAML(t *testing.T) {
	text := "# c\na: 1 # d\n- b: \"x # y\"\n---\nlist:\n"
	want(t, show(t, "yaml", Meta{}, text), text)
	line := Line{}
	for line = range Format("yaml", Meta{}, []byte("a: 1 # d")).Lines {
	}
	if len(line) != 4 || line[0].Role != Key || line[2].Role != Number || line[3].Role != Comment {
		t.Errorf("spans %v", line)
	}
}

func TestImage(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	got := show(t, Auto, Meta{}, b.String())
	if !strings.HasPrefix(got, "# PNG Image\nsize: 3 x 2 px\nbytes: ") {
		t.Errorf("a PNG is shown as %s", got)
	}
	ico := "\x00\x00\x01\x00\x02\x00" + "\x10\x20" + strings.Repeat("\x00", 14) + strings.Repeat("\x00", 16)
	want(t, show(t, "image", Meta{}, ico), "# ICO Image\nimages: 2\nimage 1: 16 x 32 px\nimage 2: 256 x 256 px\nbytes: 38\n")
	want(t, show(t, "image", typed("image/x"), "abc"), `
# Unknown Image
bytes: 3
0000000000 61 62 63                                            abc
`)
}

func TestZip(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range []string{"dir/", "dir/a\x1b.txt"} {
		if _, err := w.Create(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, show(t, Auto, Meta{}, b.String()), "- dir/\n- dir/a␛.txt  # 0 bytes\n")
}

func sampleProto() []byte {
	inner := protowire.AppendTag(nil, 1, protowire.VarintType)
	inner = protowire.AppendVarint(inner, 150)
	b := protowire.AppendTag(nil, 1, protowire.BytesType)
	b = protowire.AppendString(b, "text")
	b = protowire.AppendTag(b, 2, protowire.BytesType)
	b = protowire.AppendBytes(b, inner)
	b = protowire.AppendTag(b, 3, protowire.BytesType)
	b = protowire.AppendBytes(b, []byte{0xff, 0xfe})
	b = protowire.AppendTag(b, 4, protowire.Fixed32Type)
	b = protowire.AppendFixed32(b, 0x3f800000)
	b = protowire.AppendTag(b, 5, protowire.VarintType)
	return protowire.AppendVarint(b, ^uint64(0))
}

const sampleProtoLines = `1: text
2: 
  1: 150  # !sint 75
3: !binary fffe
4: 1065353216 !fixed32  # !float 1
5: 18446744073709551615  # !int -1
`

func TestProtobuf(t *testing.T) {
	want(t, show(t, "protobuf", Meta{}, string(sampleProto())), sampleProtoLines)
	want(t, show(t, "protobuf", Meta{}, "\x08\x01\x12\x09ab"), `
1: 1
no protobuf field from byte 2 on
0000000000 12 09 61 62                                         ..ab
`)
	if doc := Format(Auto, typed("application/x-protobuf"), []byte("\xff")); doc.Note != "[failed to parse as Protobuf]" {
		t.Errorf("note %q", doc.Note)
	}
}

func TestGRPC(t *testing.T) {
	packed, err := coding.Encode("gzip", sampleProto())
	if err != nil {
		t.Fatal(err)
	}
	body := append([]byte{0, 0, 0, 0, 2, 8, 1, 1, 0, 0, 0, byte(len(packed))}, packed...)
	m := Meta{ContentType: "application/grpc", Headers: flow.Headers{{Name: "grpc-encoding", Value: "gzip"}}}
	want(t, show(t, Auto, m, string(body)), "1: 1\n---\n"+sampleProtoLines)
	want(t, show(t, "grpc", m, "\x00\x00\x00\x00\x09\x08"), `
the gRPC message ends here, unfinished
0000000000 00 00 00 00  09 08                                  ......
`)
}

func TestMsgPack(t *testing.T) {
	in := "\x83\xa1a\x01\xa1b\x92\xc3\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xa1c\xc4\x02\xff\x00" + "\xd1\xff\xfe" + "\xcd\x01\x00" + "\x90" + "\xd4\x05\xaa"
	want(t, show(t, "msgpack", Meta{}, in), `
a: 1
b: 
  - true
  - 1.5
c: !binary ff00
-2
256
[]
!ext 5 aa
`)
	want(t, show(t, "msgpack", Meta{}, "\x92\x01"), "- 1\n- \nthe MsgPack ends here, unfinished\n")
}

func TestOneLongLineOfCodeIsBroken(t *testing.T) {
	want(t, show(t, "css", Meta{}, `body{margin:0}h1{color:rebeccapurple}p{color:red;background-color:white;font:9px sans}`), `body{
  margin:0
}
h1{
  color:rebeccapurple
}
p{
  color:red;
  background-color:white;
  font:9px sans
}
`)
	want(t, show(t, "javascript", Meta{}, "if (a < b) { x() }"), "if (a < b) { x() }\n")
}
