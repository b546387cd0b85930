package dump

// maxPending is how many bytes of flows are gathered before they are written.
const maxPending = 1 << 20

// Gathered are flows in the form of a file, one behind the other, that are written together.
type Gathered struct {
	Bytes []byte
	ends  []int // of the flows in Bytes
}

// Ended notes that a flow ends here. It is true when there is enough for a write.
func (g *Gathered) Ended() (enough bool) {
	g.ends = append(g.ends, len(g.Bytes))
	return len(g.Bytes) > maxPending
}

// Flows returns how many there are.
func (g *Gathered) Flows() int { return len(g.ends) }

// Write gives all flows to write, which writes all that it is given or nothing, and forgets them. If that fails it gives them one by one, for there may be
// room for some, unless it is the end. A *WriteError counts those that could not be written.
func (g *Gathered) Write(final bool, write func(b []byte, flows int) error) error {
	b, ends := g.Bytes, g.ends
	if len(ends) == 0 {
		return nil
	}
	g.Bytes, g.ends = b[:0], ends[:0]
	if cap(b) > 4*maxPending {
		g.Bytes = nil
	}
	err := write(b, len(ends))
	if err == nil {
		return nil
	}
	if final || len(ends) == 1 {
		return &WriteError{len(ends), err}
	}
	lost, from := 0, 0
	for _, end := range ends {
		if write(b[from:end:end], 1) != nil {
			lost++
		}
		from = end
	}
	if lost == 0 {
		return nil
	}
	return &WriteError{lost, err}
}
