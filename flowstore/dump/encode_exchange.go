package dump

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"sluice/proxy/flow"
)

// A writer appends flows: those of the newest version that are as most are, without a dictionary in between and to the same bytes.
type writer struct {
	conns connCache
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
		!hasOurs(f) && f.Extra == nil && f.WebSocket == nil && f.Error == nil && len(f.Metadata) == 0 && f.Replay == flow.NotReplayed &&
		utf8.ValidString(f.Marked) && utf8.ValidString(f.Comment) && utf8.ValidString(f.Request.Host)
}

func (w *writer) exchange(b []byte, f *flow.Flow) []byte {
	b, whole := openSized(b, bodies(f)+3000)
	b = append(b, "7:version;2:21#4:type;4:http;2:id;36:"...)
	b, _ = f.ID.AppendText(b)
	b = append(append(b, ";5:error;0:~11:client_conn;"...), w.conns.client(f.Client)...)
	b = append(append(b, "11:server_conn;"...), w.conns.server(f.Server)...)
	b = append(b, "11:intercepted;"...)
	if f.Intercepted {
		b = append(b, "4:true!"...)
	} else {
		b = append(b, "5:false!"...)
	}
	b = appendText(append(b, "9:is_replay;0:~6:marked;"...), f.Marked, ';')
	b = appendText(append(b, "8:metadata;0:}7:comment;"...), f.Comment, ';')
	b = appendSeconds(append(b, "17:timestamp_created;"...), f.Created)
	b = appendRequest(append(b, "7:request;"...), f.Request)
	b = append(b, "8:response;"...)
	if f.Response == nil {
		b = append(b, "0:~"...)
	} else {
		b = appendResponse(b, f.Response)
	}
	return closeSized(append(b, "9:websocket;0:~6:backup;0:~"...), whole, '}')
}

func bodies(f *flow.Flow) int64 {
	if f.Response == nil {
		return f.Request.Body.Len()
	}
	return f.Request.Body.Len() + f.Response.Body.Len()
}

func appendRequest(b []byte, q *flow.Request) []byte {
	b, d := openSized(b, q.Body.Len()+800)
	b = appendMessage(b, &q.HTTPMessage)
	b = appendText(append(b, "4:host;"...), q.Host, ';')
	b = appendInt(append(b, "4:port;"...), q.Port)
	b = appendText(append(b, "6:method;"...), q.Method, ',')
	b = appendText(append(b, "6:scheme;"...), q.Scheme, ',')
	b = appendText(append(b, "9:authority;"...), q.Authority, ',')
	return closeSized(appendText(append(b, "4:path;"...), q.Path, ','), d, '}')
}

func appendResponse(b []byte, p *flow.Response) []byte {
	b, d := openSized(b, p.Body.Len()+800)
	b = appendMessage(b, &p.HTTPMessage)
	b = appendInt(append(b, "11:status_code;"...), p.Status)
	return closeSized(appendText(append(b, "6:reason;"...), p.Reason, ','), d, '}')
}

func appendMessage(b []byte, m *flow.HTTPMessage) []byte {
	b = appendText(append(b, "12:http_version;"...), m.Version, ',')
	b = appendHeaders(append(b, "7:headers;"...), m.Headers)
	b = appendLength(append(b, "7:content;"...), int(m.Body.Len()))
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
	b, list := openSized(b, 60*int64(len(h)))
	for i := range h {
		b = appendLength(b, pairSize(&h[i]))
		b = appendText(b, h[i].Name, ',')
		b = append(appendText(b, h[i].Value, ','), ']')
	}
	return closeSized(b, list, ']')
}

// appendLength appends the prefix of a value. Most are short.
func appendLength(b []byte, n int) []byte {
	switch {
	case n < 10:
		return append(b, byte('0'+n), ':')
	case n < 100:
		return append(b, byte('0'+n/10), byte('0'+n%10), ':')
	case n < 1000:
		return append(b, byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10), ':')
	}
	return append(strconv.AppendInt(b, int64(n), 10), ':')
}

func appendText(b []byte, text string, tag byte) []byte {
	return append(append(appendLength(b, len(text)), text...), tag)
}

func appendInt(b []byte, n int) []byte {
	var room [20]byte
	return appendText(b, string(strconv.AppendInt(room[:0], int64(n), 10)), '#')
}

func appendSeconds(b []byte, t time.Time) []byte {
	var room [32]byte
	return appendText(b, string(appendFloat(room[:0], seconds(t))), '^')
}

// A sized is where the length of a dictionary or a list goes, and where what is in it begins.
type sized struct{ length, inside int }

// openSized begins a value that is likely to take size bytes. What is appended from now on until closeSized is in it.
func openSized(b []byte, size int64) ([]byte, sized) {
	s := sized{length: len(b)}
	b = append(strconv.AppendInt(b, size, 10), ':')
	s.inside = len(b)
	return b, s
}

// closeSized fills in the length. If it has not as many digits as was likely what is inside is moved.
func closeSized(b []byte, s sized, tag byte) []byte {
	var room [24]byte
	prefix := appendLength(room[:0], len(b)-s.inside)
	if len(prefix) == s.inside-s.length {
		copy(b[s.length:], prefix)
	} else {
		b = slices.Replace(b, s.length, s.inside, prefix...)
	}
	return append(b, tag)
}
