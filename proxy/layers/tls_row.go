package layers

import (
	"maps"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// A trouble is why TLS did not come about, in words for a person.
type trouble struct {
	label  string // a few words, "" is "TLS failed"
	cause  string
	remedy string // what to do; "" if nothing is known
}

// String returns cause and remedy as one sentence.
func (t trouble) String() string {
	if t.remedy == "" {
		return t.cause
	}
	return t.cause + ": " + t.remedy
}

// silentServer is what happened to a client that left while it waited.
var silentServer = trouble{"server is silent", "The client was gone before the server had answered its side of TLS",
	"check that the server speaks TLS on this port; connection_strategy=lazy answers the client first"}

// tlsRow returns the flow that stands for a connection on which TLS has failed.
// It is over: it needs no hook, only to be shown once.
func tlsRow(ctx *layer.Context, t trouble) *layer.Update {
	f := flow.New(flow.TCP, ctx.Client, ctx.Server, ctx.Now())
	f.Live = false
	f.Error = &flow.Error{Message: t.cause, Time: ctx.Now()}
	f.Metadata = note("TLS failed", t)
	return &layer.Update{Flow: f}
}

func note(label string, t trouble) map[string]string {
	if t.label != "" {
		label += ": " + t.label
	}
	m := map[string]string{flow.MetaTLS: label}
	if t.remedy != "" {
		m[flow.MetaRemedy] = t.remedy
	}
	return m
}

// NewPassedTLS returns a relay for TLS that is passed through untouched. Its flow
// says why; what passes is recorded only if the options show ignored connections. "" leaves that flow to the options too.
func NewPassedTLS(ctx *layer.Context, why, remedy string) layer.Layer {
	l := NewTCP(ctx, true)
	t := l.(*TCP)
	if t.flow == nil && why == "" {
		return l
	}
	if t.flow == nil {
		t.flow = flow.New(flow.TCP, ctx.Client, ctx.Server, ctx.Now())
		t.recorded = maxRecorded + 1
	}
	if why == "" {
		why, remedy = "the host is to be ignored", "ignore_hosts and allow_hosts say which ones are"
	}
	m := note(flow.TLSPassed, trouble{remedy: remedy})
	m[flow.MetaReason] = why
	maps.Copy(m, t.flow.Metadata)
	t.flow.Metadata = m
	return l
}
