package tui

import (
	"strings"

	"sluice/flowstore"
	"sluice/proxy/flow"
)

// open reports whether more may still come of what a flow has begun to bring: of a response, or of a conversation.
func open(r flowstore.Row) bool {
	switch {
	case !r.Live || r.Intercepted || r.TLSNote != "":
		return false
	case r.Kind == flow.HTTP:
		return r.HasResponse && (r.WebSocket || r.End.IsZero())
	}
	return (r.Kind == flow.TCP || r.Kind == flow.UDP) && r.Messages > 0
}

// entriesText says how many events or messages have come of a body that is a list of them.
func entriesText(r flowstore.Row) string {
	if strings.Contains(strings.ToLower(r.ContentType), "grpc") {
		return plural(r.Entries, "message")
	}
	return plural(r.Entries, "event")
}

// noteBehind reports whether what became of TLS stands behind the status, since there is no room between both
// ends and it. Nothing else does: such a row has no numbers.
func noteBehind(r flowstore.Row, w int) bool {
	return r.TLSNote != "" && r.Size == 0 && len(ends(r, w))+2+len(r.TLSNote) > w
}
