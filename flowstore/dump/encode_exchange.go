package dump

import (
	"strconv"
	"time"
	"unicode/utf8"

	"sluice/proxy/flow"
)

// A writer appends flows of the newest version: those that are as most are, without a dictionary in between and to
// the same bytes.
type writer struct {
	conns connCache
	whole []byte // room for a flow
	part  []byte // and for a message
}

// append appends a flow in a format. An error says that the format has no place for the flow.
func (w *writer) append(b []byte, f *flow.Flow, format Format) ([]byte, error) {
	if format == Newest && ordinary(f) {
		return w.exchange(b, f), nil
	}
	d, err := w.conns.inFormat(f, format)
	if err != nil {
		return b, err
	}
	return appendValue(b, d), nil
}

// ordinary is true for HTTP flows that have nothing that few have.
func ordinary(f *flow.Flow) bool {
	return f.Kind == flow.HTTP && f.Request != nil && f.Request.Body.Gap() == flow.Whole && (f.Response == nil || f.Response.Body.Gap() == flow.Whole) &&
		f.Extra == nil && f.WebSocket == nil && f.Error == nil && len(f.Metadata) == 0 && f.Replay == flow.NotReplayed &&
		utf8.ValidString(f.Marked) && utf8.ValidString(f.Comment) && utf8.ValidString(f.Request.Host)
}

func (w *writer) exchange(b []byte, f *flow.Flow) []byte {
	d := append(w.whole[:0], "7:version;2:21#4:type;4:http;2:id;"...)
	d = appendText(d, f.ID.String(), ';')
	d = append(append(d, "5:error;0:~11:client_conn;"...), w.conns.client(f.Client)...)
	d = append(append(d, "11:server_conn;"...), w.conns.server(f.Server)...)
	d = append(d, "11:intercepted;"...)
	if f.Intercepted {
		d = append(d, "4:true!"...)
	} else {
		d = append(d, "5:false!"...)
	}
	d = appendText(append(d, "9:is_replay;0:~6:marked;"...), f.Marked, ';')
	d = appendText(append(d, "8:metadata;0:}7:comment;"...), f.Comment, ';')
	d = appendSeconds(append(d, "17:timestamp_created;"...), f.Created)
	w.part = appendRequest(w.part[:0], f.Request)
	d = appendDict(append(d, "7:request;"...), w.part)
	d = append(d, "8:response;"...)
	if f.Response == nil {
		d = append(d, "0:~"...)
	} else {
		w.part = appendResponse(w.part[:0], f.Response)
		d = appendDict(d, w.part)
	}
	w.whole = append(d, "9:websocket;0:~6:backup;0:~"...)
	return appendDict(b, w.whole)
}

func appendRequest(b []byte, q *flow.Request) []byte {
	b = appendMessage(b, &q.HTTPMessage)
	b = appendText(append(b, "4:host;"...), q.Host, ';')
	b = appendInt(append(b, "4:port;"...), q.Port)
	b = appendText(append(b, "6:method;"...), q.Method, ',')
	b = appendText(append(b, "6:scheme;"...), q.Scheme, ',')
	b = appendText(append(b, "9:authority;"...), q.Authority, ',')
	return appendText(append(b, "4:path;"...), q.Path, ',')
}

func appendResponse(b []byte, p *flow.Response) []byte {
	b = appendMessage(b, &p.HTTPMessage)
	b = appendInt(append(b, "11:status_code;"...), p.Status)
	return appendText(append(b, "6:reason;"...), p.Reason, ',')
}

func appendMessage(b []byte, m *flow.HTTPMessage) []byte {
	b = appendText(append(b, "12:http_version;"...), m.Version, ',')
	b = appendHeaders(append(b, "7:headers;"...), m.Headers)
	b = append(strconv.AppendInt(append(b, "7:content;"...), m.Body.Len(), 10), ':')
	for p := range m.Body.Chunks {
		b = append(b, p...)
	}
	b = append(b, ",8:trailers;"...)
	if len(m.Trailers) == 0 {
		b = append(b, "0:~"...)
	} else {
		b = appendHeaders(b, m.Trailers)
	}
	b = appendSeconds(append(b, "15:timestamp_start;"...), m.Start)
	b = append(b, "13:timestamp_end;"...)
	if m.End.IsZero() {
		return append(b, "0:~"...)
	}
	return appendSeconds(b, m.End)
}

func appendHeaders(b []byte, h flow.Headers) []byte {
	n := 0
	for i := range h {
		n += around(pairSize(&h[i]))
	}
	b = append(strconv.AppendInt(b, int64(n), 10), ':')
	for i := range h {
		b = append(strconv.AppendInt(b, int64(pairSize(&h[i])), 10), ':')
		b = appendText(b, h[i].Name, ',')
		b = append(appendText(b, h[i].Value, ','), ']')
	}
	return append(b, ']')
}

func appendText(b []byte, text string, tag byte) []byte {
	b = append(strconv.AppendInt(b, int64(len(text)), 10), ':')
	return append(append(b, text...), tag)
}

func appendInt(b []byte, n int) []byte {
	var room [20]byte
	return appendText(b, string(strconv.AppendInt(room[:0], int64(n), 10)), '#')
}

func appendSeconds(b []byte, t time.Time) []byte {
	var room [32]byte
	return appendText(b, string(appendFloat(room[:0], seconds(t))), '^')
}

func appendDict(b, payload []byte) []byte {
	b = append(strconv.AppendInt(b, int64(len(payload)), 10), ':')
	return append(append(b, payload...), '}')
}
