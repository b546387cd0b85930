package option

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// reference lists the options of mitmproxy with their types and defaults, as name | type | default. An unset one has no default,
// and a sequence is written with commas.
const reference = `
add_upstream_certs_to_client_chain | bool | false
allow_hosts | sequence of str |
anticache | bool | false
anticomp | bool | false
block_global | bool | true
block_list | sequence of str |
block_private | bool | false
body_size_limit | optional str |
cert_passphrase | optional str |
certs | sequence of str |
ciphers_client | optional str |
ciphers_server | optional str |
client_certs | optional str |
client_replay | sequence of str |
client_replay_concurrency | int | 1
command_history | bool | true
confdir | str | ~/.mitmproxy
connect_addr | optional str |
connection_strategy | str | eager
console_default_contentview | str | auto
console_eventlog_verbosity | str | info
console_flowlist_layout | str | default
console_focus_follow | bool | false
console_layout | str | single
console_layout_headers | bool | true
console_mouse | bool | true
console_palette | str | solarized_dark
console_palette_transparent | bool | true
console_quickhelp_visible | bool | true
console_strip_trailing_newlines | bool | false
content_view_lines_cutoff | int | 512
dns_name_servers | sequence of str |
dns_use_hosts_file | bool | true
dumper_default_contentview | str | auto
dumper_filter | optional str |
export_preserve_original_ip | bool | false
flow_detail | int | 1
hardump | str |
http2 | bool | true
http2_ping_keepalive | int | 58
http3 | bool | true
http_connect_send_host_header | bool | true
ignore_hosts | sequence of str |
intercept | optional str |
intercept_active | bool | false
keep_alt_svc_header | bool | false
keep_host_header | bool | false
keepserving | bool | false
key_size | int | 2048
listen_host | str |
listen_port | optional int |
map_local | sequence of str |
map_remote | sequence of str |
mode | sequence of str | regular
modify_body | sequence of str |
modify_headers | sequence of str |
normalize_outbound_headers | bool | true
onboarding | bool | true
onboarding_host | str | mitm.it
protobuf_definitions | optional str |
proxy_debug | bool | false
proxyauth | optional str |
rawtcp | bool | true
readfile_filter | optional str |
request_client_cert | bool | false
rfile | optional str |
save_stream_file | optional str |
save_stream_filter | optional str |
scripts | sequence of str |
server | bool | true
server_replay | sequence of str |
server_replay_extra | str | forward
server_replay_ignore_content | bool | false
server_replay_ignore_host | bool | false
server_replay_ignore_params | sequence of str |
server_replay_ignore_payload_params | sequence of str |
server_replay_ignore_port | bool | false
server_replay_kill_extra | bool | false
server_replay_nopop | bool | false
server_replay_refresh | bool | true
server_replay_reuse | bool | false
server_replay_use_headers | sequence of str |
show_ignored_hosts | bool | false
showhost | bool | false
ssl_insecure | bool | false
ssl_verify_upstream_trusted_ca | optional str |
ssl_verify_upstream_trusted_confdir | optional str |
stickyauth | optional str |
stickycookie | optional str |
store_streamed_bodies | bool | false
stream_large_bodies | optional str |
strip_ech | bool | true
tcp_hosts | sequence of str |
tcp_timeout | int | 600
termlog_verbosity | str | info
tls_ecdh_curve_client | optional str |
tls_ecdh_curve_server | optional str |
tls_version_client_max | str | UNBOUNDED
tls_version_client_min | str | TLS1_2
tls_version_server_max | str | UNBOUNDED
tls_version_server_min | str | TLS1_2
udp_hosts | sequence of str |
upstream_auth | optional str |
upstream_cert | bool | true
validate_inbound_headers | bool | true
view_filter | optional str |
view_order | str | time
view_order_reversed | bool | false
web_columns | sequence of str | tls, icon, path, method, status, size, time
web_debug | bool | false
web_host | str | 127.0.0.1
web_open_browser | bool | true
web_password | str |
web_port | int | 8081
web_static_viewer | optional str |
web_theme | str | system
websocket | bool | true
`

// waiting says of every option of the reference that nothing acts on yet which part will bring it, or what replaces it.
var waiting = map[string]string{
	"http3":             "HTTP/3 over QUIC",
	"scripts":           "scripts",
	"web_columns":       "the web interface",
	"web_debug":         "the web interface",
	"web_host":          "the web interface",
	"web_open_browser":  "the web interface",
	"web_password":      "the web interface",
	"web_port":          "the web interface",
	"web_static_viewer": "the web interface",
	"web_theme":         "the web interface",
}

// different says which defaults are not those of the reference, and why.
var different = map[string]string{
	"confdir": "our own folder, though certificates and keys of mitmproxy are read where they are copied there",
}

// choices are those of the reference where only some values are allowed.
var choices = map[string]string{
	"connection_strategy":        "eager lazy",
	"console_eventlog_verbosity": "error warn info alert debug",
	"console_flowlist_layout":    "default table list",
	"console_layout":             "single vertical horizontal",
	"console_palette":            "dark light lowdark lowlight solarized_dark solarized_light",
	"server_replay_extra":        "forward kill 204 400 404 500",
	"termlog_verbosity":          "error warn info alert debug",
	"tls_version_client_max":     "UNBOUNDED TLS1 TLS1_1 TLS1_2 TLS1_3", // and SSL3, with which nothing would be left
	"tls_version_client_min":     "UNBOUNDED SSL3 TLS1 TLS1_1 TLS1_2 TLS1_3",
	"tls_version_server_max":     "UNBOUNDED TLS1 TLS1_1 TLS1_2 TLS1_3",
	"tls_version_server_min":     "UNBOUNDED SSL3 TLS1 TLS1_1 TLS1_2 TLS1_3",
	"view_order":                 "time method url size",
	"web_theme":                  "system dark light",
}

// TestReference holds our options against those of mitmproxy.
func TestReference(t *testing.T) {
	o := New()
	seen := map[string]bool{}
	for line := range strings.Lines(strings.TrimSpace(reference)) {
		parts := strings.SplitN(strings.TrimSpace(line), "|", 3)
		name, kind, value := strings.TrimSpace(parts[0]), Type(strings.TrimSpace(parts[1])), strings.TrimSpace(parts[2])
		seen[name] = true
		s, err := Lookup(name)
		if err != nil {
			t.Errorf("%s is missing", name)
			continue
		}
		ours := o.Format(name)
		if list, ok := o.Value(name).([]string); ok {
			ours = strings.Join(list, ", ")
		}
		if s.Type != kind || ours != value && different[name] == "" {
			t.Errorf("%s is a %s with the default %q, want a %s with %q", name, s.Type, ours, kind, value)
		}
		if want := strings.Fields(choices[name]); !equalSets(s.Choices, want) {
			t.Errorf("%s is one of %v, want %v", name, s.Choices, want)
		}
		if _, listed := waiting[name]; listed != (s.Instead != "") {
			t.Errorf("%s: what to do instead: %q; is in the table of those that do: %v", name, s.Instead, listed)
		}
	}
	if len(seen) != 117 {
		t.Errorf("the reference has %d options", len(seen))
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(waiting)), slices.Collect(maps.Keys(different)), slices.Collect(maps.Keys(choices))) {
		if !seen[name] {
			t.Errorf("%s is in a table and not in the reference", name)
		}
	}
}

func equalSets(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
