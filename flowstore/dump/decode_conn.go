package dump

import (
	"crypto/x509"

	"sluice/proxy/flow"
)

func (r *reader) client(d *dict) *flow.Client {
	c := &flow.Client{Conn: r.conn(d), Mode: r.text(d, "proxy_mode")}
	if text := r.bytes(d, "mitmcert"); len(text) > 0 {
		c.Leaf = r.cert("mitmcert", text)
	}
	return c
}

func (r *reader) server(d *dict) *flow.Server {
	s := &flow.Server{Conn: r.conn(d)}
	s.TCPSetup = r.time(d, "timestamp_tcp_setup")
	s.Address.Host, s.Address.Port = hostPort(d.get("address"))
	if via, _ := d.get("via").([]any); len(via) == 2 {
		scheme, _ := textOf(via[0])
		host, port := hostPort(via[1])
		s.Via = &flow.Via{Scheme: scheme, Addr: flow.Addr{Host: host, Port: port}}
	}
	return s
}

func (r *reader) conn(d *dict) flow.Conn {
	c := flow.Conn{
		ID: r.id(d), Transport: r.text(d, "transport_protocol"), Peer: addrPort(d.get("peername")), Local: addrPort(d.get("sockname")),
		Error: r.text(d, "error"), TLS: r.bool(d, "tls"), SNI: r.text(d, "sni"), ALPN: r.text(d, "alpn"), ALPNOffers: r.texts(d, "alpn_offers"),
		Cipher: r.text(d, "cipher"), CipherList: r.texts(d, "cipher_list"), TLSVersion: r.text(d, "tls_version"),
		Start: r.time(d, "timestamp_start"), TLSSetup: r.time(d, "timestamp_tls_setup"), End: r.time(d, "timestamp_end"),
	}
	for _, v := range r.list(d, "certificate_list") {
		c.Certificates = append(c.Certificates, r.cert("certificate_list", r.content(v)))
	}
	return c
}

func (r *reader) cert(name string, text []byte) *x509.Certificate {
	cert, err := r.certs.parse(text)
	if err != nil {
		r.fail(name, "certificates in PEM")
	}
	return cert
}

func (r *reader) texts(d *dict, name string) []string {
	var list []string
	for _, v := range r.list(d, name) {
		text, ok := textOf(v)
		if !ok {
			r.fail(name, "a list of texts")
		}
		list = append(list, text)
	}
	return list
}
