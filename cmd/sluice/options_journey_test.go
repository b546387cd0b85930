package main

import (
	"strings"
	"testing"
)

// TestJourneyOptionsEditor adds a rule with a mistake in the options editor: it is refused with where it is wrong, and the earlier rules stay.
func TestJourneyOptionsEditor(t *testing.T) {
	journey(t, nil, nil, func(t *testing.T, w *world, x *terminal) {
		x.press(":", "set modify_headers /~q/X-Rule/first", keyEnter)
		x.see("[Headers]")
		x.press("O")
		x.see("Option Help")
		for !strings.Contains(x.text(), ">> * modify_headers") {
			before := x.text()
			x.press("j")
			x.until("move down", func(screen string) bool { return screen != before })
		}
		x.press(keyEnter)
		x.see("Edit modify_headers", "/~q/X-Rule/first")
		x.press("a", "/~zz/X-Rule/second", keyEnter)
		x.see("› /~zz/X-Rule/second")
		x.press("q")
		seeWords(x, `not taken over, leave once more to drop it: modify_headers: unknown operator ~zz`)
		x.see("Edit modify_headers")
		w.get("/meanwhile")
		if r := await(x, "request by the earlier rules", w.received); r.header.Get("X-Rule") != "first" {
			t.Errorf("the origin got %v", r.header)
		}
		x.press("q")
		x.seeLine("modify_headers", "['/~q/X-Rule/first']")
		x.press("q")
		x.see("/meanwhile")
		quit(x)
	})
}
