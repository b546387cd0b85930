package option

import "fmt"

// defaultConfDir is the directory of configuration, certificates and keys unless confdir says otherwise.
const defaultConfDir = "~/.sluice"

// table holds every option by name. It is never written after it is built.
var table = buildTable(coreSpecs(), proxySpecs(), tlsSpecs(), addonSpecs(), replaySpecs(), ruleSpecs(), consoleSpecs(), dumpSpecs(), webSpecs())

func buildTable(groups ...[]Spec) map[string]*Spec {
	t := make(map[string]*Spec)
	for _, group := range groups {
		for i := range group {
			s := &group[i]
			if _, twice := t[s.Name]; twice {
				panic("option: " + s.Name + " is in the table twice")
			}
			if err := s.valid(s.Default); err != nil {
				panic(fmt.Sprintf("option: default of %v", err))
			}
			t[s.Name] = s
		}
	}
	return t
}

func boolean(name string, def bool, help string) Spec {
	return Spec{Name: name, Type: Bool, Default: def, Help: help}
}

func text(name, def, help string, choices ...string) Spec {
	return Spec{Name: name, Type: Str, Default: def, Help: help, Choices: choices}
}

func optionalText(name, help string) Spec {
	return Spec{Name: name, Type: OptionalStr, Help: help}
}

func number(name string, def int, help string) Spec {
	return Spec{Name: name, Type: Int, Default: def, Help: help}
}

func list(name, help string, def ...string) Spec {
	return Spec{Name: name, Type: StrSeq, Default: append([]string{}, def...), Help: help}
}

// later says of an option that nothing acts on it yet, and what to do instead.
func (s Spec) later(instead string) Spec {
	s.Instead = instead
	return s
}

func (s Spec) checked(check func(any) error) Spec {
	s.check = check
	return s
}

func coreSpecs() []Spec {
	return []Spec{
		boolean("add_upstream_certs_to_client_chain", false,
			"Send the certificates of the server's chain to the client after our own. Needs upstream_cert."),
		list("allow_hosts", "Intercept only hosts that match one of these regular expressions; relay all others untouched.").
			checked(regexps),
		optionalText("cert_passphrase", "Passphrase of the private keys given with certs and of the CA's key."),
		list("certs", "Certificates to show to clients, as [domain=]path to a PEM file with the key, the certificate and its chain. "+
			"The domain may have a wildcard and is * if left out.").checked(certSpecs),
		optionalText("client_certs", "Client certificate for servers that ask for one: a PEM file, or a directory that holds one PEM file per server name."),
		text("confdir", defaultConfDir, "Directory of the configuration, the certificate authority and the key bindings, which are read at the start."),
		number("content_view_lines_cutoff", 512, "Show at most this many lines of a body until all are asked for.").checked(between(1, maxInt)),
		boolean("http2", true, "Speak HTTP/2."),
		number("http2_ping_keepalive", 58, "Send a PING on HTTP/2 connections to servers that are idle for this many seconds; 0 never does.").
			checked(between(0, maxInt)),
		boolean("http3", true, "Speak HTTP/3 over QUIC.").later("HTTP/3 is off in any case, and clients are led to HTTP/2"),
		boolean("http_connect_send_host_header", true, "Send a Host header with CONNECT requests to upstream proxies."),
		list("ignore_hosts", "Relay hosts that match one of these regular expressions untouched. They are matched against host:port, "+
			"by name and by address.").checked(regexps),
		number("key_size", 2048, "Bits of RSA keys, from the next start on. If it is not the default, a CA that is made has such a key instead of one of ECDSA, "+
			"and a CA that is there already keeps the key it has. Certificates have ECDSA keys but for clients that know RSA only.").checked(between(1024, 16384)),
		text("listen_host", "", "Address to listen on; empty listens on all. A mode's own address goes first."),
		Spec{Name: "listen_port", Type: OptionalInt, check: between(0, 65535),
			Help: "Port to listen on; unset takes the default of the mode. A mode's own port goes first."},
		list("mode", "What the proxy is to its clients: regular, transparent, socks5, upstream:SPEC, reverse:SPEC and so on, "+
			"each with an optional @[host:]port to listen on.", "regular"),
		optionalText("protobuf_definitions", "A .proto file that names the fields of Protobuf and gRPC messages. The path of a gRPC request says which message it is; "+
			"else it is the first one of the file."),
		boolean("rawtcp", true, "Relay TCP traffic that no protocol recognises."),
		boolean("server", true, "Listen for clients. Without it only stored flows are looked at."),
		boolean("show_ignored_hosts", false, "Record what ignored hosts send and receive as TCP and UDP flows."),
		boolean("showhost", false, "Show URLs with the host that the Host header names."),
		boolean("ssl_insecure", false, "Accept any certificate of a server."),
		optionalText("ssl_verify_upstream_trusted_ca", "PEM file with the certificate authorities that servers are verified against."),
		optionalText("ssl_verify_upstream_trusted_confdir", "Directory with the certificate authorities that servers are verified against."),
		list("tcp_hosts", "Take hosts that match one of these regular expressions for plain TCP; TLS is still intercepted.").checked(regexps),
		number("tcp_timeout", 600, "Close client connections on which nothing has moved for this many seconds.").checked(between(1, maxInt)),
		list("udp_hosts", "Take hosts that match one of these regular expressions for plain UDP.").checked(regexps),
		boolean("upstream_cert", true, "Look at the server's certificate to forge one like it."),
		boolean("websocket", true, "Read the messages of WebSocket connections. If off, they pass as TCP."),
	}
}

func proxySpecs() []Spec {
	return []Spec{
		text("body_record_budget", "1g", "Keep no more than this of all flows together that are under way; of the largest, only the front is recorded then, "+
			"and clients for which much has to wait are turned away. "+
			"The suffixes k, m, g and t are understood. 0 sets no limit.").checked(size),
		text("body_record_limit", "128m", "Record no more than the front of a body that passes; the suffixes k, m, g and t are understood. 0 records all of it.").checked(size),
		optionalText("body_size_limit", "Refuse bodies larger than this; the suffixes k, m, g and t are understood.").checked(size),
		optionalText("connect_addr", "Local IP address for connections to servers.").checked(ipLiteral),
		text("connection_strategy", "eager", "When to connect to a server: at once, or when something is to be sent. "+
			"Eager also learns what the server says first.", "eager", "lazy"),
		boolean("keep_host_header", false, "In reverse mode, leave the client's Host header as it is."),
		boolean("normalize_outbound_headers", true, "Write the header names of HTTP/2 messages in lower case, whatever somebody has made of them."),
		boolean("proxy_debug", false, "Log what the protocol layers do."),
		boolean("store_streamed_bodies", false, "Record bodies that pass by because of stream_large_bodies."),
		optionalText("stream_large_bodies", "Let bodies larger than this pass without recording them; the suffixes k, m, g and t are understood.").checked(size),
		boolean("validate_inbound_headers", true, "Refuse messages with malformed headers, which is what request smuggling is made of."),
	}
}

func tlsSpecs() []Spec {
	versions := []string{"UNBOUNDED", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3"} // crypto/tls has no SSL 3
	oldest := append([]string{"SSL3"}, versions...)
	const cipherHelp = ", in OpenSSL's names, separated by colons; ALL also has the old ones. It is about TLS 1.2 and older: the ciphers of TLS 1.3 are always on."
	const curveHelp = ": prime256v1, secp384r1, secp521r1, X25519, X25519MLKEM768, SecP256r1MLKEM768 or SecP384r1MLKEM1024. Unset leaves the choice to both sides."
	return []Spec{
		optionalText("ciphers_client", "Ciphers for connections to clients"+cipherHelp).checked(ciphers),
		optionalText("ciphers_server", "Ciphers for connections to servers"+cipherHelp).checked(ciphers),
		boolean("request_client_cert", false, "Ask clients for a certificate. Whatever they send is recorded and not verified."),
		optionalText("tls_ecdh_curve_client", "Elliptic curve for connections to clients"+curveHelp).checked(curve),
		optionalText("tls_ecdh_curve_server", "Elliptic curve for connections to servers"+curveHelp).checked(curve),
		number("tls_passthrough_after", 0, "Let a host through untouched after a client has refused our certificate for it this many times in a row; "+
			"0 never does. Each such connection is a row that says so.").checked(between(0, maxInt)),
		text("tls_version_client_max", "UNBOUNDED", "Newest TLS version for connections to clients; UNBOUNDED is 1.3.", versions...),
		text("tls_version_client_min", "TLS1_2", "Oldest TLS version for connections to clients; UNBOUNDED and SSL3 are 1.0. Below 1.2 old ciphers are taken too.", oldest...),
		text("tls_version_server_max", "UNBOUNDED", "Newest TLS version for connections to servers; UNBOUNDED is 1.3.", versions...),
		text("tls_version_server_min", "TLS1_2", "Oldest TLS version for connections to servers; UNBOUNDED and SSL3 are 1.0. Below 1.2 old ciphers are offered too.", oldest...),
	}
}
