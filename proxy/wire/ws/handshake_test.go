package ws

import (
	"encoding/base64"
	"testing"
)

// TestAccept is the example of RFC 6455 §1.3.
func TestAccept(t *testing.T) {
	if got := Accept("dGhlIHNhbXBsZSBub25jZQ=="); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("got %q", got)
	}
}

func TestNewChallenge(t *testing.T) {
	a, b := NewChallenge(), NewChallenge()
	if p, err := base64.StdEncoding.DecodeString(a); err != nil || len(p) != 16 || a == b {
		t.Errorf("%q and %q", a, b)
	}
}
