package flowstore

import (
	"context"
	"slices"
)

// Prepared is the answer to a query, for View.Apply.
type Prepared struct {
	query  Query
	shown  *sorted
	bySlot []*item
	seen   uint64
}

// Prepare answers a query over all flows of the store. Unlike the other methods of a View it
// may be called from any goroutine, and it leaves the view as it is. It takes as long as the
// filter does, and returns the error of ctx soon after that ends.
func (v *View) Prepare(ctx context.Context, q Query) (*Prepared, error) {
	p := &Prepared{query: q, seen: v.store.now()}
	var items []*item
	var room []item // items are made by the hundred
	buf := make([]state, 0, maxBatch)
	for next := uint64(0); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		batch := v.store.page(next, buf)
		if len(batch) == 0 {
			break
		}
		for i := range batch {
			if !q.shows(batch[i].flow) {
				continue
			}
			if len(room) == cap(room) {
				room = make([]item, 0, maxBatch)
			}
			room = append(room, item{batch[i], q.Order.key(&batch[i])})
			items = append(items, &room[len(room)-1])
		}
		next = batch[len(batch)-1].seq + 1
	}
	items = p.settle(items)
	slices.SortFunc(items, (*item).compare)
	p.shown = newSorted(items)
	return p, nil
}

// settle notes the slots of items, which are in the order of arrival. A slot that was used again
// meanwhile belongs to the later one.
func (p *Prepared) settle(items []*item) []*item {
	for _, it := range items {
		for int(it.slot) >= len(p.bySlot) {
			p.bySlot = append(p.bySlot, nil)
		}
		p.bySlot[it.slot] = it
	}
	return slices.DeleteFunc(items, func(it *item) bool { return p.bySlot[it.slot] != it })
}

// Apply makes the view show what was prepared and catches up with the store. p is used up. Of two
// queries under way, apply the one that was asked for last and let go of the other. The focus
// stays with its flow, or goes to the nearest by the new order.
func (v *View) Apply(p *Prepared) ViewChange {
	before := v.Focus()
	v.query, v.shown, v.bySlot, v.seen = p.query, p.shown, p.bySlot, p.seen
	clear(v.growing)
	v.refocus()
	c := v.Sync()
	c.Reset = true
	c.Focus = c.Focus || v.Focus() != before
	return c
}

// Set is Prepare and Apply at once, for where waiting for the filter is fine.
func (v *View) Set(q Query) ViewChange {
	p, _ := v.Prepare(context.Background(), q) // fails only by its context
	return v.Apply(p)
}
