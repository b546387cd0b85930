package flowstore

import (
	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

// A Query says which flows a view shows, and how. The zero Query shows all in the order of time.
type Query struct {
	Filter     *filter.Filter // nil: everything
	Order      Order
	Reversed   bool
	MarkedOnly bool
}

// shows reports whether a flow belongs in the view.
func (q *Query) shows(f *flow.Flow) bool {
	return listed(f) && (!q.MarkedOnly || f.Marked != "") && q.Filter.Match(f)
}

// listed reports whether a flow can be in a list at all: a CONNECT request only when it failed.
func listed(f *flow.Flow) bool {
	return f.Request == nil || f.Request.Method != "CONNECT" || f.Error != nil
}

// A View is the flows of a store that a query shows, in order, with a focus. It belongs to one
// goroutine, except for Prepare. It changes only in its own methods: what others did to
// the store comes in with Sync.
type View struct {
	store   *Store
	query   Query
	shown   *sorted
	bySlot  []*item // by state.slot; nil: not shown
	seen    uint64  // the store's version that the view is at
	delta   delta   // room for the next
	growing map[uint64]glance
	focus   *item // nil: the view is empty
	follow  bool
}

// A ViewChange says what a Sync or Apply did to a view.
type ViewChange struct {
	Added, Removed, Updated int
	Reset                   bool // the whole list was replaced
	Focus                   bool // another flow has the focus, or the one that has it was updated
}

// Any reports whether anything changed.
func (c ViewChange) Any() bool { return c != ViewChange{} }

// NewView returns a view of all flows in the order of time. It is empty until the first Sync.
func NewView(s *Store) *View {
	return &View{store: s, shown: newSorted(nil), growing: make(map[uint64]glance)}
}

// Sync takes in what has changed in the store since the last time.
func (v *View) Sync() ViewChange {
	v.store.since(v.seen, &v.delta)
	v.seen = v.delta.version
	var c ViewChange
	before := v.Focus()
	if v.delta.lost {
		v.prune(&c)
	}
	for _, r := range v.delta.removed {
		delete(v.growing, r.seq)
		if it := v.item(r.slot); it != nil && it.seq == r.seq {
			v.hide(it, &c)
		}
	}
	for i := len(v.delta.states) - 1; i >= 0; i-- {
		v.take(&v.delta.states[i], &c)
	}
	v.delta.forget()
	c.Focus = c.Focus || v.Focus() != before
	return c
}

// take brings one flow up to date.
func (v *View) take(st *state, c *ViewChange) {
	it := v.item(st.slot)
	shows := v.shows(st, it != nil)
	switch {
	case it == nil && shows:
		v.show(&item{*st, v.query.Order.key(st)}, c)
	case it != nil && !shows:
		v.hide(it, c)
	case it != nil:
		v.update(it, st)
		c.Updated++
		c.Focus = c.Focus || it == v.focus
	}
}

func (v *View) show(it *item, c *ViewChange) {
	for int(it.slot) >= len(v.bySlot) {
		v.bySlot = append(v.bySlot, nil)
	}
	v.bySlot[it.slot] = it
	v.shown.insert(it)
	c.Added++
	if v.focus == nil || v.follow {
		v.focus = it
	}
}

// hide takes a flow out. If it has the focus, what comes to its place gets it, or the last one.
func (v *View) hide(it *item, c *ViewChange) {
	place := -1
	if it == v.focus {
		place = v.display(v.shown.rank(it))
	}
	v.shown.remove(it)
	v.bySlot[it.slot] = nil
	c.Removed++
	if place >= 0 {
		v.focusAt(place)
	}
}

func (v *View) update(it *item, st *state) {
	fresh := v.query.Order.key(st)
	if fresh == it.key {
		it.state = *st
		return
	}
	v.shown.remove(it)
	it.state, it.key = *st, fresh
	v.shown.insert(it)
}

// prune takes out all flows that are not in the store any more.
func (v *View) prune(c *ViewChange) {
	present := v.store.present()
	ok := func(it *item) bool { return present(it.slot, it.seq) }
	before := v.shown.n
	next := v.survivor(ok)
	v.shown.keep(ok)
	for slot, it := range v.bySlot {
		if it != nil && !ok(it) {
			v.bySlot[slot] = nil
		}
	}
	clear(v.growing)
	v.focus = next
	c.Removed += before - v.shown.n
}

// survivor returns the first flow from the focus on that ok accepts, else the last before it, or nil.
func (v *View) survivor(ok func(*item) bool) *item {
	if v.focus == nil {
		return nil
	}
	at := v.FocusIndex()
	for i := at; i < v.shown.n; i++ {
		if it := v.itemAt(i); ok(it) {
			return it
		}
	}
	for i := at - 1; i >= 0; i-- {
		if it := v.itemAt(i); ok(it) {
			return it
		}
	}
	return nil
}

// item returns what is shown of a slot, or nil.
func (v *View) item(slot int32) *item {
	if int(slot) < len(v.bySlot) {
		return v.bySlot[slot]
	}
	return nil
}

// display turns an index in the order into one on the screen, and back.
func (v *View) display(i int) int {
	if v.query.Reversed {
		return v.shown.n - 1 - i
	}
	return i
}

func (v *View) itemAt(i int) *item { return v.shown.at(v.display(i)) }

// Len returns how many flows are shown.
func (v *View) Len() int { return v.shown.n }

// At returns the row with index i, which must be from 0 to below Len.
func (v *View) At(i int) Row { return v.itemAt(i).row() }

// Rows appends to rows those with the indexes from i on, n or as many as there are.
func (v *View) Rows(rows []Row, i, n int) []Row {
	for end := min(i+n, v.shown.n); i < end; i++ {
		rows = append(rows, v.At(i))
	}
	return rows
}

// FlowAt returns the flow with index i as of the last Sync; i must be from 0 to below Len.
func (v *View) FlowAt(i int) *flow.Flow { return v.itemAt(i).flow }

// IndexOf returns the index of a flow, or -1 if it is not shown.
func (v *View) IndexOf(id flow.ID) int {
	if it := v.lookup(id); it != nil {
		return v.display(v.shown.rank(it))
	}
	return -1
}

// lookup returns what is shown of a flow, or nil.
func (v *View) lookup(id flow.ID) *item {
	it := v.item(v.store.slot(id))
	if it == nil || it.flow.ID != id {
		return nil
	}
	return it
}

// Query returns what the view shows.
func (v *View) Query() Query { return v.query }
