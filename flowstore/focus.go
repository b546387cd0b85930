package flowstore

import (
	"errors"

	"sluice/proxy/flow"
)

// Focus returns the id of the flow that has the focus; the zero ID when the view is empty.
func (v *View) Focus() flow.ID {
	if v.focus == nil {
		return flow.ID{}
	}
	return v.focus.flow.ID
}

// FocusFlow returns the latest state of the flow that has the focus, or nil.
func (v *View) FocusFlow() *flow.Flow {
	if v.focus == nil {
		return nil
	}
	return v.store.Get(v.focus.flow.ID)
}

// FocusIndex returns the index of the focus, or -1 when the view is empty.
func (v *View) FocusIndex() int {
	if v.focus == nil {
		return -1
	}
	return v.display(v.shown.rank(v.focus))
}

// SetFocus gives a flow the focus. It is an error if the view does not show it.
func (v *View) SetFocus(id flow.ID) error {
	it := v.lookup(id)
	if it == nil {
		return errors.New("this flow is not in the list: change the view filter to see it")
	}
	v.focus = it
	return nil
}

// Go puts the focus on the index offset, or counts from the end when it is negative, -1
// being the last; an offset outside goes to the nearest end.
func (v *View) Go(offset int) {
	if offset < 0 {
		offset += v.shown.n
	}
	v.focusAt(max(offset, 0))
}

// Next moves the focus one down, if it is not on the last.
func (v *View) Next() { v.move(1) }

// Prev moves the focus one up, if it is not on the first.
func (v *View) Prev() { v.move(-1) }

func (v *View) move(by int) {
	if i := v.FocusIndex(); i >= 0 {
		v.focusAt(max(i+by, 0))
	}
}

// focusAt puts the focus on index i, or on the last one, if there is any.
func (v *View) focusAt(i int) {
	v.focus = nil
	if v.shown.n > 0 {
		v.focus = v.itemAt(min(i, v.shown.n-1))
	}
}

// SetFollow says whether the focus goes to each flow that comes into the view.
func (v *View) SetFollow(follow bool) { v.follow = follow }

// refocus finds a focus in a list that has been replaced: the same flow, else the one nearest to where it would be.
func (v *View) refocus() {
	old := v.focus
	if old == nil {
		v.focusAt(0)
		return
	}
	if it := v.item(old.slot); it != nil && it.seq == old.seq {
		v.focus = it
		return
	}
	ghost := &item{old.state, v.query.Order.key(&old.state)}
	place := v.shown.rank(ghost)
	if v.query.Reversed {
		place = v.shown.n - place
	}
	v.focusAt(place)
}
