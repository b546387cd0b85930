// Package option holds what a person can set: typed options with their
// defaults, the rules their values obey, config files and command line flags.
//
// The table of options is fixed. Values are read and changed from any
// goroutine; a change tells its listeners on the goroutine that made it, and a
// listener may veto it. The package only reads and writes the files it is given.
package option

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"sluice/proxy/spell"
)

// Options are the values of all options. Use New.
type Options struct {
	mu       sync.RWMutex
	current  map[string]entry // what readers see
	accepted map[string]entry // what listeners last agreed to
	gen      uint64           // counts updates
	subs     []*subscription  // never written in place
	passed   []string         // what Apply has passed over, see Passed
}

// An entry is a value and the update that set it.
type entry struct {
	value any
	gen   uint64
}

type subscription struct {
	fn    func(changed []string) error
	names map[string]bool // nil: all
}

// New returns options that have their defaults.
func New() *Options {
	o := &Options{current: make(map[string]entry, len(table))}
	for name, s := range table {
		o.current[name] = entry{value: s.Default}
	}
	o.accepted = maps.Clone(o.current)
	return o
}

// Bool returns the value of a bool option. Like every getter it panics if the
// name or the type is wrong.
func (o *Options) Bool(name string) bool { return get[bool](o, name, Bool) }

// Str returns the value of a str or optional str option, "" when it is unset.
func (o *Options) Str(name string) string { return get[string](o, name, Str, OptionalStr) }

// Int returns the value of an int or optional int option, 0 when it is unset.
func (o *Options) Int(name string) int { return get[int](o, name, Int, OptionalInt) }

// IntSet returns the value of an optional int option and whether it is set.
func (o *Options) IntSet(name string) (int, bool) { return o.Int(name), o.IsSet(name) }

// Strs returns a copy of the value of a sequence option.
func (o *Options) Strs(name string) []string {
	return slices.Clone(get[[]string](o, name, StrSeq))
}

// IsSet reports whether the option has a value; only an optional one can have none.
func (o *Options) IsSet(name string) bool { return o.read(mustSpec(name).Name) != nil }

// Value returns a copy of the option's value: bool, string, int, []string or,
// when an optional one is unset, nil.
func (o *Options) Value(name string) any { return clone(o.read(mustSpec(name).Name)) }

// Changed reports whether the option's value differs from its default.
func (o *Options) Changed(name string) bool {
	return !equal(o.read(name), mustSpec(name).Default)
}

// Unsupported says of every option that differs from its default and that nothing acts on yet, in the order of
// names, that it is so and what to do instead.
func (o *Options) Unsupported() []string {
	var all []string
	for name, s := range table {
		if s.Instead != "" && o.Changed(name) {
			all = append(all, s.Unsupported())
		}
	}
	slices.Sort(all)
	return all
}

// Passed says of every name in the config files that Apply has read and that is no option what there may be instead. Such names
// are passed over, as they are by mitmproxy: they may be options of a script, or of another version. Only a name that is
// misspelt is an error.
func (o *Options) Passed() []string {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return slices.Clone(o.passed)
}

// All lists every option in the order of names.
func (o *Options) All() []Spec {
	specs := make([]Spec, 0, len(table))
	for _, name := range slices.Sorted(maps.Keys(table)) {
		specs = append(specs, *table[name])
	}
	return specs
}

// Lookup returns the option of that name, or an error that names the nearest one.
func Lookup(name string) (Spec, error) {
	s, err := lookup(name)
	if err != nil {
		return Spec{}, err
	}
	return *s, nil
}

func lookup(name string) (*Spec, error) {
	if s, ok := table[name]; ok {
		return s, nil
	}
	if instead, ok := former[name]; ok {
		return nil, fmt.Errorf("unknown option %q: %s", name, instead)
	}
	if near := nearest(name); near != "" {
		return nil, fmt.Errorf("unknown option %q: did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("unknown option %q: sluice --options lists them all, and O in the console", name)
}

func nearest(name string) string {
	return spell.Nearest(strings.ReplaceAll(strings.ToLower(name), "-", "_"), maps.Keys(table))
}

// misspelt reports whether a name is that of an option but for a letter or two. That is rather a mistake than an option of a
// script or of another version.
func misspelt(name string) bool {
	near := nearest(name)
	return former[name] == "" && near != "" && spell.Distance(name, near) <= 2
}

// former says what there is instead of options that earlier versions of mitmproxy had.
var former = map[string]string{
	"dns_mode": dnsMode, "dns_server": dnsMode, "dns_listen_host": dnsMode, "dns_listen_port": dnsMode,
	"onboarding_port":       "the certificate is answered at every port of onboarding_host",
	"replacements":          "write modify_body",
	"setheaders":            "write modify_headers",
	"ssl_version_client":    "write tls_version_client_min and tls_version_client_max",
	"ssl_version_server":    "write tls_version_server_min and tls_version_server_max",
	"upstream_bind_address": "write connect_addr",
	"http2_priority":        "priorities are left out in any case",
	"stream_websockets":     "messages pass as they come in any case",
}

const dnsMode = "write mode: [regular, dns@53]"

func mustSpec(name string) *Spec {
	s, err := lookup(name)
	if err != nil {
		panic("option: " + err.Error())
	}
	return s
}

func (o *Options) read(name string) any {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.current[name].value
}

func get[T any](o *Options, name string, types ...Type) (v T) {
	if s := mustSpec(name); !slices.Contains(types, s.Type) {
		panic(fmt.Sprintf("option: %s is a %s", name, s.Type))
	}
	v, _ = o.read(name).(T)
	return v
}

func clone(v any) any {
	if list, ok := v.([]string); ok {
		return slices.Clone(list)
	}
	return v
}

func equal(a, b any) bool {
	x, ok := a.([]string)
	y, both := b.([]string)
	if ok || both {
		return ok && both && slices.Equal(x, y)
	}
	return a == b
}
