package flow

import "testing"

func TestSameBody(t *testing.T) {
	var live Body
	live.Append(make([]byte, maxTail))
	live.Append([]byte("more"))
	snap := live
	if !snap.Same(&live) {
		t.Error("a copy is not the same")
	}
	live.Append([]byte("!"))
	if snap.Same(&live) {
		t.Error("a body that has grown is the same")
	}
	a, b := BodyOf(append([]byte(nil), "one"...)), BodyOf(append([]byte(nil), "one"...))
	if a.Same(&b) || !a.Equal(&b) {
		t.Error("bodies that are equal but apart")
	}
	gap, other := BodyGap(3, Dropped), BodyGap(3, Unrecorded)
	if gap.Same(&other) || !gap.Same(&gap) || new(Body).Same(&a) || !new(Body).Same(new(Body)) {
		t.Error("gaps and empty bodies")
	}
}
