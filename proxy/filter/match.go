package filter

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sluice/proxy/flow"
)

func isHTTP(v *view) bool { return v.f.Kind == flow.HTTP }
func isTCP(v *view) bool  { return v.f.Kind == flow.TCP }
func isUDP(v *view) bool  { return v.f.Kind == flow.UDP }
func isDNS(v *view) bool  { return v.f.Kind == flow.DNS }

func isWebSocket(v *view) bool { return v.f.Kind == flow.HTTP && v.f.WebSocket != nil }

func hasError(v *view) bool { return v.f.Error != nil }
func isMarked(v *view) bool { return v.f.Marked != "" }

func isReplayed(v *view) bool         { return v.f.Replay != flow.NotReplayed }
func isReplayedRequest(v *view) bool  { return v.f.Replay == flow.ReplayedRequest }
func isReplayedResponse(v *view) bool { return v.f.Replay == flow.ReplayedResponse }

func hasResponse(v *view) bool {
	return v.response() != nil || v.f.Kind == flow.DNS && v.f.DNSResponse != nil
}

func hasNoResponse(v *view) bool {
	return v.f.Kind == flow.HTTP && v.f.Response == nil || v.f.Kind == flow.DNS && v.f.DNSResponse == nil
}

func hasStatus(v *view, l *leaf) bool {
	r := v.response()
	return r != nil && l.lo <= r.Status && r.Status <= l.hi
}

// assetTypes are parts of the content types of what a page is dressed with; case matters.
var assetTypes = []string{"text/javascript", "application/x-javascript", "application/javascript",
	"text/css", "image/", "font/", "application/font"}

func isAsset(v *view) bool {
	r := v.response()
	return r != nil && anyType(r.Headers, func(value string) bool {
		return slices.ContainsFunc(assetTypes, func(t string) bool { return strings.Contains(value, t) })
	})
}

// anyType reports whether ok holds for a Content-Type line.
func anyType(h flow.Headers, ok func(value string) bool) bool {
	for i := range h {
		if len(h[i].Name) == len("Content-Type") && strings.EqualFold(h[i].Name, "Content-Type") && ok(h[i].Value) {
			return true
		}
	}
	return false
}

func inRequestType(v *view, p *pattern) bool {
	r := v.request()
	return r != nil && anyType(r.Headers, p.matchString)
}

func inResponseType(v *view, p *pattern) bool {
	r := v.response()
	return r != nil && anyType(r.Headers, p.matchString)
}

func inContentType(v *view, p *pattern) bool { return inRequestType(v, p) || inResponseType(v, p) }

func inRequestHeaders(v *view, p *pattern) bool {
	return v.request() != nil && p.matchBytes(v.requestHead())
}

func inResponseHeaders(v *view, p *pattern) bool {
	return v.response() != nil && p.matchBytes(v.responseHead())
}

func inHeaders(v *view, p *pattern) bool { return inRequestHeaders(v, p) || inResponseHeaders(v, p) }

func inMethod(v *view, p *pattern) bool {
	r := v.request()
	return r != nil && p.matchString(r.Method)
}

func inURL(v *view, p *pattern) bool {
	if v.f.Kind == flow.DNS {
		return inQuestion(v, p)
	}
	return v.request() != nil && p.matchBytes(v.prettyURL())
}

func inHost(v *view, p *pattern) bool {
	r := v.request()
	return r != nil && (p.matchString(r.Host) || p.matchString(r.PrettyHost())) || v.f.TLSNote() != "" && inTLSHost(v.f, p)
}

// inTLSHost looks into the names of a connection on which TLS failed or was passed through.
func inTLSHost(f *flow.Flow, p *pattern) bool {
	return f.Client != nil && f.Client.SNI != "" && p.matchString(f.Client.SNI) ||
		f.Server != nil && f.Server.Address.Host != "" && p.matchString(f.Server.Address.Host)
}

func inRequestBody(v *view, p *pattern) bool {
	if v.request() != nil {
		if b, ok := v.requestBody(); ok && p.matchBytes(b) {
			return true
		}
	}
	if inDNS(v, p, v.f.DNSRequest) {
		return true
	}
	return inMessages(v, p, true)
}

func inResponseBody(v *view, p *pattern) bool {
	if v.response() != nil {
		if b, ok := v.responseBody(); ok && p.matchBytes(b) {
			return true
		}
	}
	if inDNS(v, p, v.f.DNSResponse) {
		return true
	}
	return inMessages(v, p, false)
}

func inBody(v *view, p *pattern) bool { return inRequestBody(v, p) || inResponseBody(v, p) }

func inMessages(v *view, p *pattern, fromClient bool) bool {
	messages := v.f.AllMessages()
	for i := range messages {
		if messages[i].FromClient == fromClient && p.matchBytes(messages[i].Content) {
			return true
		}
	}
	return false
}

func inComment(v *view, p *pattern) bool { return p.matchString(v.f.Comment) }
func inMarker(v *view, p *pattern) bool  { return p.matchString(v.f.Marked) }

func inMetadata(v *view, p *pattern) bool {
	v.other = v.other[:0]
	for i, key := range slices.Sorted(maps.Keys(v.f.Metadata)) {
		if i > 0 {
			v.other = append(v.other, '\n')
		}
		v.other = append(v.other, key...)
		v.other = append(v.other, ": "...)
		v.other = append(v.other, v.f.Metadata[key]...)
	}
	return p.matchBytes(v.other)
}

func inSource(v *view, p *pattern) bool {
	c := v.f.Client
	if c == nil || !c.Peer.IsValid() {
		return false
	}
	addr := netip.AddrPortFrom(c.Peer.Addr().Unmap(), c.Peer.Port())
	v.other = appendPlain(addr.Addr().AppendTo(v.other[:0]), int(addr.Port()))
	if p.matchBytes(v.other) {
		return true
	}
	v.other = addr.AppendTo(v.other[:0])
	return addr.Addr().Is6() && p.matchBytes(v.other)
}

func inDestination(v *view, p *pattern) bool {
	s := v.f.Server
	if s == nil || s.Address.IsZero() {
		return false
	}
	v.other = appendPlain(append(v.other[:0], s.Address.Host...), s.Address.Port)
	if p.matchBytes(v.other) {
		return true
	}
	v.other = flow.AppendHostPort(v.other[:0], s.Address.Host, s.Address.Port)
	return strings.Contains(s.Address.Host, ":") && p.matchBytes(v.other)
}

// appendPlain appends the port to a host without brackets, so that an IPv6 address can be found in either form.
func appendPlain(host []byte, port int) []byte {
	return strconv.AppendInt(append(host, ':'), int64(port), 10)
}
