package edit

import (
	"strings"
	"testing"

	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
)

func TestBodiesAreEditedInTheirViews(t *testing.T) {
	f := newFlow()
	m := &f.Response.HTTPMessage
	packed, err := coding.Encode("gzip", []byte(`{"a":1,"b":[true]}`))
	if err != nil {
		t.Fatal(err)
	}
	m.Headers = flow.Headers{{Name: "Content-Type", Value: "application/json"}, {Name: "Content-Encoding", Value: "gzip"}, {Name: "Content-Length", Value: "9"}}
	m.Body = flow.BodyOf(packed)
	if got := strings.Join(InViews(f, "auto"), "|"); got != "response-body (json)" {
		t.Fatalf("offered %q", got)
	}
	part := ResponseBody + " (json)"
	if How(part) != ByEditor || How("cookies (json)") != NoWay || How(RequestBody+" (moon)") != NoWay {
		t.Error("the ways of parts in views are wrong")
	}
	text, err := Text(f, part)
	if want := "{\n    \"a\": 1,\n    \"b\": [\n        true\n    ]\n}\n"; err != nil || string(text) != want {
		t.Fatalf("text %q, %v", text, err)
	}
	if err := ApplyText(f, part, text); err != nil || string(m.Body.Bytes()) != string(packed) {
		t.Errorf("the text as it was changed the body: %v", err)
	}
	if err := ApplyText(f, part, []byte("{")); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("broken JSON: %v", err)
	}
	if err := ApplyText(f, part, []byte("{\n\"a\": 2\n}")); err != nil {
		t.Fatal(err)
	}
	if plain, _, _ := decoded(m); string(plain) != `{"a":2}` || m.Headers.Get("Content-Encoding") != "gzip" {
		t.Errorf("the body is %q with %v", plain, m.Headers)
	}
	if _, err := Text(f, ResponseBody+" (raw)"); err == nil || !strings.Contains(err.Error(), "itself") {
		t.Errorf("raw: %v", err)
	}
}
