package dump

import "sluice/proxy/flow"

// ownWeight is about what a flow takes beside its bodies and messages.
const ownWeight = 2 << 10

// Weight returns about how many bytes of memory a flow takes.
func Weight(f *flow.Flow) int64 {
	n := int64(ownWeight)
	if f.Request != nil {
		n += f.Request.Body.Kept()
	}
	if f.Response != nil {
		n += f.Response.Body.Kept()
	}
	if f.WebSocket != nil {
		n += messageWeight(f.WebSocket.Messages)
	}
	return n + messageWeight(f.Messages)
}

func messageWeight(messages []flow.Message) (n int64) {
	for i := range messages {
		n += int64(len(messages[i].Content)) + 64
	}
	return n
}
