package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// room is a WebSocket server: whoever says something is answered, and hears of others meanwhile.
func room(w http.ResponseWriter, r *http.Request) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 64})
	if err != nil {
		return
	}
	defer c.CloseNow()
	for n := 1; ; n++ {
		kind, said, err := c.Read(r.Context())
		if err != nil {
			return
		}
		answer := fmt.Sprintf(`{"from":"shop","number":%d,"text":"you said %d bytes","help":["cart","orders","delivery"]}`, n, len(said))
		if kind == websocket.MessageBinary {
			answer = `{"from":"shop","text":"a picture!"}`
		}
		if c.Write(r.Context(), websocket.MessageText, []byte(answer)) != nil {
			return
		}
	}
}

// talk has a conversation with the room and returns the status of its start and how many bytes were heard.
func (v *visitor) talk(ctx context.Context, visit visit) (status int, size int64, err error) {
	c, resp, err := websocket.Dial(ctx, visit.url, &websocket.DialOptions{
		HTTPClient: v.client, CompressionMode: websocket.CompressionContextTakeover, CompressionThreshold: 64,
	})
	if err != nil {
		return 0, 0, err
	}
	defer c.CloseNow()
	say := func(kind websocket.MessageType, data []byte) error {
		if err := c.Write(ctx, kind, data); err != nil {
			return err
		}
		_, heard, err := c.Read(ctx)
		size += int64(len(heard))
		return err
	}
	for _, text := range visit.says {
		if err := say(websocket.MessageText, []byte(text)); err != nil {
			return resp.StatusCode, size, err
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
			return resp.StatusCode, size, ctx.Err()
		}
	}
	if err := say(websocket.MessageBinary, logo()); err != nil {
		return resp.StatusCode, size, err
	}
	return resp.StatusCode, size, c.Close(websocket.StatusNormalClosure, "good bye")
}

// framed returns messages as gRPC-Web sends them, with trailers behind them if there are any.
func framed(trailers string, messages ...string) string {
	var b []byte
	add := func(flags byte, data string) {
		b = binary.BigEndian.AppendUint32(append(b, flags), uint32(len(data)))
		b = append(b, data...)
	}
	for _, m := range messages {
		add(0, m)
	}
	if trailers != "" {
		add(0x80, trailers)
	}
	return string(b)
}

// watch answers a gRPC-Web call with a stream of messages.
func watch(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	w.Header().Set("Content-Type", "application/grpc-web+proto")
	_, _ = io.Copy(w, strings.NewReader(framed("grpc-status: 0\r\n", "\x08\x01\x12\x0bpacked soon", "\x08\x02\x12\x07shipped")))
}
