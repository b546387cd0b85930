package filter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var seen = Seen{
	Hosts:        []string{"example.com", "api.example.com", "other.net"},
	Methods:      []string{"GET", "POST", "PATCH"},
	ContentTypes: []string{"image/svg+xml", "text/html", "weird (type)"},
}

// TestComplete writes the cursor as | and what is replaced as it would be afterwards, with the first offer.
func TestComplete(t *testing.T) {
	for _, c := range []struct {
		expr   string
		offers string
		after  string // with the first offer taken
	}{
		{"~r^", "~replay ~replayq ~replays", "~replay"},
		{"a & !~ma^", "~marked ~marker", "a & !~marked"},
		{"(~mark^ed)", "~marked ~marker", "(~marked)"},
		{"~image^", "~a", "~a"},
		{"~zz^", "", ""}, {"abc^", "", ""}, {"^", "", ""}, {"~q ^", "", ""}, {"~d example.com ^", "", ""}, {"'~^'", "", ""},
		{"~d ^", "example.com api.example.com other.net", "~d example.com"},
		{"~d EX^", "example.com api.example.com", "~d example.com"},
		{"~d ot^her & ~q", "other.net", "~d other.net & ~q"},
		{"~d ^ ~q", "example.com api.example.com other.net", "~d example.com ~q"},
		{"~u 'ot^", "other.net", "~u other.net"},
		{"~m p^", "POST PATCH", "~m POST"},
		{"~t svg^", `image/svg\+xml`, `~t image/svg\+xml`},
		{"~ts weird^", `'weird \\(type\\)'`, `~ts 'weird \\(type\\)'`},
		{"~c ^", "1xx 2xx 3xx 4xx 5xx", "~c 1xx"}, {"~c 4^", "4xx", "~c 4xx"},
		{"~b ^", "", ""},
	} {
		cursor := strings.IndexByte(c.expr, '^')
		expr := strings.Replace(c.expr, "^", "", 1)
		list := Complete(expr, cursor, seen)
		var texts []string
		for _, x := range list {
			texts = append(texts, x.Text)
		}
		if got := strings.Join(texts, " "); got != c.offers {
			t.Errorf("%s: got %s", c.expr, got)
		}
		if len(list) > 0 {
			if got := expr[:list[0].From] + list[0].Text + expr[list[0].To:]; got != c.after {
				t.Errorf("%s: becomes %s", c.expr, got)
			}
		}
	}
}

// Everything that is offered can be parsed, and a value finds itself.
func TestCompletionsParse(t *testing.T) {
	for _, c := range Complete("~t ", 3, seen) {
		mustParse(t, "~t "+c.Text)
	}
	f := newFlow()
	f.Response.Headers = f.Response.Headers.Set("content-type", "weird (type)")
	if !mustParse(t, "~ts "+Complete("~ts w", 5, seen)[0].Text).Match(f) {
		t.Error("a completed content type does not find itself")
	}
	if n := len(Complete("~", 1, seen)); n != len(Operators())-1 {
		t.Errorf("%d operators are offered", n)
	}
}

func TestOperatorsList(t *testing.T) {
	var names []string
	for _, o := range Operators() {
		names = append(names, o.Name)
		if o.Help == "" || strings.Contains(o.Help, "\n") {
			t.Errorf("%s: help is %q", o.Name, o.Help)
		}
	}
	want := strings.Fields(`~a ~all ~b ~bq ~bs ~c ~comment ~d ~dns ~dst ~e ~h ~hq ~hs ~http ~m ~marked ~marker ~meta
		~q ~replay ~replayq ~replays ~s ~src ~t ~tq ~ts ~tcp ~udp ~u ~websocket`)
	if d := cmp.Diff(append(want, ""), names); d != "" {
		t.Error(d)
	}
}
