package option

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// shorthands are the flags that have a short form, under the long one.
var shorthands = map[string]string{
	"quiet": "q", "verbose": "v", "mode": "m", "listen-port": "p", "no-server": "n", "ssl-insecure": "k",
	"rfile": "r", "scripts": "s", "save-stream-file": "w", "client-replay": "C", "server-replay": "S",
	"map-remote": "M", "modify-body": "B", "modify-headers": "H",
}

// presets are flags that set several options.
var presets = map[string]struct {
	help   string
	values map[string]any
}{
	"quiet":   {"Print errors only, and no flows.", map[string]any{"termlog_verbosity": "error", "flow_detail": 0}},
	"verbose": {"Print more log lines, and the headers of flows.", map[string]any{"termlog_verbosity": "debug", "flow_detail": 2}},
}

// CommonFlags names what BindFlags binds for every program: options, and quiet and verbose.
func CommonFlags() []string {
	return []string{
		"quiet", "verbose", "mode", "anticache", "showhost", "show_ignored_hosts", "anticomp", "rfile", "scripts",
		"stickycookie", "stickyauth", "save_stream_file",
		"listen_host", "listen_port", "server", "ignore_hosts", "allow_hosts", "tcp_hosts", "upstream_auth", "proxyauth",
		"store_streamed_bodies", "rawtcp", "http2",
		"certs", "cert_passphrase", "ssl_insecure",
		"client_replay", "server_replay", "server_replay_kill_extra", "server_replay_extra", "server_replay_reuse", "server_replay_refresh",
		"map_remote", "map_local", "modify_body", "modify_headers",
	}
}

// ConsoleFlags names the flags of the terminal program only.
func ConsoleFlags() []string {
	return []string{"console_layout", "console_layout_headers", "intercept", "view_filter"}
}

// DumpFlags names the flags of the program that prints flows only.
func DumpFlags() []string { return []string{"flow_detail"} }

// A flagValue is a flag of an option. The two flags of a bool share an optionFlag.
type flagValue struct {
	*optionFlag
	spec   *Spec
	negate bool // --no-x
}

// An optionFlag is what the command line said of one option.
type optionFlag struct {
	texts []string
	value any
}

// A presetFlag is a flag of the presets.
type presetFlag struct {
	name string
	on   bool
}

// BindFlags adds the flags of the options named. A bool has two, --x and --no-x;
// a sequence may be repeated. It panics if an option does not exist. What the
// command line says does not reach the options: see FlagValues.
func BindFlags(fs *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if p, ok := presets[name]; ok {
			bind(fs, name, p.help, &presetFlag{name: name})
			continue
		}
		s := mustSpec(name)
		help := s.Help
		if s.Choices != nil {
			help += " One of " + strings.Join(s.Choices, ", ") + "."
		}
		if s.Instead != "" {
			help += " Not supported yet: " + s.Instead + "."
		}
		long, shared := strings.ReplaceAll(name, "_", "-"), new(optionFlag)
		bind(fs, long, help, &flagValue{optionFlag: shared, spec: s})
		if s.Type == Bool {
			bind(fs, "no-"+long, "The opposite of --"+long+".", &flagValue{optionFlag: shared, spec: s, negate: true})
		}
	}
}

func bind(fs *pflag.FlagSet, name, help string, v pflag.Value) {
	f := fs.VarPF(v, name, shorthands[name], help)
	if v.Type() == "bool" {
		f.NoOptDefVal = "true"
	}
}

// FlagValues returns the values of the options whose flags were given, ready for
// Options.Update. A flag of its own wins over --quiet and --verbose.
func FlagValues(fs *pflag.FlagSet) map[string]any {
	values, explicit := make(map[string]any), make(map[string]any)
	fs.Visit(func(f *pflag.Flag) {
		switch v := f.Value.(type) {
		case *flagValue:
			explicit[v.spec.Name] = v.value
		case *presetFlag:
			if !v.on {
				return
			}
			for name, value := range presets[v.name].values {
				values[name] = value
			}
		}
	})
	for name, value := range explicit {
		values[name] = value
	}
	return values
}

func (v *flagValue) Set(text string) error {
	if v.spec.Type != StrSeq {
		v.texts = v.texts[:0]
	}
	v.texts = append(v.texts, text)
	value, err := v.spec.parse(v.texts, v.spec.Default)
	if on, ok := value.(bool); ok && v.negate {
		value = !on
	}
	v.value = value
	return err
}

func (v *flagValue) String() string {
	if v.spec == nil || v.negate || v.value == nil && v.spec.Default == nil {
		return ""
	}
	value := v.value
	if value == nil {
		value = v.spec.Default
	}
	if list, ok := value.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(value)
}

func (v *flagValue) Type() string {
	switch v.spec.Type {
	case Bool:
		return "bool"
	case Int, OptionalInt:
		return "int"
	}
	return "string"
}

func (v *presetFlag) Set(text string) error { v.on = text == "true"; return nil }
func (v *presetFlag) String() string        { return "" }
func (v *presetFlag) Type() string          { return "bool" }
