package flow

import "testing"

func TestEntries(t *testing.T) {
	for kind, want := range map[string]Entries{
		"text/event-stream": Events, "Text/Event-Stream; charset=utf-8": Events, "text/event-streams": NoEntries, "": NoEntries,
		"application/grpc": GRPCMessages, "application/grpc+proto": GRPCMessages, "application/gRPC-web+json ; x": GRPCMessages,
		"application/grpc-web": GRPCMessages, "application/grpc-web-text": NoEntries, "application/grpcx": NoEntries, "application/json": NoEntries,
	} {
		m := HTTPMessage{Headers: Headers{{Name: "content-type", Value: kind}}}
		if got := m.Entries(); got != want {
			t.Errorf("%q: %d, want %d", kind, got, want)
		}
	}
}
