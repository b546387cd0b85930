package dump

import (
	"errors"
	"fmt"

	"sluice/proxy/flow"
)

// first is the oldest version that can be read: 0.11. Versions used to be those of
// mitmproxy; 0.11 to 0.19 are -8 to 0 here, 1.0, 2.0 and 3.0 are 1 to 3.
const first = -8

// steps bring a flow from the version first+i to the next one.
var steps = [...]func(m *migration, f *dict){
	nothing, nothing, from013, nothing, from015, from016, from017, from018, nothing, // 0.11 to 0.19
	from100, from200, nothing, // 1.0, 2.0, 3.0
	(*migration).from4, from5, from6, from7, from8, from9, from10, from11, from12, from13, from14, from15, from16, from17, from18,
	from19, from20,
}

func nothing(*migration, *dict) {}

// maxHandshakes is how many WebSocket handshakes of old files wait for their messages.
const maxHandshakes = 1024

// A migration brings the flows of one file up to the newest version.
type migration struct {
	handshakes map[string]*dict // by the id of their flow
	certs      certCache
	known      [4]*dict // what is known of each kind of flow
	names      map[string]string
	memory     memory
	short      exchange
}

func newMigration() *migration {
	m := &migration{handshakes: map[string]*dict{}, names: map[string]string{}}
	for kind := range m.known {
		m.known[kind] = encode(everything(flow.Kind(kind)))
		addNames(m.names, m.known[kind])
	}
	return m
}

// everything is a flow that has all that flows of its kind may have.
func everything(kind flow.Kind) *flow.Flow {
	f := &flow.Flow{Kind: kind, Error: &flow.Error{}}
	switch kind {
	case flow.HTTP:
		f.Request, f.Response, f.WebSocket = &flow.Request{}, &flow.Response{}, &flow.WebSocket{}
	case flow.DNS:
		f.DNSRequest, f.DNSResponse = &flow.DNSMessage{}, &flow.DNSMessage{}
	}
	return f
}

func addNames(names map[string]string, d *dict) {
	for _, f := range d.fields {
		names[f.name] = f.name
		if sub, ok := f.value.(*dict); ok {
			addNames(names, sub)
		}
	}
}

// toNewest brings a flow up to the newest version. The result may be another dictionary: that of the handshake to which the messages of a
// WebSocket belong.
func (m *migration) toNewest(f *dict) (*dict, error) {
	v, err := version(f.get("version"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"client_conn", "server_conn"} {
		if f.dict(name) == nil {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	for ; v < int(Newest); v++ {
		if v == 11 {
			f = m.joined(f)
		}
		steps[v-first](m, f)
	}
	f.set("version", int(Newest))
	if b := f.dict("backup"); b != nil {
		if b, err := m.toNewest(b); err == nil {
			f.set("backup", b)
		}
	}
	return f, nil
}

// version reads a version, which is a number or, in old files, a list of them.
func version(v any) (int, error) {
	n, ok := v.(int)
	if list, old := v.([]any); old && len(list) >= 2 {
		major, okMajor := list[0].(int)
		minor, okMinor := list[1].(int)
		switch {
		case !okMajor || !okMinor:
		case major == 0:
			n, ok = minor-19, minor <= 19
		default:
			n, ok = major, major <= 3 && minor == 0
		}
		if !ok || n < first {
			return 0, fmt.Errorf("flows of version %v.%v cannot be read: open the file with mitmproxy and save it anew", list[0], list[1])
		}
		return n, nil
	}
	switch {
	case !ok:
		return 0, errors.New("this is no flow: it has no version")
	case n > int(Newest):
		return 0, fmt.Errorf("flows of version %d cannot be read, only up to version %d: please update sluice", n, Newest)
	case n < 4:
		return 0, fmt.Errorf("flows of version %d cannot be read", n)
	}
	return n, nil
}

// joined keeps a copy of a WebSocket's handshake, and puts the messages of a WebSocket into it.
func (m *migration) joined(f *dict) *dict {
	meta := f.dict("metadata")
	if _, ok := meta.lookup("websocket"); ok && len(m.handshakes) < maxHandshakes {
		if id, ok := textOf(f.get("id")); ok {
			m.handshakes[id] = clone(f).(*dict)
		}
	}
	v, ok := meta.lookup("websocket_handshake")
	if !ok {
		return f
	}
	id, _ := textOf(v)
	whole := m.handshakes[id]
	delete(m.handshakes, id)
	if whole == nil {
		whole = dummyHandshake(f)
	}
	whole.dict("metadata").set("duplicated", "This WebSocket flow has been migrated from an old file format version and may appear duplicated.")
	sender, _ := textOf(f.get("close_sender"))
	whole.set("websocket", &dict{[]field{
		{"messages", f.get("messages")}, {"closed_by_client", sender == "client"}, {"close_code", f.get("close_code")},
		{"close_reason", f.get("close_reason")}, {"timestamp_end", whole.dict("server_conn").get("timestamp_end")},
	}})
	return whole
}

// dummyHandshake stands in for the handshake that is missing of a WebSocket.
func dummyHandshake(f *dict) *dict {
	d := &dict{[]field{{"type", "http"}, {"metadata", &dict{}}, {"response", nil}, {"request", &dict{[]field{
		{"authority", []byte{}}, {"content", nil}, {"headers", []any{}}, {"host", "unknown"}, {"http_version", []byte("HTTP/1.1")},
		{"method", []byte("GET")}, {"path", []byte("/")}, {"port", 80}, {"scheme", []byte("http")},
		{"timestamp_start", 0.0}, {"timestamp_end", 0.0}, {"trailers", nil},
	}}}}}
	for _, name := range []string{"client_conn", "server_conn", "error", "id", "intercepted", "is_replay", "marked"} {
		d.add(name, f.get(name))
	}
	return d
}

// clone copies a value, bytes too.
func clone(v any) any {
	switch v := v.(type) {
	case []byte:
		return append([]byte{}, v...)
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = clone(v[i])
		}
		return list
	case *dict:
		d := &dict{make([]field, len(v.fields))}
		for i, f := range v.fields {
			d.fields[i] = field{f.name, clone(f.value)}
		}
		return d
	}
	return v
}
