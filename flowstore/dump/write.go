package dump

import (
	"fmt"

	"sluice/proxy/flow"
)

// Append appends a flow in a format. An error says that the format has no place for the flow.
func Append(b []byte, f *flow.Flow, format Format) ([]byte, error) {
	return new(writer).append(b, f, format)
}

// inFormat returns the dictionary of a flow, which shares bytes with it.
func (c *connCache) inFormat(f *flow.Flow, format Format) (*dict, error) {
	extra, _ := f.Extra.(*dict)
	if format == Newest && extra == nil {
		d := encodeBetween(f, c.client(f.Client), c.server(f.Server))
		d.add("backup", nil)
		return d, nil
	}
	d := encode(f)
	switch format {
	case Newest:
		merge(d, extra)
		if _, ok := d.lookup("backup"); !ok {
			d.add("backup", nil)
		}
	case Old:
		if f.Kind == flow.UDP {
			return nil, fmt.Errorf("the old format has no UDP flows: set save_format to 21")
		}
		if meta := extra.dict("metadata"); meta != nil {
			merge(d.dict("metadata"), meta)
		}
		toOld(d)
	default:
		return nil, fmt.Errorf("flows can't be written in format %d: only in %d and %d", format, Newest, Old)
	}
	return d, nil
}

// toOld makes of a dictionary of the newest version one that mitmproxy 8.1.1 reads, which
// refuses fields that it does not know.
func toOld(d *dict) {
	d.set("version", int(Old))
	client, server := d.dict("client_conn"), d.dict("server_conn")
	for _, c := range []*dict{client, server} {
		c.pop("transport_protocol")
		c.rename("cipher", "cipher_name")
		c.set("tls_established", c.get("timestamp_tls_setup") != nil)
		c.set("state", 0)
	}
	client.rename("peername", "address")
	client.set("tls_extensions", []any{})
	client.pop("proxy_mode")
	server.rename("peername", "ip_address")
	server.rename("sockname", "source_address")
	server.rename("via", "via2")
	server.set("via", nil)
}
