package flowstore

import (
	"strings"

	"sluice/proxy/command"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

var _ command.Env = (*View)(nil)

// Resolve returns the flows of a flow spec in their latest state: @all, @marked, @unmarked
// and those that match a filter in the order of arrival, @shown in the view's, @hidden, @focus, and
// @id[,id...] in the order given. Ids of flows we do not have are left out.
func (v *View) Resolve(spec string) ([]*flow.Flow, error) {
	switch spec {
	case "@all":
		return v.store.pick(func(*flow.Flow) bool { return true }), nil
	case "@focus":
		if f := v.FocusFlow(); f != nil {
			return []*flow.Flow{f}, nil
		}
		return nil, nil
	case "@shown":
		return v.latest(), nil
	case "@hidden":
		return v.store.pick(func(f *flow.Flow) bool { return !v.shownID(f.ID) }), nil
	case "@marked":
		return v.store.pick(func(f *flow.Flow) bool { return f.Marked != "" }), nil
	case "@unmarked":
		return v.store.pick(func(f *flow.Flow) bool { return f.Marked == "" }), nil
	}
	if isIDs(spec) {
		return v.store.byIDs(spec[1:])
	}
	expr, err := filter.Parse(spec)
	if err != nil {
		return nil, err
	}
	return v.store.pick(expr.Match), nil
}

// shownID reports whether the view shows a flow.
func (v *View) shownID(id flow.ID) bool { return v.lookup(id) != nil }

// latest returns the flows that are shown in their latest state.
func (v *View) latest() []*flow.Flow {
	flows := make([]*flow.Flow, 0, v.shown.n)
	v.store.mu.Lock()
	defer v.store.mu.Unlock()
	for i := range v.shown.n {
		it := v.itemAt(i)
		if e := v.store.slots[it.slot]; e != nil && e.seq == it.seq {
			flows = append(flows, e.current())
		}
	}
	return flows
}

// pick returns the flows that can be in a list and that ok accepts.
func (s *Store) pick(ok func(*flow.Flow) bool) []*flow.Flow {
	var flows []*flow.Flow
	s.Each(func(f *flow.Flow) bool {
		if listed(f) && ok(f) {
			flows = append(flows, f)
		}
		return true
	})
	return flows
}

// isIDs reports whether a spec is @ and at least one id's worth of hex digits, hyphens and commas.
func isIDs(spec string) bool {
	ids, ok := strings.CutPrefix(spec, "@")
	return ok && len(ids) >= 36 && strings.Trim(ids, "0123456789abcdef-,") == ""
}

func (s *Store) byIDs(list string) ([]*flow.Flow, error) {
	var flows []*flow.Flow
	taken := make(map[flow.ID]bool)
	for text := range strings.SplitSeq(list, ",") {
		if text == "" {
			continue
		}
		id, err := flow.ParseID(text)
		if err != nil {
			return nil, err
		}
		if f := s.Get(id); f != nil && !taken[id] {
			flows = append(flows, f)
			taken[id] = true
		}
	}
	return flows, nil
}
