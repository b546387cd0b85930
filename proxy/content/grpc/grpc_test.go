package grpc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"sluice/proxy/flow/coding"
)

func appendMessage(b []byte, flags byte, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, flags), uint32(len(data)))
	return append(b, data...)
}

// parse reads a body in pieces.
func parse(t testing.TB, pieces ...[]byte) (all []Message, pending int, err error) {
	var p Parser
	for _, b := range pieces {
		for len(b) > 0 {
			m, n, ok, err := p.Next(b)
			if n <= 0 || n > len(b) {
				t.Fatal("a parser that makes no headway")
			}
			if err != nil {
				return all, 0, err
			}
			if b = b[n:]; ok {
				all = append(all, m)
			}
		}
	}
	return all, p.Pending(), nil
}

func TestParser(t *testing.T) {
	packed, err := coding.Encode("gzip", []byte("packed"))
	if err != nil {
		t.Fatal(err)
	}
	body := appendMessage(nil, 0, []byte("plain"))
	body = appendMessage(body, 1, packed)
	body = appendMessage(body, 0, nil)
	body = appendMessage(body, 0x80, []byte("grpc-status: 0\r\n"))
	body = append(body, "\x00\x00\x00\x00\x09abc"...)
	all, pending, err := parse(t, body)
	if err != nil || len(all) != 4 || pending != 8 {
		t.Fatalf("%d messages, %d bytes pending, %v", len(all), pending, err)
	}
	for i, want := range []string{"plain", "packed", "", "grpc-status: 0\r\n"} {
		if got, err := all[i].Plain("gzip"); err != nil || string(got) != want {
			t.Errorf("message %d: %q, %v", i, got, err)
		}
	}
	if !all[3].Trailers || all[0].Trailers {
		t.Error("the trailers")
	}
	if _, err := all[1].Plain("moon"); err == nil {
		t.Error("an unknown coding")
	}
	if _, _, err := parse(t, []byte("HTTP/1.1")); !errors.Is(err, ErrFlags) {
		t.Error("another protocol:", err)
	}
}

func TestParserIsBounded(t *testing.T) {
	body := appendMessage(nil, 1, make([]byte, 3*MaxData))
	body = appendMessage(body, 0, []byte("next"))
	all, _, err := parse(t, body)
	if err != nil || len(all) != 2 || len(all[0].Data) != MaxData || !all[0].Cut() || string(all[1].Data) != "next" {
		t.Errorf("%d messages, %v", len(all), err)
	}
	if _, err := all[0].Plain("gzip"); err == nil {
		t.Error("half a message was decompressed")
	}
}

func FuzzParser(f *testing.F) {
	f.Add(append(appendMessage(nil, 0, []byte("abc")), "\x80\x00\x00\x00\x01x"...), uint8(2))
	f.Fuzz(func(t *testing.T, body []byte, cut uint8) {
		var pieces [][]byte
		for i := 0; i < len(body); i += int(cut) + 1 {
			pieces = append(pieces, body[i:min(len(body), i+int(cut)+1)])
		}
		whole, pending, err := parse(t, body)
		split, splitPending, splitErr := parse(t, pieces...)
		if len(whole) != len(split) || pending != splitPending || !errors.Is(splitErr, err) {
			t.Fatalf("%d %d %v at once, %d %d %v in pieces", len(whole), pending, err, len(split), splitPending, splitErr)
		}
		used := 0
		for i := range whole {
			if !bytes.Equal(whole[i].Data, split[i].Data) {
				t.Fatalf("message %d differs", i)
			}
			used += prefix + whole[i].Size
		}
		if err == nil && used+pending != len(body) {
			t.Fatalf("%d of %d bytes", used+pending, len(body))
		}
	})
}
