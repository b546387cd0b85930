package layers

import (
	"fmt"
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// countStep is in which steps, in bytes, what a stream keeps is counted in the budget, so that small bodies cost nothing.
const countStep = 64 << 10

// tally counts what the stream keeps of its bodies in the budget that all clients share.
func (st *HTTPStream) tally() {
	kept := st.flow.Request.Body.Kept()
	if r := st.flow.Response; r != nil {
		kept += r.Body.Kept()
	}
	if d := kept - st.charged; d >= countStep || d <= -countStep {
		st.charged = kept
		st.h.ctx.Charge(d)
	}
}

// settleUp takes what the stream keeps out of the budget: the flow is over, and its bodies belong to whoever keeps that.
func (st *HTTPStream) settleUp() {
	if st.charged != 0 {
		st.h.ctx.Charge(-st.charged)
		st.charged = 0
	}
}

// recordLimit is how many bytes are kept of a body that is about to grow by n bytes and passes anyway; 0: all.
func (st *HTTPStream) recordLimit(b *flow.Body, n int) int64 {
	limit := st.h.ctx.Options().BodyRecordLimit
	size := b.Len() + int64(n)
	if size <= countStep || b.Gap() != flow.Whole || limit > 0 && size > limit {
		return limit
	}
	spare := max(st.h.ctx.Spare(), countStep)
	if size <= spare {
		return limit
	}
	if st.h.ctx.RunsShort() {
		st.Do(&layer.Log{Level: slog.LevelWarn, Text: fmt.Sprintf("The bodies of flows that are under way take up most of the %d MiB "+
			"that they may: of the largest, only the front is recorded. They all pass. The option body_record_budget says how much they may take up.",
			st.h.ctx.Options().BodyBudget>>20)})
	}
	return spare
}
