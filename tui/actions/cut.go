package actions

import (
	"bytes"
	"encoding/csv"
	"encoding/pem"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"sluice/proxy/content"
	"sluice/proxy/flow"
)

// A cutter takes one thing out of a flow; nothing if the flow has no such thing.
type cutter func(f *flow.Flow) []byte

// ofRequest and ofResponse are cutters that need that message.
func ofRequest(get func(r *flow.Request) string) cutter {
	return func(f *flow.Flow) []byte {
		if f.Request == nil {
			return nil
		}
		return []byte(get(f.Request))
	}
}

func ofResponse(get func(r *flow.Response) string) cutter {
	return func(f *flow.Flow) []byte {
		if f.Response == nil {
			return nil
		}
		return []byte(get(f.Response))
	}
}

var cutters = map[string]cutter{
	"request.method":       ofRequest(func(r *flow.Request) string { return r.Method }),
	"request.scheme":       ofRequest(func(r *flow.Request) string { return r.Scheme }),
	"request.host":         ofRequest(func(r *flow.Request) string { return r.Host }),
	"request.pretty_host":  ofRequest(func(r *flow.Request) string { return r.PrettyHost() }),
	"request.http_version": ofRequest(func(r *flow.Request) string { return r.Version }),
	"request.port":         ofRequest(func(r *flow.Request) string { return strconv.Itoa(r.Port) }),
	"request.path":         ofRequest(func(r *flow.Request) string { return r.Path }),
	"request.url":          ofRequest(func(r *flow.Request) string { return r.URL() }),
	"request.pretty_url":   ofRequest(func(r *flow.Request) string { return r.PrettyURL() }),
	"response.status_code": ofResponse(func(r *flow.Response) string { return strconv.Itoa(r.Status) }),
	"response.reason":      ofResponse(func(r *flow.Response) string { return r.Reason }),
	"response.http_version": ofResponse(func(r *flow.Response) string {
		return r.Version
	}),

	"client_conn.peername.host":   func(f *flow.Flow) []byte { return host(f.Client.Peer) },
	"client_conn.peername.port":   func(f *flow.Flow) []byte { return port(f.Client.Peer) },
	"client_conn.tls_version":     func(f *flow.Flow) []byte { return []byte(f.Client.TLSVersion) },
	"client_conn.sni":             func(f *flow.Flow) []byte { return []byte(f.Client.SNI) },
	"client_conn.tls_established": func(f *flow.Flow) []byte { return strconv.AppendBool(nil, !f.Client.TLSSetup.IsZero()) },

	"server_conn.address.host": func(f *flow.Flow) []byte { return []byte(f.Server.Address.Host) },
	"server_conn.address.port": func(f *flow.Flow) []byte {
		if f.Server.Address.IsZero() {
			return nil
		}
		return strconv.AppendInt(nil, int64(f.Server.Address.Port), 10)
	},
	"server_conn.ip_address.host": func(f *flow.Flow) []byte { return host(f.Server.Peer) },
	"server_conn.ip_address.port": func(f *flow.Flow) []byte { return port(f.Server.Peer) },
	"server_conn.peername.host":   func(f *flow.Flow) []byte { return host(f.Server.Peer) },
	"server_conn.tls_version":     func(f *flow.Flow) []byte { return []byte(f.Server.TLSVersion) },
	"server_conn.sni":             func(f *flow.Flow) []byte { return []byte(f.Server.SNI) },
	"server_conn.tls_established": func(f *flow.Flow) []byte { return strconv.AppendBool(nil, !f.Server.TLSSetup.IsZero()) },
	"server_conn.certificate_list": func(f *flow.Flow) []byte {
		if len(f.Server.Certificates) == 0 {
			return nil
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Server.Certificates[0].Raw})
	},

	"request.authority":               ofRequest(func(r *flow.Request) string { return r.Authority }),
	"server_conn.timestamp_tcp_setup": func(f *flow.Flow) []byte { return seconds(f.Server.TCPSetup) },
	"client_conn.proxy_mode":          func(f *flow.Flow) []byte { return []byte(f.Client.Mode) },
	"timestamp_created":               func(f *flow.Flow) []byte { return seconds(f.Created) },
	"intercepted":                     func(f *flow.Flow) []byte { return strconv.AppendBool(nil, f.Intercepted) },
	"live":                            func(f *flow.Flow) []byte { return strconv.AppendBool(nil, f.Live) },
	"is_replay": func(f *flow.Flow) []byte {
		return []byte([...]string{"", "request", "response"}[f.Replay])
	},

	"id":        func(f *flow.Flow) []byte { return []byte(f.ID.String()) },
	"type":      func(f *flow.Flow) []byte { return []byte(f.Kind.String()) },
	"marked":    func(f *flow.Flow) []byte { return []byte(f.Marked) },
	"comment":   func(f *flow.Flow) []byte { return []byte(f.Comment) },
	"error":     failure,
	"error.msg": failure,
	"error.timestamp": func(f *flow.Flow) []byte {
		if f.Error == nil {
			return nil
		}
		return seconds(f.Error.Time)
	},

	// Older names of mitmproxy.
	"client_conn.address.host": func(f *flow.Flow) []byte { return host(f.Client.Peer) },
	"client_conn.address.port": func(f *flow.Flow) []byte { return port(f.Client.Peer) },
}

func failure(f *flow.Flow) []byte {
	if f.Error == nil {
		return nil
	}
	return []byte(f.Error.Message)
}

func host(a netip.AddrPort) []byte {
	if !a.IsValid() {
		return nil
	}
	return []byte(a.Addr().Unmap().String())
}

func port(a netip.AddrPort) []byte {
	if !a.IsValid() {
		return nil
	}
	return strconv.AppendUint(nil, uint64(a.Port()), 10)
}

// connCutters take things out of both connections of a flow.
var connCutters = map[string]func(c *flow.Conn) string{
	"id":                  func(c *flow.Conn) string { return c.ID.String() },
	"peername.host":       func(c *flow.Conn) string { return string(host(c.Peer)) },
	"peername.port":       func(c *flow.Conn) string { return string(port(c.Peer)) },
	"sockname.host":       func(c *flow.Conn) string { return string(host(c.Local)) },
	"sockname.port":       func(c *flow.Conn) string { return string(port(c.Local)) },
	"transport_protocol":  func(c *flow.Conn) string { return c.Transport },
	"error":               func(c *flow.Conn) string { return c.Error },
	"tls":                 func(c *flow.Conn) string { return strconv.FormatBool(c.TLS) },
	"alpn":                func(c *flow.Conn) string { return c.ALPN },
	"cipher":              func(c *flow.Conn) string { return c.Cipher },
	"timestamp_start":     func(c *flow.Conn) string { return string(seconds(c.Start)) },
	"timestamp_tls_setup": func(c *flow.Conn) string { return string(seconds(c.TLSSetup)) },
	"timestamp_end":       func(c *flow.Conn) string { return string(seconds(c.End)) },
}

// cutConn takes something out of one of a flow's connections; ok is false if there is no such thing.
func cutConn(f *flow.Flow, part, what string) (b []byte, ok bool) {
	get := connCutters[what]
	switch {
	case get == nil:
		return nil, false
	case part == "client_conn":
		return []byte(get(&f.Client.Conn)), true
	case part == "server_conn":
		return []byte(get(&f.Server.Conn)), true
	}
	return nil, false
}

// Cut takes what a spec such as request.header[host] names out of a flow. It is
// empty where the flow has no such thing.
func Cut(f *flow.Flow, spec string) ([]byte, error) {
	if get, ok := cutters[spec]; ok {
		return get(f), nil
	}
	part, what, _ := strings.Cut(spec, ".")
	if b, ok := cutConn(f, part, what); ok {
		return b, nil
	}
	if part != "request" && part != "response" {
		return nil, fmt.Errorf("invalid cut: %q; press tab for those there are", spec)
	}
	message := messageOf(f, part)
	if name, ok := strings.CutPrefix(what, "header["); ok && strings.HasSuffix(name, "]") {
		if message == nil {
			return nil, nil
		}
		return []byte(strings.Join(message.Headers.Values(strings.TrimSpace(strings.TrimSuffix(name, "]"))), ", ")), nil
	}
	switch what {
	case "headers", "content", "text", "raw_content", "timestamp_start", "timestamp_end":
		if message == nil {
			return cutOther(f, part, what), nil
		}
		return cutMessage(f, message, what)
	}
	return nil, fmt.Errorf("invalid cut: %q; press tab for those there are", spec)
}

// cutOther takes the content of what is not HTTP: all that one side of a TCP or UDP flow had from the other,
// and the text of a DNS message.
func cutOther(f *flow.Flow, part, what string) []byte {
	if what != "content" && what != "text" && what != "raw_content" {
		return nil
	}
	dns := f.DNSRequest
	if part == "response" {
		dns = f.DNSResponse
	}
	if f.Kind == flow.DNS && dns != nil {
		return dns.AppendText(nil)
	}
	var b []byte
	for _, m := range f.Messages {
		if m.FromClient == (part == "request") && !m.Dropped {
			b = append(b, m.Content...)
		}
	}
	return b
}

func cutMessage(f *flow.Flow, m *flow.HTTPMessage, what string) ([]byte, error) {
	switch what {
	case "headers":
		var b []byte
		for _, h := range m.Headers {
			b = fmt.Appendf(b, "%s: %s\n", h.Name, h.Value)
		}
		return b, nil
	case "timestamp_start":
		return seconds(m.Start), nil
	case "timestamp_end":
		return seconds(m.End), nil
	case "raw_content", "content", "text":
		if m.Body.Gap() == flow.Cut {
			return nil, fmt.Errorf("only the first %d of %d bytes of the content were recorded: raise %s to keep all of the next", m.Body.Kept(), m.Body.Len(), m.Body.CutBy())
		}
	}
	switch what {
	case "raw_content":
		return m.Body.Bytes(), nil
	}
	if f.WebSocket != nil {
		return transcript(f.WebSocket), nil
	}
	plain, _ := content.Decode(m.Headers, m.Body.Bytes())
	if what == "text" {
		plain = content.UTF8(content.MetaOf(m.Headers, "", false), plain)
	}
	return plain, nil
}

// seconds writes a time as seconds since 1970 with six digits behind the point.
func seconds(t time.Time) []byte {
	if t.IsZero() {
		return nil
	}
	return fmt.Appendf(nil, "%d.%06d", t.Unix(), t.Nanosecond()/1000)
}

// CutTable cuts every spec out of every flow, a row for each flow.
func CutTable(flows []*flow.Flow, specs []string) ([][]string, error) {
	rows := make([][]string, 0, len(flows))
	for _, f := range flows {
		row := make([]string, len(specs))
		for i, spec := range specs {
			b, err := Cut(f, spec)
			if err != nil {
				return nil, err
			}
			row[i] = Text(b)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// CutFile returns what to save of cuts and whether it is a single one, whose
// bytes are as they were; several are CSV.
func CutFile(flows []*flow.Flow, specs []string) (data []byte, single bool, err error) {
	if len(flows) == 1 && len(specs) == 1 {
		data, err = Cut(flows[0], specs[0])
		return data, true, err
	}
	rows, err := CutTable(flows, specs)
	if err != nil {
		return nil, false, err
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return nil, false, err
	}
	return b.Bytes(), false, nil
}
