package layer

// WebSocketMessageStart says that a message has begun that will take a while to come. Nothing of it is
// recorded yet. It is forwarded as it comes, unless an addon sets Hold: then it waits until it is
// whole and WebSocketMessage has let it go. There is no such hook for a message that came in one piece, which is always held.
type WebSocketMessageStart struct {
	OfFlow
	FromClient bool
	Text       bool
	Hold       bool
}

// Name returns the hook's name.
func (*WebSocketMessageStart) Name() string { return "websocket_message_start" }
