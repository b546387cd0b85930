package dump

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/proxy/flow"
)

// What the dictionaries of the newest version have: mitmproxy refuses a flow with a field more, a field less, or one of another
// type, and all that come after it in the file. What may be nothing has a question mark.
const (
	strictFlow = "version int, type text, id text, error dict?, client_conn dict, server_conn dict, intercepted bool, is_replay text?, marked text, " +
		"metadata dict, comment text, timestamp_created float, backup dict?"
	strictHTTP     = ", request dict, response dict?, websocket dict?"
	strictMessages = ", messages list"
	strictDNS      = ", request dict, response dict?"
	strictConn     = "id text, transport_protocol text, error text?, tls bool, certificate_list list, alpn bytes?, alpn_offers list, cipher text?, " +
		"cipher_list list, tls_version text?, sni text?, timestamp_end float?, timestamp_tls_setup float?"
	strictClient   = strictConn + ", peername list, sockname list, timestamp_start float, mitmcert bytes?, proxy_mode text"
	strictServer   = strictConn + ", peername list?, sockname list?, timestamp_start float?, address list?, timestamp_tcp_setup float?, via list?"
	strictMessage  = "http_version bytes, headers list, content bytes?, trailers list?, timestamp_start float, timestamp_end float?"
	strictRequest  = strictMessage + ", host text, port int, method bytes, scheme bytes, authority bytes, path bytes"
	strictResponse = strictMessage + ", status_code int, reason bytes"
	strictSocket   = "messages list, closed_by_client bool?, close_code int?, close_reason text?, timestamp_end float?"
	strictQuestion = "id int, query bool, op_code int, authoritative_answer bool, truncation bool, recursion_desired bool, recursion_available bool, " +
		"reserved int, response_code int, questions list, answers list, authorities list, additionals list, timestamp float?"
)

// strict checks the fields of a dictionary, if there is one.
func strict(t *rapid.T, where string, d *dict, fields string) {
	if d == nil {
		return
	}
	left := map[string]bool{}
	for _, f := range d.fields {
		left[f.name] = true
	}
	for f := range strings.SplitSeq(fields, ", ") {
		name, want, _ := strings.Cut(f, " ")
		if !left[name] {
			t.Errorf("%s has no %s", where, name)
		}
		delete(left, name)
		got := d.get(name)
		if is, optional := strings.CutSuffix(want, "?"); (got != nil || !optional) && typeName(got) != is {
			t.Errorf("%s.%s is %v, want %s", where, name, typeName(got), want)
		}
	}
	for name := range left {
		t.Errorf("%s has %s, which nobody knows", where, name)
	}
}

func typeName(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case []byte:
		return "bytes"
	case float64:
		return "float"
	case []any:
		return "list"
	case *dict:
		return "dict"
	}
	return fmt.Sprintf("%T", v)
}

// TestStrict is about every flow that there may be.
func TestStrict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFlow.Draw(t, "flow")
		if rapid.Bool().Draw(t, "without connections") {
			f.Client, f.Server = nil, nil
		}
		b, _ := write(t, []*flow.Flow{f}, Newest)
		v, err := parse(b, 0)
		if err != nil {
			t.Fatal(err)
		}
		d := v.(*dict)
		strict(t, "client_conn", d.dict("client_conn"), strictClient)
		strict(t, "server_conn", d.dict("server_conn"), strictServer)
		switch f.Kind {
		case flow.HTTP:
			strict(t, "flow", d, strictFlow+strictHTTP)
			strict(t, "request", d.dict("request"), strictRequest)
			strict(t, "response", d.dict("response"), strictResponse)
			strict(t, "websocket", d.dict("websocket"), strictSocket)
		case flow.DNS:
			strict(t, "flow", d, strictFlow+strictDNS)
			strict(t, "request", d.dict("request"), strictQuestion)
			strict(t, "response", d.dict("response"), strictQuestion)
		default:
			strict(t, "flow", d, strictFlow+strictMessages)
		}
	})
}
