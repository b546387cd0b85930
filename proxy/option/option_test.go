package option

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDefaults(t *testing.T) {
	o := New()
	tests := map[string]any{
		"allow_hosts": []string{}, "body_size_limit": nil, "certs": []string{}, "confdir": "~/.sluice",
		"connection_strategy": "eager", "console_palette": "solarized_dark", "flow_detail": 1,
		"http2_ping_keepalive": 58, "intercept": nil, "key_size": 2048, "listen_host": "", "listen_port": nil,
		"mode": []string{"regular"}, "onboarding_host": "mitm.it", "rawtcp": true, "ssl_insecure": false,
		"tcp_timeout": 600, "tls_version_client_min": "TLS1_2", "view_order": "time", "web_static_viewer": "",
		"web_columns": []string{"tls", "icon", "path", "method", "status", "size", "time"},
	}
	for name, want := range tests {
		if diff := cmp.Diff(want, o.Value(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, s := range o.All() {
		if o.Changed(s.Name) || !strings.HasSuffix(s.Help, ".") {
			t.Errorf("%s: changed %v, help %q", s.Name, o.Changed(s.Name), s.Help)
		}
	}
	if got := o.Unsupported(); got != nil {
		t.Errorf("unsupported: %v", got)
	}
}

func TestSet(t *testing.T) {
	tests := []struct {
		specs string // separated by blanks
		name  string
		want  any
		err   string
	}{
		{"mode=regular mode=upstream:http://x", "mode", []string{"regular", "upstream:http://x"}, ""},
		{"mode", "mode", []string{}, ""},
		{"mode=", "mode", []string{""}, ""},
		{"listen_host=::1", "listen_host", "::1", ""},
		{"listen_host", "listen_host", nil, "listen_host needs a value: write listen_host=VALUE"},
		{"listen_host=a listen_host=b", "listen_host", nil, "listen_host takes one value but was given 2"},
		{"intercept", "intercept", nil, ""},
		{"intercept=", "intercept", "", ""},
		{"intercept=~u=a", "intercept", "~u=a", ""},
		{"listen_port=8080", "listen_port", 8080, ""},
		{"listen_port=", "listen_port", nil, ""},
		{"listen_port", "listen_port", nil, ""},
		{"listen_port=80x", "", nil, `listen_port cannot be "80x": write a whole number`},
		{"listen_port=65536", "", nil, "listen_port: 65536 is out of range: give a number from 0 to 65535"},
		{"tcp_timeout", "", nil, `tcp_timeout cannot be "": write a whole number`},
		{"tcp_timeout=0", "", nil, "tcp_timeout: 0 is too small: give at least 1"},
		{"anticache", "anticache", true, ""},
		{"anticache=", "anticache", true, ""},
		{"rawtcp=false", "rawtcp", false, ""},
		{"rawtcp=toggle", "rawtcp", false, ""},
		{"rawtcp=no", "", nil, `rawtcp cannot be "no": write true, false or toggle`},
		{"view_order=siez", "", nil, `view_order cannot be "siez": choose one of time, method, url, size`},
		{"body_size_limit=3m", "body_size_limit", "3m", ""},
		{"body_size_limit=", "body_size_limit", "", ""},
		{"body_size_limit=big", "", nil, `body_size_limit: "big" is not a size`},
		{"connect_addr=localhost", "", nil, `connect_addr: "localhost" is not an IP address`},
		{"allow_hosts=a allow_hosts=(", "", nil, `allow_hosts: "(" is not a regular expression`},
		{"client_replay_concurrency=2", "", nil, "client_replay_concurrency: 2 is not possible: give 1, or -1 for no limit"},
		{"upstream_auth=user", "", nil, "upstream_auth: write it as user:pass"},
		{"certs=*.example.org=", "", nil, `certs: "*.example.org=" is not a certificate`},
		{"upstream_cert=false add_upstream_certs_to_client_chain", "", nil, "needs upstream_cert: set upstream_cert=true"},
		{"listen-prot=1", "", nil, `unknown option "listen-prot": did you mean listen_port?`},
		{"=1", "", nil, `unknown option "": sluice --options lists them all`},
		{"nothinglikeit", "", nil, `unknown option "nothinglikeit": sluice --options`},
	}
	for _, tt := range tests {
		o := New()
		err := o.Set(strings.Fields(tt.specs)...)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("Set(%s) error = %v, want %q", tt.specs, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("Set(%s): %v", tt.specs, err)
		} else if diff := cmp.Diff(tt.want, o.Value(tt.name)); diff != "" {
			t.Errorf("Set(%s) (-want +got):\n%s", tt.specs, diff)
		}
	}
}

func TestUpdateIsAllOrNothing(t *testing.T) {
	for name, values := range map[string]map[string]any{
		"type":    {"anticache": true, "listen_port": "80"},
		"unknown": {"anticache": true, "zzz": 1},
		"value":   {"anticache": true, "flow_detail": 5},
		"nil":     {"anticache": true, "tcp_timeout": nil},
	} {
		o := New()
		if err := o.Update(values); err == nil || o.Bool("anticache") {
			t.Errorf("%s: err %v, anticache %v", name, err, o.Bool("anticache"))
		}
	}
}

func TestVetoRestores(t *testing.T) {
	o := New()
	var told []string
	o.Subscribe(func(changed []string) error {
		told = append(told, strings.Join(changed, " ")+"="+o.Str("view_order"))
		return nil
	})
	veto := errors.New("not that")
	cancel := o.Subscribe(func([]string) error {
		if o.Str("view_order") == "size" {
			return veto
		}
		return nil
	}, "view_order")

	if err := o.Set("view_order=size", "anticache"); !errors.Is(err, veto) {
		t.Errorf("err = %v", err)
	}
	if o.Str("view_order") != "time" || o.Bool("anticache") {
		t.Error("the veto left a value behind")
	}
	want := []string{"anticache view_order=size", "anticache view_order=time"}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	cancel()
	if err := o.Set("view_order=size"); err != nil {
		t.Errorf("after cancel: %v", err)
	}
}

func TestListenerMayChangeOptions(t *testing.T) {
	o := New()
	o.Subscribe(func([]string) error {
		return o.Update(map[string]any{"intercept_active": o.Str("intercept") != ""})
	}, "intercept")
	if err := o.Set("intercept=~q"); err != nil || !o.Bool("intercept_active") {
		t.Errorf("err %v, active %v", err, o.Bool("intercept_active"))
	}
}

func TestVetoKeepsLaterChange(t *testing.T) {
	o := New()
	o.Subscribe(func([]string) error {
		if o.Str("listen_host") != "first" {
			return nil
		}
		if err := o.Set("listen_host=second"); err != nil {
			t.Error(err)
		}
		return errors.New("no")
	}, "listen_host")
	if err := o.Set("listen_host=first"); err == nil || o.Str("listen_host") != "second" {
		t.Errorf("err %v, host %q", err, o.Str("listen_host"))
	}
}

func TestSubscribersHearTheirNames(t *testing.T) {
	o := New()
	var heard []string
	o.Subscribe(func(changed []string) error { heard = append(heard, changed...); return nil }, "mode", "server")
	for _, specs := range [][]string{{"anticache"}, {"server", "anticomp"}, {"server"}} {
		if err := o.Set(specs...); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(heard, []string{"server", "server"}) {
		t.Errorf("heard %v", heard)
	}
}

func TestReset(t *testing.T) {
	o := New()
	if err := o.Set("anticache", "mode=socks5", "scripts=a.py"); err != nil {
		t.Fatal(err)
	}
	if got := o.Unsupported(); !slices.Equal(got, []string{"scripts is kept, but nothing acts on it yet: " +
		"change messages with map_local, map_remote, modify_body, modify_headers and block_list, or at the prompt"}) {
		t.Errorf("unsupported %v", got)
	}
	if err := o.Reset("mode"); err != nil || o.Changed("mode") || !o.Changed("anticache") {
		t.Errorf("reset of one: %v", err)
	}
	if err := o.Reset(); err != nil || o.Changed("anticache") || o.Changed("scripts") {
		t.Errorf("reset of all: %v", err)
	}
	if err := o.Reset("moed"); err == nil {
		t.Error("unknown name: no error")
	}
}

func TestValuesAreCopies(t *testing.T) {
	o := New()
	given := []string{"a"}
	if err := o.Update(map[string]any{"mode": given}); err != nil {
		t.Fatal(err)
	}
	given[0] = "spoilt"
	o.Strs("mode")[0] = "spoilt"
	o.Value("mode").([]string)[0] = "spoilt"
	if got := o.Strs("mode"); got[0] != "a" {
		t.Errorf("mode = %v", got)
	}
}

func TestGettersPanicOnMistakes(t *testing.T) {
	o := New()
	for name, f := range map[string]func(){
		"name": func() { o.Bool("nope") }, "type": func() { o.Int("mode") }, "value": func() { o.Value("nope") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestConcurrentUse(t *testing.T) {
	o := New()
	o.Subscribe(func([]string) error { _ = o.Strs("mode"); return nil })
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				cancel := o.Subscribe(func([]string) error { return errors.New("no") }, "anticomp")
				_ = o.Set("anticomp", "mode=socks5")
				_ = o.Set("anticache=toggle")
				cancel()
			}
		})
	}
	wg.Wait()
	if o.Bool("anticomp") || o.Changed("mode") {
		t.Error("a vetoed value stayed")
	}
}

func TestFormat(t *testing.T) {
	o := New()
	if err := o.Set("mode=a'b", `mode=c\`, "listen_port=1"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"mode": `['a\'b', 'c\\']`, "listen_port": "1", "intercept": "", "certs": "[]", "rawtcp": "true",
	} {
		if got := o.Format(name); got != want {
			t.Errorf("Format(%s) = %s, want %s", name, got, want)
		}
	}
}

// drawValue makes any value that an option without checks may have.
func drawValue(t *rapid.T, s Spec) any {
	switch {
	case s.Type == Bool:
		return rapid.Bool().Draw(t, s.Name)
	case s.Type == StrSeq && s.check == nil:
		return append([]string{}, rapid.SliceOf(rapid.String()).Draw(t, s.Name)...)
	case s.Choices != nil:
		return rapid.SampledFrom(s.Choices).Draw(t, s.Name)
	case s.Type == OptionalStr && rapid.Bool().Draw(t, "unset"):
		return nil
	case (s.Type == Str || s.Type == OptionalStr) && s.check == nil:
		return rapid.String().Draw(t, s.Name)
	case s.Name == "listen_port" || s.Name == "web_port":
		return rapid.IntRange(0, 65535).Draw(t, s.Name)
	}
	return s.Default
}

func drawOptions(t *rapid.T) *Options {
	o, values := New(), make(map[string]any)
	for _, s := range rapid.SliceOfNDistinct(rapid.SampledFrom(o.All()), 0, 20, func(s Spec) string { return s.Name }).Draw(t, "options") {
		if s.Name != "add_upstream_certs_to_client_chain" {
			values[s.Name] = drawValue(t, s)
		}
	}
	if err := o.Update(values); err != nil {
		t.Fatal(err)
	}
	return o
}

// specs returns what to give to Set to restore the option's value.
func specs(o *Options, name string) []string {
	switch v := o.Value(name).(type) {
	case nil:
		return []string{name}
	case []string:
		specs := make([]string, 0, len(v)+1)
		for _, item := range v {
			specs = append(specs, name+"="+item)
		}
		if len(v) == 0 {
			specs = append(specs, name)
		}
		return specs
	default:
		return []string{fmt.Sprintf("%s=%v", name, v)}
	}
}

func TestSetRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, back := drawOptions(t), New()
		for _, s := range o.All() {
			if err := back.Set(specs(o, s.Name)...); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(o.Value(s.Name), back.Value(s.Name)); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", s.Name, diff)
			}
			if s.Type == StrSeq || !o.IsSet(s.Name) {
				continue
			}
			if err := back.Set(s.Name + "=" + o.Format(s.Name)); err != nil || back.Value(s.Name) != o.Value(s.Name) {
				t.Fatalf("%s: %v", s.Name, err)
			}
		}
	})
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "500": 500, "7b": 7, "64k": 65536, "3m": 3 << 20, "3M": 3 << 20, "1g": 1 << 30, "2t": 2 << 40} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("ParseSize(%q) = %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "k", "-1", "+1", "1.5m", "1kk", "1 k", "9223372036854775808", "8388608t", "m3"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("ParseSize(%q) = %d", text, got)
		}
	}
}

func TestFollow(t *testing.T) {
	o, seen := New(), []bool{}
	no := errors.New("no")
	err := o.Follow(func() error {
		if seen = append(seen, o.Bool("anticache")); o.Bool("anticomp") {
			return no
		}
		return nil
	}, "anticache", "anticomp")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Set("anticache", "showhost"); err != nil {
		t.Fatal(err)
	}
	if err := o.Set("anticomp"); !errors.Is(err, no) || o.Bool("anticomp") {
		t.Errorf("an error vetoes nothing: %v", err)
	}
	if want := []bool{false, true, true, true}; !slices.Equal(seen, want) { // at once, after the change, after the veto and when that is told
		t.Errorf("%v, want %v", seen, want)
	}
}
