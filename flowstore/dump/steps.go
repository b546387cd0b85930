package dump

import (
	"crypto/sha256"
	"fmt"
	"strings"

	"sluice/proxy/flow"
)

// A step that changes what a flow may lack leaves alone what is not there. Which version a step starts from is in its name.

// conns calls fn for the two connections of a flow and for the one to an upstream proxy, which was a
// connection of its own until version 19.
func conns(f *dict, fn func(c *dict, server bool)) {
	fn(f.dict("client_conn"), false)
	server := f.dict("server_conn")
	fn(server, true)
	if via := server.dict("via"); via != nil {
		fn(via, true)
	}
}

// messages calls fn for the request and the response that there are.
func messages(f *dict, fn func(m *dict)) {
	for _, name := range []string{"request", "response"} {
		if m := f.dict(name); m != nil {
			fn(m)
		}
	}
}

func from013(_ *migration, f *dict) {
	messages(f, func(m *dict) {
		var parts []string
		list, _ := m.pop("httpversion").([]any)
		for _, n := range list {
			parts = append(parts, fmt.Sprint(n))
		}
		m.set("http_version", []byte("HTTP/"+strings.Join(parts, ".")))
	})
	if m := f.dict("request"); m != nil {
		m.rename("form_in", "first_line_format")
	}
	if m := f.dict("response"); m != nil {
		m.rename("code", "status_code")
		m.rename("content", "body")
	}
	f.dict("server_conn").pop("state")
	f.dict("server_conn").set("via", nil)
}

func from015(_ *migration, f *dict) {
	messages(f, func(m *dict) {
		if _, ok := m.lookup("body"); ok {
			m.rename("body", "content")
		}
		if _, ok := m.lookup("msg"); ok {
			m.rename("msg", "reason")
		}
		m.pop("form_out")
	})
}

func from016(_ *migration, f *dict) { f.dict("server_conn").set("peer_address", nil) }

func from017(_ *migration, f *dict) {
	f.dict("server_conn").rename("peer_address", "ip_address")
	f.set("marked", false)
}

func from018(_ *migration, f *dict) {
	messages(f, func(m *dict) {
		m.pop("stickyauth")
		m.pop("stickycookie")
	})
	client := f.dict("client_conn")
	for _, name := range []string{"sni", "alpn_proto_negotiated", "cipher_name", "tls_version"} {
		client.set(name, nil)
	}
	f.dict("server_conn").set("alpn_proto_negotiated", nil)
	f.set("mode", "regular")
	f.set("metadata", &dict{})
}

// from100 takes addresses out of dictionaries that said whether they were of IPv6.
func from100(_ *migration, f *dict) {
	conns(f, func(c *dict, _ bool) {
		for _, name := range []string{"address", "source_address", "ip_address"} {
			if a := c.dict(name); a != nil {
				c.set(name, a.get("address"))
			}
		}
	})
}

func from200(_ *migration, f *dict) {
	conns(f, func(c *dict, server bool) {
		if server {
			c.set("tls_version", nil)
		} else {
			c.set("mitmcert", nil)
		}
	})
}

// from4 gives connections ids, the same one to the same connection: when it began and where it ended tell them apart.
func (m *migration) from4(f *dict) {
	conns(f, func(c *dict, server bool) {
		end := c.get("address")
		if server {
			end = c.get("source_address")
		}
		key := appendValue(nil, []any{server, c.get("timestamp_start"), end})
		c.set("id", hashID(key).String())
	})
}

// hashID returns an ID made of data, of the version for those (RFC 9562 §5.8).
func hashID(data []byte) flow.ID {
	sum := sha256.Sum256(data)
	id := flow.ID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

func from5(_ *migration, f *dict) {
	conns(f, func(c *dict, _ bool) {
		c.rename("ssl_established", "tls_established")
		c.rename("timestamp_ssl_setup", "timestamp_tls_setup")
	})
}

func from6(_ *migration, f *dict) { f.dict("client_conn").set("tls_extensions", nil) }

func from7(_ *migration, f *dict) { messages(f, func(m *dict) { m.set("trailers", nil) }) }

func from8(_ *migration, f *dict) {
	f.set("is_replay", nil)
	if m := f.dict("response"); m != nil && m.pop("is_replay") == true {
		f.set("is_replay", "response")
	}
	if m := f.dict("request"); m != nil {
		m.pop("first_line_format")
		m.set("authority", []byte{})
		if m.pop("is_replay") == true {
			f.set("is_replay", "request")
		}
	}
}

func from9(_ *migration, f *dict) {
	conns(f, func(c *dict, server bool) {
		name := "clientcert"
		if server {
			name = "cert"
			c.set("cipher_name", nil)
			c.set("via2", nil)
		} else {
			c.set("sockname", []any{"", 0})
		}
		c.set("certificate_list", some(c.pop(name)))
		c.set("error", nil)
		c.set("tls", c.get("tls_established"))
		c.set("alpn_offers", some(c.get("alpn_proto_negotiated")))
		c.set("cipher_list", some(c.get("cipher_name")))
	})
}

// some is the list of a value that is there.
func some(v any) []any {
	if text, ok := textOf(v); !ok || text == "" {
		return []any{}
	}
	return []any{v}
}

func from10(_ *migration, f *dict) {
	conns(f, func(c *dict, _ bool) {
		if sni, ok := c.get("sni").([]byte); ok {
			c.set("sni", string(sni))
		}
		c.rename("alpn_proto_negotiated", "alpn")
	})
}

// from11 follows migration.joined.
func from11(_ *migration, f *dict) {
	if kind, _ := textOf(f.get("type")); kind != "http" {
		return
	}
	if _, ok := f.lookup("websocket"); !ok {
		f.add("websocket", nil)
	}
}

func from12(_ *migration, f *dict) {
	mark := ""
	if f.get("marked") == true {
		mark = ":default:"
	}
	f.set("marked", mark)
}

func from13(_ *migration, f *dict) {
	f.set("comment", "")
	request, response := f.dict("request"), f.dict("response")
	if request == nil || response == nil || response.get("timestamp_start") != nil {
		return
	}
	end := request.get("timestamp_end")
	response.set("timestamp_start", end)
	if t, ok := toFloat(end); ok {
		response.set("timestamp_end", t+1)
	}
}

// from14 says of the messages of WebSockets that none was injected.
func from14(_ *migration, f *dict) {
	list, _ := f.dict("websocket").get("messages").([]any)
	for i := range list {
		if m, ok := list[i].([]any); ok {
			list[i] = append(m[:len(m):len(m)], false)
		}
	}
}

func from15(_ *migration, f *dict) {
	from := f.dict("request")
	if from == nil {
		from = f.dict("client_conn")
	}
	f.set("timestamp_created", from.get("timestamp_start"))
}

func from16(_ *migration, f *dict) { f.pop("mode") }

func from17(_ *migration, f *dict) { f.dict("client_conn").set("proxy_mode", "regular") }

func from18(_ *migration, f *dict) {
	client, server := f.dict("client_conn"), f.dict("server_conn")
	client.rename("address", "peername")
	client.pop("tls_extensions")
	server.rename("ip_address", "peername")
	server.rename("source_address", "sockname")
	server.rename("via2", "via")
	for _, c := range []*dict{client, server} {
		c.pop("tls_established")
		c.rename("cipher_name", "cipher")
		if c.get("transport_protocol") == nil {
			c.set("transport_protocol", "tcp")
		}
	}
	if address, _ := server.get("address").([]any); server.get("sni") == true && len(address) > 0 {
		server.set("sni", address[0])
	}
}

func from19(_ *migration, f *dict) {
	f.dict("client_conn").pop("state")
	f.dict("server_conn").pop("state")
}

func from20(_ *migration, f *dict) {
	for _, name := range []string{"client_conn", "server_conn"} {
		if c := f.dict(name); c.get("tls_version") == "QUIC" {
			c.set("tls_version", "QUICv1")
		}
	}
}
