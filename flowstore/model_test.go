package flowstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/proxy/flow"

	"pgregory.net/rapid"
)

// A model is a store with a view as a naive program would do it: it sorts and filters all flows after each step.
type model struct {
	flows []*flow.Flow // in the order of arrival
	query Query
	list  []*flow.Flow
	focus flow.ID
}

func (m *model) at(id flow.ID) int {
	return slices.IndexFunc(m.flows, func(f *flow.Flow) bool { return f.ID == id })
}

func (m *model) key(f *flow.Flow) (int64, string) {
	switch m.query.Order {
	case ByMethod:
		return 0, f.Request.Method
	case ByURL:
		return 0, f.Request.URL()
	case BySize:
		return f.Request.Body.Len(), ""
	}
	return f.Created.UnixNano(), ""
}

// refresh makes the list anew and moves the focus by the rule for a step that removed or hid flows.
func (m *model) refresh() {
	old := m.list
	place := slices.IndexFunc(old, func(f *flow.Flow) bool { return f.ID == m.focus })
	m.list = nil
	for _, f := range m.flows {
		if f.Request.Method == "CONNECT" && f.Error == nil || m.query.MarkedOnly && f.Marked == "" || !m.query.Filter.Match(f) {
			continue
		}
		m.list = append(m.list, f)
	}
	slices.SortStableFunc(m.list, func(a, b *flow.Flow) int {
		an, as := m.key(a)
		bn, bs := m.key(b)
		return cmp.Or(cmp.Compare(an, bn), cmp.Compare(as, bs))
	})
	if m.query.Reversed {
		slices.Reverse(m.list)
	}
	shown := func(id flow.ID) bool {
		return slices.ContainsFunc(m.list, func(f *flow.Flow) bool { return f.ID == id })
	}
	for i := place; place >= 0 && i < len(old) && !shown(m.focus); i++ {
		m.focus = old[i].ID
	}
	if !shown(m.focus) {
		m.focus = flow.ID{}
		if n := len(m.list); n > 0 {
			m.focus = m.list[n-1].ID
		}
	}
}

func ids(flows []*flow.Flow) string {
	var b strings.Builder
	for _, f := range flows {
		fmt.Fprintf(&b, "%s %s %s %d\n", f.ID, f.Request.Method, f.Request.Path, f.Request.Body.Len())
	}
	return b.String()
}

func (m *model) check(t *rapid.T, v *View) {
	var got []*flow.Flow
	for i := range v.Len() {
		got = append(got, v.FlowAt(i))
		if at := v.IndexOf(got[i].ID); at != i {
			t.Fatalf("the flow with index %d says it has %d", i, at)
		}
	}
	if g, w := ids(got), ids(m.list); g != w {
		t.Fatalf("shown:\n%s\nwant:\n%s", g, w)
	}
	if v.Focus() != m.focus {
		t.Fatalf("focus on %v, want %v (index %d)", v.Focus(), m.focus, v.FocusIndex())
	}
}

func drawFlow(t *rapid.T, f *flow.Flow) *flow.Flow {
	return after(f, func(f *flow.Flow) {
		f.Request.Method = rapid.SampledFrom([]string{"GET", "GET", "POST", "PUT", "CONNECT"}).Draw(t, "method")
		f.Request.Path = rapid.SampledFrom([]string{"/a", "/b", "/api", "/z"}).Draw(t, "path")
		f.Request.Body = flow.BodyOf(make([]byte, rapid.IntRange(0, 3).Draw(t, "size")))
		f.Created = epoch.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "second")) * time.Second)
	})
}

func drawQuery(t *rapid.T) Query {
	q := Query{
		Order:      Order(rapid.IntRange(0, 3).Draw(t, "order")),
		Reversed:   rapid.Bool().Draw(t, "reversed"),
		MarkedOnly: rapid.IntRange(0, 4).Draw(t, "marked only") == 0,
	}
	if rapid.Bool().Draw(t, "filtered") {
		q.Filter = mustFilter(rapid.SampledFrom([]string{"~m GET", "~u api", "! ~u api"}).Draw(t, "filter"))
	}
	return q
}

func TestViewIsSortAndFilter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Config{})
		v, m := NewView(s), &model{}
		some := func() flow.ID {
			if len(m.flows) == 0 {
				t.Skip("no flows")
			}
			return rapid.SampledFrom(m.flows).Draw(t, "flow").ID
		}
		settle := func() {
			v.Sync()
			m.refresh()
			m.check(t, v)
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				f := drawFlow(t, get("/"))
				s.Put(f)
				m.flows = append(m.flows, f)
				settle()
			},
			"update": func(t *rapid.T) {
				id := some()
				f := drawFlow(t, s.Get(id))
				s.Put(f)
				m.flows[m.at(id)] = f
				settle()
			},
			"mark": func(t *rapid.T) {
				id := some()
				s.SetMark(rapid.SampledFrom([]string{"", ":default:"}).Draw(t, "marker"), id)
				m.flows[m.at(id)] = s.Get(id)
				settle()
			},
			"remove": func(t *rapid.T) {
				id := some()
				s.Remove(id)
				m.flows = slices.Delete(m.flows, m.at(id), m.at(id)+1)
				settle()
			},
			"clear": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
					s.Clear()
					m.flows = nil
				}
				settle()
			},
			"query": func(t *rapid.T) {
				m.query = drawQuery(t)
				v.Set(m.query)
				m.focus = v.Focus() // the rule for a new list has a test of its own
				settle()
			},
			"late query": func(t *rapid.T) {
				m.query = drawQuery(t)
				p, err := v.Prepare(context.Background(), m.query)
				if err != nil {
					t.Fatal(err)
				}
				f := drawFlow(t, get("/"))
				if len(m.flows) > 0 {
					id := some()
					s.Remove(id)
					m.flows = slices.Delete(m.flows, m.at(id), m.at(id)+1)
				}
				s.Put(f)
				m.flows = append(m.flows, f)
				v.Apply(p)
				m.focus = v.Focus()
				settle()
			},
		})
	})
}

// A view that syncs rarely ends where one that always does ends.
func TestViewInBatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New(Config{MaxFlows: rapid.IntRange(0, 30).Draw(t, "max")})
		often, rarely := NewView(s), NewView(s)
		q := drawQuery(t)
		often.Set(q)
		rarely.Set(q)
		var known []flow.ID
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			f := drawFlow(t, get("/"))
			if len(known) > 0 && rapid.Bool().Draw(t, "again") {
				if old := s.Get(rapid.SampledFrom(known).Draw(t, "flow")); old != nil {
					f = drawFlow(t, old)
					f = after(f, func(f *flow.Flow) { f.Live = false })
				}
			}
			known = append(known, f.ID)
			s.Put(f)
			if rapid.IntRange(0, 5).Draw(t, "remove") == 0 {
				s.Remove(rapid.SampledFrom(known).Draw(t, "flow"))
			}
			often.Sync()
		}
		rarely.Sync()
		if a, b := shownIDs(often), shownIDs(rarely); a != b {
			t.Fatalf("often:\n%s\nrarely:\n%s", a, b)
		}
	})
}

func shownIDs(v *View) string {
	var flows []*flow.Flow
	for i := range v.Len() {
		flows = append(flows, v.FlowAt(i))
	}
	return ids(flows)
}
