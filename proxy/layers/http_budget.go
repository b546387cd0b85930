package layers

import (
	"fmt"
	"log/slog"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

const (
	// streamCost is what an exchange that waits for its end costs besides what it keeps, in bytes.
	streamCost = 16 << 10
	// fieldCost is what keeping a header field costs besides its name and value.
	fieldCost = 32
)

// keepsHead counts the head of a message.
func (st *HTTPStream) keepsHead(h flow.Headers) {
	st.waits(h.Size() + int64(fieldCost*len(h)))
}

// waits counts n bytes that the stream keeps until they can go on, or that have gone if n is negative.
func (st *HTTPStream) waits(n int64) {
	st.waiting += n
	st.h.ctx.Backlog(n)
}

// A leftover is what a connection keeps of bytes that it cannot use yet, as it counts in the budget.
type leftover int64

// is counts that n bytes are kept now.
func (l *leftover) is(ctx *layer.Context, n int) {
	if d := leftover(n) - *l; d != 0 {
		*l += d
		ctx.Backlog(int64(d))
	}
}

// tally counts what the stream keeps of its bodies: what is held waits, what passes, or is about to, is recorded.
func (st *HTTPStream) tally() {
	recorded, held := st.flow.Request.Body.Kept(), int64(0)
	if st.clientState == consumeBody && !st.flow.Request.Stream {
		recorded, held = 0, recorded
	}
	if r := st.flow.Response; r != nil && st.serverState == consumeBody && !r.Stream {
		held += r.Body.Kept()
	} else if r != nil {
		recorded += r.Body.Kept()
	}
	if d := recorded - st.charged; d != 0 {
		st.charged = recorded
		st.h.ctx.Charge(d)
	}
	if d := held - st.held; d != 0 {
		st.held = held
		st.waits(d)
	}
}

// settleUp takes what the stream keeps out of the budget: the flow is over, and its bodies belong to whoever keeps that.
func (st *HTTPStream) settleUp() {
	ctx := st.h.ctx
	ctx.Charge(-st.charged)
	ctx.Backlog(-st.waiting)
	st.charged, st.waiting, st.held = 0, 0, 0
}

// recordLimit is how many bytes are kept of a body that is about to grow by n bytes and passes anyway; 0: all.
func (st *HTTPStream) recordLimit(b *flow.Body, n int) int64 {
	limit := st.h.ctx.Options().BodyRecordLimit
	size := b.Len() + int64(n)
	if b.Gap() != flow.Whole || limit > 0 && size > limit || st.h.ctx.MayRecord(size) {
		return limit
	}
	b.Crowded = true
	tellScarce(st.h.ctx, &st.Script)
	return max(st.h.ctx.Spare(), 1)
}

// tellScarce has the log say that the budget runs short, once until there is some left again.
func tellScarce(ctx *layer.Context, s *layer.Script) {
	if ctx.RunsShort() {
		s.Do(scarce(ctx))
	}
}

// scarce says that the budget runs short, and what to do about it.
func scarce(ctx *layer.Context) *layer.Log {
	return &layer.Log{Level: slog.LevelWarn, Text: fmt.Sprintf("What is kept of flows that are under way takes up most of the %d MiB that it may: "+
		"of the largest, only the front is recorded, and clients for which much has to wait are turned away. "+
		"The option body_record_budget says how much may be kept.", ctx.Options().BodyBudget>>20)}
}

// crowded reports whether there is no room for another stream of the client.
func (h *HTTP) crowded() bool {
	if h.ctx.HasRoom(streamCost) {
		return false
	}
	if h.ctx.RunsShort() {
		h.more = append(h.more, scarce(h.ctx))
	}
	return true
}
