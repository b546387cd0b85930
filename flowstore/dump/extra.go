package dump

// many is from how many fields on a dict is searched by an index.
const many = 32

// finder returns a function that is d.lookup, and fast where there are many fields.
func (d *dict) finder() func(name string) (any, bool) {
	if len(d.fields) < many {
		return d.lookup
	}
	index := make(map[string]any, len(d.fields))
	for _, f := range d.fields {
		index[f.name] = f.value
	}
	return func(name string) (any, bool) {
		v, ok := index[name]
		return v, ok
	}
}

// extraOf returns a copy of the fields of read, and of the dictionaries in it, that ours does not have; nil if there are none.
func extraOf(read, ours *dict) any {
	find := ours.finder()
	var extra dict
	for _, f := range read.fields {
		v, ok := find(f.name)
		if !ok {
			if f.name != "backup" || f.value != nil {
				extra.add(f.name, clone(f.value))
			}
			continue
		}
		theirs, _ := f.value.(*dict)
		mine, _ := v.(*dict)
		if theirs == nil || mine == nil {
			continue
		}
		if sub := extraOf(theirs, mine); sub != nil {
			extra.add(f.name, sub)
		}
	}
	if len(extra.fields) == 0 {
		return nil
	}
	return &extra
}

// merge puts into ours what extraOf has found. Values are shared.
func merge(ours, extra *dict) {
	find := ours.finder()
	for _, f := range extra.fields {
		v, ok := find(f.name)
		if !ok {
			ours.add(f.name, f.value)
			continue
		}
		theirs, _ := f.value.(*dict)
		mine, _ := v.(*dict)
		if theirs != nil && mine != nil {
			merge(mine, theirs)
		}
	}
}
