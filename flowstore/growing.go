package flowstore

// bodyWorth is how far bodies may grow before a filter that reads them is asked only when they have doubled.
const bodyWorth = 64 << 10

// A glance is what a body filter said of a flow that is under way, and what it saw.
type glance struct {
	size               int64
	response, hasError bool
	marked, comment    string
	shows              bool
}

// shows asks the query about a flow. A filter that reads bodies is not asked again for each
// piece by which a live flow grows, only for each doubling, so that a long body is read a
// few times and not once a frame; its last answer stands until then.
func (v *View) shows(st *state, shown bool) bool {
	f := st.flow
	if !v.query.Filter.NeedsBody() {
		return v.query.shows(f)
	}
	if !f.Live || st.size() < bodyWorth {
		delete(v.growing, st.seq)
		return v.query.shows(f)
	}
	g := glance{
		size: st.size(), response: f.Response != nil, hasError: f.Error != nil,
		marked: f.Marked, comment: f.Comment, shows: shown,
	}
	last, known := v.growing[st.seq]
	if known && g.size >= last.size && g.size < 2*last.size {
		if last.size = g.size; last == g { // all but the size is as it was
			return shown
		}
	}
	g.shows = v.query.shows(f)
	v.growing[st.seq] = g
	return g.shows
}
