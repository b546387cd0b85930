package proxy

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// A piece of a body after which nothing comes for a long time is shown all the same.
func TestLastPieceIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newHTTPWorld(t, Config{})
		c := w.connect()
		go io.Copy(io.Discard, c)
		send(t, c, "GET http://origin.test/events HTTP/1.1\r\nHost: origin.test\r\n\r\n")
		s := <-w.servers
		readHeadOf(s)
		send(t, s, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
		time.Sleep(time.Second)
		size := int64(0)
		for _, piece := range []string{"first", "second", "third"} {
			send(t, s, piece)
			size += int64(len(piece))
			time.Sleep(30 * time.Millisecond)
		}
		time.Sleep(lateAfter)
		if f := w.flow(); f.Response.Body.Len() != size || !f.Live {
			t.Errorf("%d bytes are shown, want %d", f.Response.Body.Len(), size)
		}
		c.Close()
		w.end()
	})
}
