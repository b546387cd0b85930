package tui

import (
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
)

// A key press and the frame after it cost the same however many flows there are.
func BenchmarkKeyAndFrame(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newDriver(b, nil, nil)
			defer d.app.Close()
			for i := range n {
				d.store.Put(sample{"GET", fmt.Sprintf("https://host%d.example.com/a/b?c=%d", i%50, i), 200, "text/html", 10, time.Second, nil}.build(i))
			}
			d.app.view.Sync()
			d.app.Update(tea.WindowSizeMsg{Width: 160, Height: 50})
			keys := []tea.Msg{tea.KeyPressMsg{Code: 'j', Text: "j"}, tea.KeyPressMsg{Code: 'k', Text: "k"}}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				d.app.Update(keys[i/20%2])
				d.app.View()
				i++
			}
		})
	}
}

// One more flow and the frame that shows it.
func BenchmarkFlowAndFrame(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newDriver(b, nil, nil)
			defer d.app.Close()
			for i := range n {
				d.store.Put(sample{"GET", fmt.Sprintf("https://host%d.example.com/a/b?c=%d", i%50, i), 200, "text/html", 10, time.Second, nil}.build(i))
			}
			d.app.view.Sync()
			d.app.Update(tea.WindowSizeMsg{Width: 160, Height: 50})
			b.ReportAllocs()
			i := n
			for b.Loop() {
				d.store.Put(sample{"GET", "https://host.example.com/new", 200, "text/html", 10, time.Second, nil}.build(i))
				d.app.Update(storeMsg{})
				d.app.View()
				i++
			}
		})
	}
}

// What a key press and its frame allocate does not grow with the number of flows.
func TestFrameCostsTheSameWithManyFlows(t *testing.T) {
	cost := func(n int) float64 {
		d := newDriver(t, nil, nil)
		defer d.app.Close()
		for i := range n {
			d.store.Put(sample{method: "GET", url: "https://example.com/a?b=c", status: 200, kind: "text/html", size: 9}.build(i))
		}
		d.app.view.Sync()
		d.app.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
		return testing.AllocsPerRun(200, func() {
			d.app.Update(tea.KeyPressMsg{Code: 'j', Text: "j"})
			d.app.View()
		})
	}
	if few, many := cost(300), cost(20_000); many > 1.2*few {
		t.Errorf("a frame takes %v allocations with 300 flows and %v with 20000", few, many)
	}
}
