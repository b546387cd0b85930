package dump

import "sluice/proxy/flow"

// maxMemory is how many bytes of a file each part of a memory keeps.
const maxMemory = 1 << 20

// A memory knows again what many flows of a file have in common, so that it is read and kept
// once: connections, lists of headers and short texts. What it gives is shared and must not be written to.
type memory struct {
	version int // of the flows whose connections it knows
	clients recent[*flow.Client]
	servers recent[*flow.Server]
	headers recent[flow.Headers]
	texts   Texts
}

// recent is what was made of bytes that were read lately.
type recent[T any] struct {
	made  map[string]T
	bytes int
}

func (r *recent[T]) get(raw []byte) (T, bool) {
	v, ok := r.made[string(raw)]
	return v, ok
}

// put remembers what was made of raw.
func (r *recent[T]) put(raw string, v T) {
	if r.made == nil || r.bytes > maxMemory {
		r.made, r.bytes = map[string]T{}, 0
	}
	r.made[raw] = v
	r.bytes += len(raw)
}

// Texts knows short texts again, of which a file has the same over and over, so that they are in memory once.
type Texts struct{ known recent[string] }

// Of returns b as a text, which is a known one if there is one and it has at most so many bytes. A nil Texts knows none.
func (t *Texts) Of(b []byte, longest int) string {
	if t == nil || len(b) > longest {
		return string(b)
	}
	text, ok := t.known.get(b)
	if !ok {
		text = string(b)
		t.known.put(text, text)
	}
	return text
}

// connections returns the two connections of a flow, nil for one that is odd.
func (x *exchange) connections() (*flow.Client, *flow.Server) {
	known := &x.m.memory
	if x.client.tag != '}' || x.server.tag != '}' {
		return nil, nil
	}
	if known.version != x.version {
		known.version, known.clients, known.servers = x.version, recent[*flow.Client]{}, recent[*flow.Server]{}
	}
	c, ok := known.clients.get(x.client.b)
	if !ok {
		r := &reader{certs: &x.m.certs}
		if d := x.connection("client_conn", x.client); d != nil {
			c = r.client(d).Snapshot() // which may be shared: nobody writes to a snapshot
		}
		if c == nil || r.err != nil {
			return nil, nil
		}
		known.clients.put(string(x.client.b), c)
	}
	s, ok := known.servers.get(x.server.b)
	if !ok {
		r := &reader{certs: &x.m.certs}
		if d := x.connection("server_conn", x.server); d != nil {
			s = r.server(d).Snapshot()
		}
		if s == nil || r.err != nil {
			return nil, nil
		}
		known.servers.put(string(x.server.b), s)
	}
	return c, s
}

// connection returns one of the connections in the newest version, or nil if it says what is not known.
func (x *exchange) connection(name string, v piece) *dict {
	read, err := x.payload(v.at, v.at+len(v.b), 1)
	if err != nil {
		return nil
	}
	f := &dict{[]field{{"client_conn", &dict{}}, {"server_conn", &dict{}}}}
	f.set(name, read)
	for v := x.version; v < int(Newest); v++ {
		steps[v-first](x.m, f)
	}
	if d := f.dict(name); extraOf(d, x.m.known[flow.HTTP].dict(name)) == nil {
		return d
	}
	return nil
}
