package layers

import (
	"cmp"
	"fmt"
	"log/slog"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// maxHeld is the size in bytes of the largest body that is held, unless the options say another.
const maxHeld = 256 << 20

// showEvery is how often a flow whose body grows is shown at most.
const showEvery = 100 * time.Millisecond

// record keeps what is forwarded of a body, or counts it. It returns the data
// in memory that stays as it is until the commands of the event have been carried out.
func (st *HTTPStream) record(b *flow.Body, ev httpEvent, tee bool) []byte {
	st.grown()
	if tee || st.h.ctx.Options().StoreStreamed {
		p := recordBody(b, ev, st.recordLimit(b, len(ev.data)))
		st.tally()
		if p != nil {
			return p
		}
	} else {
		b.Skip(len(ev.data))
		st.tally()
	}
	if ev.owned {
		return ev.data
	}
	p := st.h.ctx.Buffer(len(ev.data))
	p.B = append(p.B[:0], ev.data...)
	return p.B
}

// appendBody adds an event's data to a body, without a copy where it can, and returns what it kept.
func appendBody(b *flow.Body, ev httpEvent) []byte {
	if ev.owned && b.Len() == 0 && b.Gap() == flow.Whole {
		*b = flow.BodyOf(ev.data)
		return ev.data
	}
	return b.Record(ev.data)
}

// recordBody is appendBody for a body of which no more than limit bytes are kept; nil: it did not keep all of the data.
func recordBody(b *flow.Body, ev httpEvent, limit int64) []byte {
	if limit <= 0 || b.Len()+int64(len(ev.data)) <= limit {
		return appendBody(b, ev)
	}
	return b.RecordUpTo(limit, ev.data)
}

// boundHeld has a held body go on as a streamed one when it is too large to be held, for nobody knows where it ends, or when there is no
// room to have as much wait again, as it may for its receiver when it goes on.
func (st *HTTPStream) boundHeld(m *flow.HTTPMessage) {
	size := m.Body.Len()
	if m.Stream {
		return
	}
	switch limit := cmp.Or(st.h.ctx.Options().HeldLimit, maxHeld); {
	case size > limit:
		st.Do(&layer.Log{Level: slog.LevelWarn, Text: fmt.Sprintf("A body of over %d bytes is not held any more: it goes on as it is.", limit)})
	case !st.h.ctx.HasRoom(size):
		st.Do(&layer.Log{Level: slog.LevelWarn, Text: fmt.Sprintf("A body of %d bytes is not held any more, since there is no room for it beside what "+
			"else is under way: it goes on as it is. Raise body_record_budget to hold more.", size)})
	default:
		return
	}
	m.Stream = true
	st.tally()
}

// keepTee applies the size options to a body that is teed. One that has become
// too large to record goes on as a streamed one. It returns false if the stream is over.
func (st *HTTPStream) keepTee(m *flow.HTTPMessage, request bool, tee *bool) bool {
	if st.tooLarge(m, request, m.Body.Len()) {
		return false
	}
	if m.Stream {
		*tee = false
		if !st.h.ctx.Options().StoreStreamed {
			m.Body.Skip(0)
		}
	}
	return true
}

// grown has the flow shown again: at once if that has not been done for a while, else a little later.
func (st *HTTPStream) grown() {
	now := st.h.ctx.Now()
	switch {
	case !st.shown.IsZero() && now.Sub(st.shown) >= showEvery:
		st.shown, st.late = now, false
		st.Do(&layer.Update{Flow: st.flow})
	case !st.late || st.lateRev != st.flow.Rev: // what was to be shown later has been shown, without this
		st.late, st.lateRev = true, st.flow.Rev
		st.Do(&layer.Update{Flow: st.flow, Later: true})
		if st.shown.IsZero() {
			st.shown = now
		}
	}
}

// missing reports whether a body that is to be sent is not here.
func missing(b *flow.Body) bool { return b.Gap() != flow.Whole && b.Len() > 0 }
