package addon

import (
	"bytes"
	"crypto/sha256"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/option"
)

// replaySettings are the options of server replay. They are never written once they are shared.
type replaySettings struct {
	ignoreContent, ignoreHost, ignorePort bool
	ignoreParams, ignorePayload, headers  []string
	refresh, reuse                        bool
	extra                                 string
}

var replayOptions = []string{
	"server_replay_ignore_content", "server_replay_ignore_host", "server_replay_ignore_port", "server_replay_ignore_params",
	"server_replay_ignore_payload_params", "server_replay_use_headers", "server_replay_refresh", "server_replay_reuse",
	"server_replay_nopop", "server_replay_extra", "server_replay_kill_extra",
}

func readReplaySettings(o *option.Options) *replaySettings {
	s := &replaySettings{
		ignoreContent: o.Bool("server_replay_ignore_content"), ignoreHost: o.Bool("server_replay_ignore_host"),
		ignorePort: o.Bool("server_replay_ignore_port"), ignoreParams: o.Strs("server_replay_ignore_params"),
		ignorePayload: o.Strs("server_replay_ignore_payload_params"), headers: o.Strs("server_replay_use_headers"),
		refresh: o.Bool("server_replay_refresh"), reuse: o.Bool("server_replay_reuse") || o.Bool("server_replay_nopop"),
		extra: o.Str("server_replay_extra"),
	}
	if o.Bool("server_replay_kill_extra") {
		s.extra = "kill"
	}
	return s
}

// A key gathers what has to be the same. What it is made of cannot be confused: each part has its length in front.
type key struct{ b []byte }

func (k *key) add(parts ...string) {
	for _, p := range parts {
		k.b = strconv.AppendInt(k.b, int64(len(p)), 10)
		k.b = append(append(k.b, ':'), p...)
	}
}

// headKey is what of a request's head has to be the same.
func (o *replaySettings) headKey(r *flow.Request) string {
	var k key
	path, query, _ := strings.Cut(r.Path, "?")
	k.add(r.Scheme, r.Method, path)
	if !o.ignoreHost {
		k.add("host", strings.ToLower(r.PrettyHost()))
	}
	if !o.ignorePort {
		k.add("port", strconv.Itoa(r.Port))
	}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if pair != "" && !slices.Contains(o.ignoreParams, unquote(name)) {
			k.add("query", unquote(name), unquote(value))
		}
	}
	for _, name := range o.headers {
		k.add("header", strings.ToLower(name), fieldOf(r, name))
	}
	return string(k.b)
}

// fieldOf returns the values of a header as one, the same for requests that are the same in HTTP/1 and HTTP/2.
func fieldOf(r *flow.Request, name string) string {
	values := r.Headers.Values(name)
	switch {
	case strings.EqualFold(name, "Cookie"): // which HTTP/2 may split (RFC 9113 §8.2.3)
		return strings.Join(values, "; ")
	case len(values) == 0 && strings.EqualFold(name, "Host"): // whose place :authority takes (RFC 9113 §8.3.1)
		return r.Authority
	}
	return strings.Join(values, ", ")
}

func unquote(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// bodyKey is what of a request's body has to be the same; "" if it does not matter.
func (o *replaySettings) bodyKey(r *flow.Request) string {
	if o.ignoreContent {
		return ""
	}
	var k key
	k.add("body")
	if fields, ok := o.fields(r); ok {
		k.add(fields...)
	} else {
		sum := sha256.New()
		for p := range r.Body.Chunks {
			sum.Write(p)
		}
		k.add(string(sum.Sum(nil)))
	}
	return string(k.b)
}

// fields returns the names and values of a form but for those that do not matter; ok is false if they all do, or it is no form.
func (o *replaySettings) fields(r *flow.Request) (fields []string, ok bool) {
	if len(o.ignorePayload) == 0 {
		return nil, false
	}
	kind, params, err := mime.ParseMediaType(r.Headers.Get("Content-Type"))
	switch {
	case err != nil:
		return nil, false
	case kind == "application/x-www-form-urlencoded":
		for pair := range strings.SplitSeq(string(r.Body.Bytes()), "&") {
			name, value, _ := strings.Cut(pair, "=")
			if pair != "" && !slices.Contains(o.ignorePayload, unquote(name)) {
				fields = append(fields, unquote(name), unquote(value))
			}
		}
		return fields, true
	case kind == "multipart/form-data":
		return o.parts(r.Body.Bytes(), params["boundary"])
	}
	return nil, false
}

func (o *replaySettings) parts(body []byte, boundary string) (fields []string, ok bool) {
	m := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		p, err := m.NextRawPart()
		if err == io.EOF {
			return fields, true
		}
		if err != nil {
			return nil, false
		}
		data, err := io.ReadAll(p)
		if err != nil {
			return nil, false
		}
		if name := p.FormName(); !slices.Contains(o.ignorePayload, name) {
			fields = append(fields, name, string(data))
		}
	}
}
