package command

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/proxy/flow"
)

// flows is an Env of two flows, the first of which has the focus.
type flows []*flow.Flow

func newFlows() flows {
	return flows{{ID: flow.NewID()}, {ID: flow.NewID()}}
}

func (f flows) Resolve(spec string) ([]*flow.Flow, error) {
	switch {
	case spec == "@all" || spec == "~all":
		return f, nil
	case spec == "@focus" || spec == "@"+f[0].ID.String():
		return f[:1], nil
	case strings.HasPrefix(spec, "@"):
		return nil, errors.New("no such marker")
	}
	return nil, nil
}

// testRegistry has a command for every type; echo commands return their first argument.
func testRegistry() *Registry {
	r := NewRegistry(newFlows())
	echo := func(_ context.Context, args Args) (any, error) { return args[0], nil }
	all := func(_ context.Context, args Args) (any, error) { return []string{"a", "b c"}, nil }
	nothing := func(context.Context, Args) (any, error) { return nil, nil }
	for name, typ := range map[string]Type{
		"t.str": Str, "t.bytes": Bytes, "t.bool": Bool, "t.int": Int, "t.path": Path, "t.cmd": Cmd, "t.arg": Arg,
		"t.strs": StrSeq, "t.cuts": CutSpec, "t.flow": Flow, "t.flows": FlowSeq, "t.marker": Marker,
	} {
		r.Add(Command{Name: name, Params: []Param{{Name: "x", Type: typ}}, Result: typ, Run: echo})
	}
	r.Add(
		Command{Name: "t.options", Result: StrSeq, Run: all},
		Command{Name: "t.choice", Params: []Param{{Name: "x", Type: Choice, Choices: "t.options"}}, Result: Str, Run: echo},
		Command{Name: "view.focus.next", Run: nothing},
		Command{Name: "view.flows.load", Params: []Param{{Name: "path", Type: Path}}, Run: nothing},
		Command{Name: "t.default", Params: []Param{{Name: "a", Type: Int}, {Name: "b", Type: Str, Default: "d"}}, Result: Str,
			Run: func(_ context.Context, args Args) (any, error) { return args[1], nil }},
		Command{Name: "t.rest", Params: []Param{{Name: "a", Type: Str}, {Name: "n", Type: Int, Variadic: true}}, Result: Int,
			Run: func(_ context.Context, args Args) (any, error) { return len(args[1].([]any)), nil }},
		Command{Name: "t.confirm", Params: []Param{{Name: "prompt", Type: Str}, {Name: "cmd", Type: Cmd}, {Name: "args", Type: Arg, Variadic: true}}, Run: nothing},
		Command{Name: "t.liar", Result: Int, Run: func(context.Context, Args) (any, error) { return "1", nil }},
	)
	return r
}

func TestRun(t *testing.T) {
	tests := []struct {
		line string
		want any
		err  string
	}{
		{`t.str a`, "a", ""},
		{`  t.str   "a b"  `, "a b", ""},
		{`"t.str" 'a"b'`, `a"b`, ""},
		{`t.str'x'`, "x", ""},
		{`t.str ''`, "", ""},
		{`t.str "open`, `"open`, ""},
		{`t.str '\n\x41\101\u00e9\U0001F600\q\\'`, "\nAAé😀\\q\\", ""},
		{`t.bytes '\x00\377\n\q'`, []byte("\x00\xff\n\\q"), ""},
		{`t.bytes é`, []byte("é"), ""},
		{`t.bytes \xg0`, nil, `\x needs two hex digits`},
		{`t.bytes a\`, nil, "backslash at the end"},
		{`t.bool true`, true, ""},
		{`t.bool True`, nil, `t.bool: x: "True" is neither true nor false`},
		{`t.int -12`, -12, ""},
		{`t.int 1x`, nil, `"1x" is not a number`},
		{`t.cmd t.int`, "t.int", ""},
		{`t.cmd t.imt`, nil, "did you mean t.int?"},
		{`t.arg \n`, `\n`, ""},
		{`t.strs 'a, b,'`, []string{"a", "b", ""}, ""},
		{`t.marker true`, ":default:", ""},
		{`t.marker false`, "", ""},
		{`t.marker :heart:`, ":heart:", ""},
		{`t.marker x`, "x", ""},
		{`t.marker xy`, nil, `invalid choice "xy"`},
		{`t.choice 'b c'`, "b c", ""},
		{`t.choice d`, nil, `invalid choice "d": take one of a, b c`},
		{`t.flow @all`, nil, "requires one flow, matched 2"},
		{`t.flow other`, nil, `requires one flow, and "other" matches none`},
		{`t.flow @nope`, nil, "no such marker"},
		{`t.default 1`, "d", ""},
		{`t.default 1 2`, "2", ""},
		{`t.default`, nil, "t.default: wants 1 to 2 arguments, got 0: write t.default a b"},
		{`t.rest x`, 0, ""},
		{`t.rest x 1 2 3`, 3, ""},
		{`t.rest x 1 y`, nil, `n: "y" is not a number`},
		{`t.rest`, nil, "wants at least 1 argument, got 0: write t.rest a *n"},
		{`view.focus.next 1`, nil, "wants 0 arguments, got 1: write view.focus.next"},
		{`view.fokus.next`, nil, `unknown command "view.fokus.next": did you mean view.focus.next?`},
		{`completely.other`, nil, `unknown command "completely.other": press tab`},
		{`t.liar`, nil, "t.liar returned a string"},
		{``, nil, "invalid command"},
		{"  \t", nil, "invalid command"},
		{`view.focus.next`, nil, ""},
	}
	r := testRegistry()
	for _, tt := range tests {
		got, err := r.Run(t.Context(), tt.line)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.line, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.line, err)
		} else if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.line, diff)
		}
	}
}

func TestRunResolvesFlows(t *testing.T) {
	r := testRegistry()
	env := r.env.(flows)
	if got, err := r.Run(t.Context(), "t.flow @focus"); err != nil || got != env[0] {
		t.Errorf("t.flow: %v, %v", got, err)
	}
	got, err := r.Run(t.Context(), "t.flows @all")
	if list, _ := got.([]*flow.Flow); err != nil || len(list) != 2 {
		t.Errorf("t.flows: %v, %v", got, err)
	}
	empty := NewRegistry(nil)
	empty.Add(Command{Name: "f", Params: []Param{{Name: "x", Type: FlowSeq}}, Run: func(context.Context, Args) (any, error) { return nil, nil }})
	if _, err := empty.Run(t.Context(), "f @all"); err == nil {
		t.Error("no env: no error")
	}
}

func TestCallTakesTextAsItIs(t *testing.T) {
	if got, err := testRegistry().Call(t.Context(), "t.arg", `"a b"`); err != nil || got != `"a b"` {
		t.Errorf("%q, %v", got, err)
	}
}

func TestPathExpandsHome(t *testing.T) {
	t.Setenv("HOME", "/home/me")
	for text, want := range map[string]string{"~": "/home/me", "~/x": "/home/me/x", "~x": "~x", "a/~": "a/~"} {
		if got, err := testRegistry().Call(t.Context(), "t.path", text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestSignature(t *testing.T) {
	r := testRegistry()
	for name, want := range map[string]string{
		"t.rest": "t.rest a *n -> int", "t.flows": "t.flows x -> flow[]", "t.confirm": "t.confirm prompt cmd *args", "view.focus.next": "view.focus.next",
	} {
		c, ok := r.Lookup(name)
		if got := Signature(c); !ok || got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var names []string
	for _, c := range r.All() {
		names = append(names, c.Name)
	}
	if len(names) != 20 || names[0] != "t.arg" || names[19] != "view.focus.next" {
		t.Errorf("All() = %v", names)
	}
}

func TestAddPanics(t *testing.T) {
	run := func(context.Context, Args) (any, error) { return nil, nil }
	for want, c := range map[string]Command{
		"taken":            {Name: "t.str", Run: run},
		"single word":      {Name: "a b", Run: run},
		"no Run":           {Name: "x"},
		"no name":          {Name: "x", Run: run, Params: []Param{{Type: Str}}},
		"can be variadic":  {Name: "x", Run: run, Params: []Param{{Name: "a", Type: Str, Variadic: true}, {Name: "b", Type: Str}}},
		"lists the choice": {Name: "x", Run: run, Params: []Param{{Name: "a", Type: Choice}}},
		"no argument can":  {Name: "x", Run: run, Params: []Param{{Name: "a", Type: Data}}},
		"needs a default":  {Name: "x", Run: run, Params: []Param{{Name: "a", Type: Str, Default: ""}, {Name: "b", Type: Str}}},
	} {
		func() {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("panic %q, want %q", text, want)
				}
			}()
			testRegistry().Add(c)
		}()
	}
}

func TestMarkers(t *testing.T) {
	for name, want := range map[string]string{
		"": "", ":default:": "●", ":red_circle:": "🔴", ":no_such_thing:": "●", "a": "a", "ä": "ä", "7": "7", "ab": "●", "\xff": "●",
	} {
		if got := MarkerGlyph(name); got != want {
			t.Errorf("MarkerGlyph(%q) = %q, want %q", name, got, want)
		}
	}
	for _, name := range markerNames() {
		if n := len([]rune(MarkerGlyph(name))); n != 1 {
			t.Errorf("%s has %d runes", name, n)
		}
	}
}
