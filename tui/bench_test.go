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
