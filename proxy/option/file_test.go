package option

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"pgregory.net/rapid"
)

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestLoadFile(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, dir, "config.yaml", strings.Join([]string{
		"# mine", "anticache: true", "listen_port: 0x50", "body_size_limit: 1000", "intercept: ~", "mode: socks5",
		"ignore_hosts: &hosts [a, b]", "tcp_hosts: *hosts", "scripts: [x.py, /y.py]", "certs:", "",
	}, "\n"))
	o := New()
	if passed, err := o.LoadFile(path); err != nil || passed != nil {
		t.Fatal(passed, err)
	}
	for name, want := range map[string]any{
		"anticache": true, "listen_port": 80, "body_size_limit": "1000", "intercept": nil, "mode": []string{"socks5"},
		"tcp_hosts": []string{"a", "b"}, "scripts": []string{filepath.Join(dir, "x.py"), "/y.py"}, "certs": []string{},
	} {
		if diff := cmp.Diff(want, o.Value(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestLoadFileErrors(t *testing.T) {
	tests := []struct{ text, err string }{
		{"anticache: true\nlisten_prt: 1\n", `line 2: unknown option "listen_prt": did you mean listen_port?`},
		{"proxyauht: me:secret\n", `line 1: unknown option "proxyauht": did you mean proxyauth?`},
		{"anticache: 1\n", `line 1: anticache cannot be "1": write a value of type bool`},
		{"listen_host: off\n", ""},
		{"listen_host: true\n", `line 1: listen_host cannot be "true": write a value of type str`},
		{"anticache: true\n\nflow_detail: 9", "line 3: flow_detail: 9 is out of range"},
		{"flow_detail: 99999999999999999999", "line 1: flow_detail"},
		{"flow_detail: null", "line 1: flow_detail cannot be"},
		{"mode: {a: b}", "line 1: mode wants a sequence"},
		{"mode: [[a]]", "line 1: mode wants texts: put the item of line 1 in quotes"},
		{"mode:\n- a\n- true", "put the item of line 3 in quotes"},
		{"listen_host: [a]", "line 1: listen_host wants a single value"},
		{"anticache: true\nanticomp: true\nanticache: false\n", "line 3: anticache is already set on line 1"},
		{"just text", "line 1: no keys found"},
		{"- a", "line 1: no keys found"},
		{"a: [", "line 1"},
		{"mode: a\n---\nmode: b\n", "second document"},
		{"", ""}, {"# only a comment", ""}, {"---\n", ""},
	}
	for _, tt := range tests {
		o := New()
		path := writeFile(t, t.TempDir(), "config.yaml", tt.text)
		_, err := o.LoadFile(path)
		if tt.err == "" {
			if err != nil {
				t.Errorf("%q: %v", tt.text, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.err) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v, want %q", tt.text, err, tt.err)
		}
		if o.Bool("anticache") {
			t.Errorf("%q: half of the file was applied", tt.text)
		}
	}
	if _, err := New().LoadFile(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("missing file: no error")
	}
}

// TestNamesThatAreNoOptions: those of other versions, and of scripts, do not keep what is with them from being read.
func TestNamesThatAreNoOptions(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, dir, "config.yaml", "dns_mode: regular\nanticache: true\nserver_listen_port: [1]\nof_a_script: {a: b}\n")
	want := []string{
		`passed over in ` + path + `, line 1: unknown option "dns_mode": write mode: [regular, dns@53]`,
		`passed over in ` + path + `, line 3: unknown option "server_listen_port": sluice --options lists them all, and O in the console`,
		`passed over in ` + path + `, line 4: unknown option "of_a_script": sluice --options lists them all, and O in the console`,
	}
	o := New()
	passed, err := o.LoadFile(path)
	if diff := cmp.Diff(want, passed); diff != "" || err != nil || !o.Bool("anticache") || o.Passed() != nil {
		t.Errorf("%v, %v, -want +got:\n%s", err, o.Passed(), diff)
	}
	o = New()
	err = o.Apply(Sources{Set: []string{"confdir=" + dir}})
	if diff := cmp.Diff(want, o.Passed()); diff != "" || err != nil || !o.Bool("anticache") {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

func TestApplyOrder(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "config.yaml", "listen_host: file\nlisten_port: 1\nview_order: url\nflow_detail: 2\nanticache: true\n")
	writeFile(t, dir, "config.yml", "flow_detail: 3\n")
	o := New()
	err := o.Apply(Sources{
		Set:   []string{"confdir=" + dir, "listen_port=2", "view_order=size", "anticache=toggle"},
		Flags: map[string]any{"view_order": "method"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"listen_host": "file", "listen_port": 2, "view_order": "method", "flow_detail": 3, "anticache": false, "confdir": dir,
	} {
		if got := o.Value(name); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	if err := New().Apply(Sources{Set: []string{"confdir=" + t.TempDir()}}); err != nil {
		t.Errorf("empty directory: %v", err)
	}
	if err := New().Apply(Sources{Set: []string{"moed=x"}}); err == nil {
		t.Error("unknown option in --set: no error")
	}
}

func TestSaveKeepsTheFile(t *testing.T) {
	path := writeFile(t, t.TempDir(), "config.yaml", `# head
view_order: size # by size

# about modes
mode:
  - regular # the first
  - socks5
theirs: {x: 1} # not ours
anticache: true
`)
	o := New()
	if err := o.Set("view_order=url", "mode=regular", "mode=socks5@9", "listen_port=1"); err != nil {
		t.Fatal(err)
	}
	if err := o.Save(path); err != nil {
		t.Fatal(err)
	}
	got := readText(t, path)
	for _, line := range []string{
		"# head\n", "view_order: url # by size\n", "# about modes\n", "- regular # the first\n", "- socks5@9\n",
		"theirs: {x: 1} # not ours\n", "anticache: false\n", "listen_port: 1\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	if strings.Index(got, "mode:") > strings.Index(got, "theirs:") {
		t.Errorf("the order changed:\n%s", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := o.Save(path); err != nil || readText(t, path) != got {
		t.Errorf("a second save changed the file: %v", err)
	}
}

func TestSaveLosesNothing(t *testing.T) {
	o := New()
	if err := o.Set("view_order=url", "tcp_hosts=x"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"a: [", "text", "view_order: size\n---\nb: 1\n", "view_order: &x size\nother: *x\n", "null\n",
	} {
		dir := t.TempDir()
		path := writeFile(t, dir, "config.yaml", text)
		if err := o.Save(path); err == nil {
			t.Errorf("%q: no error", text)
		}
		if got := readText(t, path); got != text {
			t.Errorf("%q became %q", text, got)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("%q: left %v", text, entries)
		}
	}
	if err := o.Save(filepath.Join(t.TempDir(), "no", "dir")); err == nil {
		t.Error("no directory: no error")
	}
}

func TestSaveAfterComments(t *testing.T) {
	path := writeFile(t, t.TempDir(), "config.yaml", "# nothing yet")
	o := New()
	if err := o.Set("view_order=url"); err != nil {
		t.Fatal(err)
	}
	if err := o.Save(path); err != nil {
		t.Fatal(err)
	}
	if got, want := readText(t, path), "# nothing yet\nview_order: url\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSaveThroughLink(t *testing.T) {
	dir := t.TempDir()
	path, link := writeFile(t, dir, "real.yaml", ""), filepath.Join(dir, "config.yaml")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	o := New()
	if err := o.Set("view_order=url"); err != nil {
		t.Fatal(err)
	}
	if err := o.Save(link); err != nil || readText(t, path) != "view_order: url\n" {
		t.Errorf("%v, %q", err, readText(t, path))
	}
}

func TestSaveLoadRoundTrip(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		o, back := drawOptions(t), New()
		if err := o.Set("scripts"); err != nil { // relative paths do not come back as they were
			t.Fatal(err)
		}
		path := filepath.Join(dir, "config.yaml")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := o.Save(path); err != nil {
			t.Fatal(err)
		}
		if _, err := back.LoadFile(path); err != nil {
			t.Fatal(err)
		}
		for _, s := range o.All() {
			if diff := cmp.Diff(o.Value(s.Name), back.Value(s.Name)); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", s.Name, diff)
			}
		}
	})
}

func TestDumpIsAConfigFile(t *testing.T) {
	var b bytes.Buffer
	if err := New().Dump(&b); err != nil {
		t.Fatal(err)
	}
	if want := "# Address to listen on; empty listens on all. A mode's own address goes first.\n# Type str.\nlisten_host: \"\"\n"; !strings.Contains(b.String(), want) {
		t.Errorf("no %q in\n%s", want, b.String())
	}
	o := New()
	if _, err := o.LoadFile(writeFile(t, t.TempDir(), "config.yaml", b.String())); err != nil {
		t.Fatal(err)
	}
	for _, s := range o.All() {
		if o.Changed(s.Name) {
			t.Errorf("%s was dumped as %v", s.Name, o.Value(s.Name))
		}
	}
}

func TestFlags(t *testing.T) {
	tests := []struct {
		args string
		want map[string]any
		err  string
	}{
		{"", map[string]any{}, ""},
		{"-p 1 --listen-host x -n -k", map[string]any{"listen_port": 1, "listen_host": "x", "server": false, "ssl_insecure": true}, ""},
		{"-m socks5 --mode regular@1", map[string]any{"mode": []string{"socks5", "regular@1"}}, ""},
		{"--no-rawtcp --rawtcp", map[string]any{"rawtcp": true}, ""},
		{"--rawtcp=false --no-http2", map[string]any{"rawtcp": false, "http2": false}, ""},
		{"-q", map[string]any{"termlog_verbosity": "error", "flow_detail": 0}, ""},
		{"-v --flow-detail 3", map[string]any{"termlog_verbosity": "debug", "flow_detail": 3}, ""},
		{"-M a -B b -H c -C d -S e -r f -s g -w h", map[string]any{"map_remote": []string{"a"}, "modify_body": []string{"b"},
			"modify_headers": []string{"c"}, "client_replay": []string{"d"}, "server_replay": []string{"e"},
			"rfile": "f", "scripts": []string{"g"}, "save_stream_file": "h"}, ""},
		{"-p x", nil, `listen_port cannot be "x"`},
		{"--allow-hosts (", nil, "is not a regular expression"},
		{"--console-layout round", nil, "choose one of horizontal, single, vertical"},
	}
	for _, tt := range tests {
		fs := pflag.NewFlagSet("sluice", pflag.ContinueOnError)
		BindFlags(fs, CommonFlags()...)
		BindFlags(fs, ConsoleFlags()...)
		BindFlags(fs, DumpFlags()...)
		err := fs.Parse(strings.Fields(tt.args))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: error %v, want %q", tt.args, err, tt.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.args, err)
		} else if diff := cmp.Diff(tt.want, FlagValues(fs)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.args, diff)
		}
		if !strings.Contains(fs.FlagUsages(), "-p, --listen-port int") {
			t.Error(fs.FlagUsages())
		}
	}
}
