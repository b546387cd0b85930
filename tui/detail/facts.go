package detail

import (
	"maps"
	"slices"
	"strings"
	"time"

	"sluice/proxy/content"
	"sluice/proxy/flow"
	"sluice/tui/human"
	"sluice/tui/text"
)

// A sheet collects sections of names and values.
type sheet struct {
	lines []content.Line
	hang  []int // the column of the values in each line
}

func (s *sheet) add(l content.Line, hang int) {
	s.lines, s.hang = append(s.lines, l), append(s.hang, hang)
}

type fact struct{ name, value string }

// section writes a head and below it the facts that are known, in two columns.
func (s *sheet) section(head string, facts ...fact) {
	if len(s.lines) > 0 {
		s.add(nil, 0)
	}
	s.add(content.Line{{Text: head, Role: text.Head}}, 4)
	s.rows(4, facts)
}

func (s *sheet) rows(indent int, facts []fact) {
	facts = slices.DeleteFunc(slices.Clone(facts), func(f fact) bool { return f.value == "" })
	width := 0
	for i := range facts {
		facts[i].name = content.Clean(facts[i].name)
		width = max(width, len([]rune(facts[i].name)))
	}
	width = min(width, maxNameColumn)
	for _, f := range facts {
		gap := strings.Repeat(" ", max(width-len([]rune(f.name)), 0)+2)
		s.add(content.Line{
			{Text: strings.Repeat(" ", indent)}, {Text: f.name + ":", Role: text.Header}, {Text: gap}, {Text: f.value},
		}, indent+width+3)
	}
}

// factsOf returns all that is known of a flow besides its messages.
func factsOf(f *flow.Flow) *sheet {
	s := &sheet{}
	if f.Comment != "" {
		s.section("Comment: " + f.Comment)
	}
	if f.Error != nil {
		s.section("Error:", fact{"Message", f.Error.Message}, fact{"Time", known(f.Error.Time)})
	}
	if len(f.Metadata) > 0 {
		var rows []fact
		for _, k := range slices.Sorted(maps.Keys(f.Metadata)) {
			rows = append(rows, fact{k, f.Metadata[k]})
		}
		s.section("Metadata:", rows...)
	}
	s.server(f)
	s.client(f)
	s.timing(f)
	return s
}

func (s *sheet) server(f *flow.Flow) {
	c := f.Server
	if c == nil {
		return
	}
	if c.Peer.IsValid() || c.Error != "" {
		version, via, name := "", "", ""
		if f.Response != nil {
			version = f.Response.Version
		}
		if c.Via != nil {
			via = c.Via.Scheme + "://" + c.Via.Addr.String()
		}
		if !c.Address.IsZero() {
			name = c.Address.String()
		}
		s.section("Server Connection:", fact{"Address", name}, fact{"Resolved Address", peer(&c.Conn)}, fact{"Via", via},
			fact{"HTTP Version", version}, fact{"TLS Version", c.TLSVersion}, fact{"Cipher Name", c.Cipher},
			fact{"ALPN", c.ALPN}, fact{"Error", c.Error})
	}
	if len(c.Certificates) > 0 {
		s.certificate(c.Certificates[0], len(c.Certificates))
	}
}

func (s *sheet) client(f *flow.Flow) {
	c := f.Client
	if c == nil {
		return
	}
	version := ""
	if f.Request != nil {
		version = f.Request.Version
	}
	s.section("Client Connection:", fact{"Address", address(c.Peer)}, fact{"Proxy Mode", c.Mode}, fact{"HTTP Version", version},
		fact{"TLS Version", c.TLSVersion}, fact{"Server Name Indication", c.SNI}, fact{"Cipher Name", c.Cipher},
		fact{"ALPN", c.ALPN}, fact{"Error", c.Error})
}

func peer(c *flow.Conn) string {
	if !c.Peer.IsValid() {
		return ""
	}
	return address(c.Peer)
}

// known writes a time, "" if there is none.
func known(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// timing lists what happened when, in order, each with the time since the first.
func (s *sheet) timing(f *flow.Flow) {
	moments := momentsOf(f)
	slices.SortStableFunc(moments, func(a, b moment) int {
		if a.at.IsZero() || b.at.IsZero() { // what has not happened comes last
			return b.at.Compare(a.at)
		}
		return a.at.Compare(b.at)
	})
	if len(moments) == 0 || moments[0].at.IsZero() {
		return
	}
	rows := make([]fact, len(moments))
	for i, m := range moments {
		switch since := m.at.Sub(moments[0].at); {
		case m.at.IsZero():
			rows[i] = fact{m.name, "–"}
		case since == 0:
			rows[i] = fact{m.name, stamp(m.at)}
		default:
			rows[i] = fact{m.name, stamp(m.at) + "  +" + human.Duration(since)}
		}
	}
	s.section("Timing:", rows...)
}

type moment struct {
	name string
	at   time.Time
}

func momentsOf(f *flow.Flow) []moment {
	var all []moment
	add := func(is bool, name string, at time.Time) {
		if is {
			all = append(all, moment{name, at})
		}
	}
	if c := f.Client; c != nil {
		add(true, "Client conn. established", c.Start)
		add(c.TLS || !c.TLSSetup.IsZero(), "Client conn. TLS handshake", c.TLSSetup)
		add(true, "Client conn. closed", c.End)
	}
	if c := f.Server; c != nil && (c.Peer.IsValid() || !c.Start.IsZero()) {
		add(true, "Server conn. initiated", c.Start)
		add(true, "Server conn. TCP handshake", c.TCPSetup)
		add(c.TLS || !c.TLSSetup.IsZero(), "Server conn. TLS handshake", c.TLSSetup)
		add(true, "Server conn. closed", c.End)
	}
	if r := f.Request; r != nil {
		add(true, "First request byte", r.Start)
		add(true, "Request complete", r.End)
	}
	if r := f.Response; r != nil {
		add(true, "First response byte", r.Start)
		add(true, "Response complete", r.End)
	}
	return all
}
