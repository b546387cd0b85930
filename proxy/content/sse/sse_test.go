package sse

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// parse reads a stream in pieces and writes its events, a line each.
func parse(pieces ...string) string {
	var p Parser
	var b strings.Builder
	for _, piece := range pieces {
		for rest := []byte(piece); len(rest) > 0; {
			ev, n, ok := p.Next(rest)
			if n <= 0 || n > len(rest) {
				panic("a parser that makes no headway")
			}
			if rest = rest[n:]; ok {
				fmt.Fprintf(&b, "%s %s %q %d\n", ev.Type, ev.ID, ev.Data, ev.Cut)
			}
		}
	}
	if ev, ok := p.Rest(); ok {
		fmt.Fprintf(&b, "rest: %s %s %q\n", ev.Type, ev.ID, ev.Data)
	}
	return b.String()
}

func TestParser(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{ // HTML Standard §9.2.6 and its examples
		{"plain", "data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\n",
			"  \"This is the first message.\" 0\n  \"This is the second message, it\\nhas two lines.\" 0\n"},
		{"types", "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\ndata: x\n\n", "add  \"73857293\" 0\nremove  \"2153\" 0\n  \"x\" 0\n"},
		{"comments and ids", ": test stream\n\ndata: first\nid: 1\n\ndata:second\nid\n\ndata:  third\n\n",
			" 1 \"first\" 0\n  \"second\" 0\n  \" third\" 0\n"},
		{"an id stays", "id: 7\ndata: a\n\ndata: b\n\n", " 7 \"a\" 0\n 7 \"b\" 0\n"},
		{"an id with NUL", "id: 7\x00\ndata: a\n\n", "  \"a\" 0\n"},
		{"empty data", "data\n\ndata\ndata\n\ndata:", "  \"\" 0\n  \"\\n\" 0\nrest:   \"\"\n"},
		{"no data", "event: x\n\nid: 1\n\n\n\n", ""},
		{"other ends", "\xef\xbb\xbfdata: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r", "  \"a\\nb\\nc\" 0\n  \"d\" 0\n"},
		{"not whole", "data: a\n\nevent: x\ndata: b\ndata: c", "  \"a\" 0\nrest: x  \"b\\nc\"\n"},
		{"unknown fields", "retry: 100\nfoo: bar\nDATA: no\ndata: yes\n\n", "  \"yes\" 0\n"},
	} {
		if got := parse(c.in); got != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.want)
		}
	}
}

func TestParserIsBounded(t *testing.T) {
	var p Parser
	line := append([]byte("data: "), bytes.Repeat([]byte("x"), 3*MaxData)...)
	p.Next(line)
	p.Next([]byte("\ndata: more"))
	ev, _, ok := p.Next([]byte("\n\n"))
	if !ok || len(ev.Data) != MaxData || len(ev.Data)+ev.Cut != 3*MaxData+len("\nmore") {
		t.Errorf("%d bytes of data, %d cut", len(ev.Data), ev.Cut)
	}
	p.Next(bytes.Repeat([]byte("data\n"), 2*MaxData))
	if ev, _, ok := p.Next([]byte("\n")); !ok || len(ev.Data) != MaxData || ev.Cut != MaxData-1 {
		t.Errorf("%d bytes of empty lines, %d cut", len(ev.Data), ev.Cut)
	}
	if cap(p.line) > 4*MaxData {
		t.Errorf("a line keeps %d bytes", cap(p.line))
	}
}

func FuzzParser(f *testing.F) {
	f.Add("event: a\r\ndata: b\n\ndata\rid: 3\r\n\r\n", uint8(2))
	f.Add("\xef\xbb\xbfdata:x\n\n:\n", uint8(1))
	f.Fuzz(func(t *testing.T, stream string, cut uint8) {
		var pieces []string
		for i := 0; i < len(stream); i += int(cut) + 1 {
			pieces = append(pieces, stream[i:min(len(stream), i+int(cut)+1)])
		}
		whole, split := parse(stream), parse(pieces...)
		if whole != split {
			t.Fatalf("at once\n%sin pieces\n%s", whole, split)
		}
		if n := strings.Count(whole, "\n"); n > len(stream)/len("data")+1 {
			t.Fatalf("%d events in %d bytes", n, len(stream))
		}
	})
}
