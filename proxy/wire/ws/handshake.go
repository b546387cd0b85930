package ws

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
)

// NewChallenge returns a Sec-WebSocket-Key that nobody can foretell (RFC 6455 §4.1).
func NewChallenge() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}

// Accept returns the Sec-WebSocket-Accept that answers a challenge (RFC 6455 §4.2.2).
func Accept(challenge string) string {
	sum := sha1.Sum([]byte(challenge + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}
