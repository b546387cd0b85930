package flow

// An Edit is what a person changed of a flow, made against a snapshot. A nil
// part is as it was. The messages of an Edit are never written again.
type Edit struct {
	Request  *Request
	Response *Response
	Messages []Message // TCP, UDP, WebSocket: the last message replaced

	DNSRequest  *DNSMessage
	DNSResponse *DNSMessage
}

// Apply puts the edit into a live flow.
func (e *Edit) Apply(f *Flow) {
	if e == nil {
		return
	}
	if e.Request != nil {
		r := *e.Request
		f.Request = &r
	}
	if e.Response != nil {
		r := *e.Response
		f.Response = &r
	}
	if e.DNSRequest != nil {
		f.DNSRequest = e.DNSRequest
	}
	if e.DNSResponse != nil {
		f.DNSResponse = e.DNSResponse
	}
	if e.Messages == nil {
		return
	}
	if f.WebSocket != nil {
		f.WebSocket.Messages = e.Messages
	} else {
		f.Messages = e.Messages
	}
}
