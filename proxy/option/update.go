package option

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Update sets several options at once, all or none: an unknown name, a value
// that is not allowed or the veto of a listener leaves every option as it was.
// Listeners are told even when the values are the ones already set.
func (o *Options) Update(values map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		s, err := lookup(name)
		if err != nil {
			return err
		}
		if err := s.valid(values[name]); err != nil {
			return err
		}
	}
	return o.commit(values)
}

// Set sets options from texts of the form name=value or name. The values of one
// sequence option are listed by repeating its name; a bare name empties a
// sequence, unsets an optional option and switches a bool on; the value toggle
// switches a bool over. All or none are set, as in Update.
func (o *Options) Set(specs ...string) error {
	values, err := parseSpecs(specs, o.read)
	if err != nil {
		return err
	}
	return o.commit(values)
}

// Reset gives the options their defaults; no names: all options.
func (o *Options) Reset(names ...string) error {
	if len(names) == 0 {
		names = slices.Collect(maps.Keys(table))
	}
	values := make(map[string]any, len(names))
	for _, name := range names {
		s, err := lookup(name)
		if err != nil {
			return err
		}
		values[name] = s.Default
	}
	return o.commit(values)
}

// Subscribe has fn called after every change of one of the options named, or of
// any option if none is, with the sorted names of those that were set. An error
// vetoes the change: it is undone, everybody is told again, and whoever made it
// gets the error.
//
// fn runs on the goroutine that made the change and may read and change options;
// a change it makes stands even if the one that caused it is undone.
func (o *Options) Subscribe(fn func(changed []string) error, names ...string) (cancel func()) {
	sub := &subscription{fn: fn}
	for _, name := range names {
		if sub.names == nil {
			sub.names = make(map[string]bool, len(names))
		}
		sub.names[mustSpec(name).Name] = true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.subs = append(slices.Clip(o.subs), sub)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.subs = slices.DeleteFunc(slices.Clone(o.subs), func(s *subscription) bool { return s == sub })
	}
}

// Follow runs apply now and after every change of one of the options named. An error vetoes the change, as that of Subscribe does.
func (o *Options) Follow(apply func() error, names ...string) error {
	o.Subscribe(func([]string) error { return apply() }, names...)
	return apply()
}

// commit makes checked values current and asks the listeners.
func (o *Options) commit(values map[string]any) error {
	if len(values) == 0 {
		return nil
	}
	o.mu.Lock()
	if err := o.checkTogether(values); err != nil {
		o.mu.Unlock()
		return err
	}
	o.gen++
	gen, subs := o.gen, o.subs
	for name, v := range values {
		o.current[name] = entry{clone(v), gen}
	}
	o.mu.Unlock()

	names := slices.Sorted(maps.Keys(values))
	for i, sub := range subs {
		if err := sub.tell(names); err != nil {
			o.settle(values, gen, false)
			for _, told := range subs[:i+1] {
				_ = told.tell(names) // it agreed to these values before
			}
			return err
		}
	}
	o.settle(values, gen, true)
	return nil
}

// settle ends update gen. What was agreed to becomes the value to fall back to;
// what was not goes back to it, unless a later update has set something else.
func (o *Options) settle(values map[string]any, gen uint64, agreed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, v := range values {
		switch {
		case agreed && o.accepted[name].gen < gen:
			o.accepted[name] = entry{clone(v), gen}
		case !agreed && o.current[name].gen == gen:
			o.current[name] = o.accepted[name]
		}
	}
}

// checkTogether checks what no value can be blamed for alone. The caller holds o.mu.
func (o *Options) checkTogether(values map[string]any) error {
	on := func(name string) bool {
		v, ok := values[name]
		if !ok {
			v = o.current[name].value
		}
		return v == true
	}
	if on("add_upstream_certs_to_client_chain") && !on("upstream_cert") {
		return fmt.Errorf("add_upstream_certs_to_client_chain needs upstream_cert: set upstream_cert=true as well")
	}
	return nil
}

func (s *subscription) tell(names []string) error {
	if s.names != nil {
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !s.names[n] })
	}
	if len(names) == 0 {
		return nil
	}
	return s.fn(slices.Clone(names))
}

// parseSpecs reads what Set takes. current gives the values that toggles turn over.
func parseSpecs(specs []string, current func(name string) any) (map[string]any, error) {
	texts := make(map[string][]string, len(specs))
	for _, spec := range specs {
		name, text, given := strings.Cut(spec, "=")
		if given {
			texts[name] = append(texts[name], text)
		} else if texts[name] == nil {
			texts[name] = nil
		}
	}
	values := make(map[string]any, len(texts))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		s, err := lookup(name)
		if err != nil {
			return nil, err
		}
		if values[name], err = s.parse(texts[name], current(name)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Format returns the value for people: an unset option is empty, a sequence is
// listed as ['a', 'b']. For everything else Set("name=" + text) restores it.
func (o *Options) Format(name string) string {
	switch v := o.Value(name).(type) {
	case nil:
		return ""
	case []string:
		return formatList(v)
	default:
		return fmt.Sprint(v)
	}
}

func formatList(list []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, item := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('\'')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(item))
		b.WriteByte('\'')
	}
	b.WriteByte(']')
	return b.String()
}
