package layers_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/layer/layertest"
	"sluice/proxy/layers"
	"sluice/proxy/wire/h2"
)

// h2Book plays transcripts in which the client, or the server, or both speak HTTP/2. Their lines are frames:
//
//	>> client headers 1 end :method=GET :scheme=https :authority=example.com :path=/
//	<< server headers 1 end :method=GET …
//	>> server data 1 end hello
//
// and reset, window, settings, ping, goaway, raw. Blanks in values are written as %20. What goes
// without saying is not shown: settings and their acknowledgement, and windows of connections. Other lines are those of a Playbook.
type h2Book struct {
	*layertest.Playbook
	t     *testing.T
	ctx   *layer.Context
	peers map[string]*h2Peer
	// windows shows all WINDOW_UPDATE frames.
	windows bool
}

// h2Peer is one end of an HTTP/2 connection that speaks with a layer.
type h2Peer struct {
	enc    *hpack.Encoder
	encBuf bytes.Buffer
	dec    *hpack.Decoder
	in     []byte
	reader h2.Reader
	first  bool // has not sent anything yet
	client bool
}

func newH2Peer(client bool) *h2Peer {
	p := &h2Peer{dec: hpack.NewDecoder(4096, nil), first: true, client: client}
	p.enc = hpack.NewEncoder(&p.encBuf)
	return p
}

// h2Play returns a book for a transparent proxy whose client speaks HTTP/2 if client is true, and whose server, which is connected, does if
// server is true.
func h2Play(t *testing.T, client, server bool, opts layer.Options) *h2Book {
	ctx := layertest.Context(opts)
	ctx.Server.Address = flow.Addr{Host: "example.com", Port: 443}
	ctx.Server.State, ctx.Server.TLS, ctx.Server.TLSSetup = flow.Open, true, layertest.Epoch
	b := &h2Book{t: t, ctx: ctx, peers: map[string]*h2Peer{}}
	if client {
		ctx.Client.TLS, ctx.Client.ALPN = true, "h2"
		b.peers["client"] = newH2Peer(true)
	}
	if server {
		ctx.Server.ALPN = "h2"
		b.peers["server"] = newH2Peer(false)
	}
	b.Playbook = layertest.New(t, ctx, layers.NewHTTP(ctx, layers.HTTPTransparent))
	b.AutoHooks, b.HideHooks = true, true
	return b
}

// words stand for field lists in transcripts.
var words = strings.NewReplacer(
	"$GET", ":method=GET :scheme=https :path=/ :authority=example.com",
	"$POST", ":method=POST :scheme=https :path=/ :authority=example.com",
	"$ONE", "GET / HTTP/1.1\\r\\nHost: example.com\\r\\n",
)

// play runs a transcript.
func (b *h2Book) play(transcript string) {
	b.t.Helper()
	b.Start()
	var want []string
	check := func() {
		b.t.Helper()
		b.compare(want)
		want = nil
	}
	for raw := range strings.Lines(transcript) {
		text := strings.TrimSpace(words.Replace(raw))
		switch {
		case text == "" || text[0] == '#':
		case strings.HasPrefix(text, "<<"):
			want = append(want, strings.TrimSpace(text[2:]))
		default:
			check()
			b.event(strings.TrimSpace(strings.TrimPrefix(text, ">>")))
		}
	}
	check()
}

func (b *h2Book) event(text string) {
	b.t.Helper()
	who, rest, _ := strings.Cut(text, " ")
	p := b.peers[who]
	if p == nil || rest == "closed" || rest == "drained" {
		b.Do(text)
		return
	}
	b.Data(b.conn(who), p.bytes(b.t, rest))
}

func (b *h2Book) conn(who string) *flow.Conn {
	if who == "client" {
		return &b.ctx.Client.Conn
	}
	return &b.ctx.Server.Conn
}

// compare wants lines to be what has been sent and commanded since the last time.
func (b *h2Book) compare(want []string) {
	b.t.Helper()
	got := b.output()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = matchFront(got[i], want[i])
	}
	if !ok {
		b.t.Fatalf("want\n\t%s\ngot\n\t%s", strings.Join(want, "\n\t"), strings.Join(got, "\n\t"))
	}
}

// output is what came out of the layer, frames instead of bytes where HTTP/2 is spoken.
func (b *h2Book) output() (lines []string) {
	for _, line := range b.TakeAll() {
		who, quoted, sent := strings.Cut(strings.TrimPrefix(line, "send "), " ")
		p := b.peers[who]
		if !sent || p == nil || !strings.HasPrefix(line, "send ") {
			lines = append(lines, line)
			continue
		}
		data, err := strconv.Unquote(quoted)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, f := range p.frames(b.t, []byte(data), b.windows) {
			lines = append(lines, who+" "+f)
		}
	}
	return lines
}

// bytes returns the frame that a line describes, behind the preface if it is the first one.
func (p *h2Peer) bytes(t *testing.T, line string) (out []byte) {
	t.Helper()
	if p.first {
		if p.first = false; p.client {
			out = append(out, h2.Preface...)
		}
		out = h2.AppendSettings(out)
	}
	for part := range strings.SplitSeq(line, " + ") {
		out = p.frame(t, out, strings.Fields(part))
	}
	return out
}

func (p *h2Peer) frame(t *testing.T, out []byte, w []string) []byte {
	t.Helper()
	kind, args := w[0], w[1:]
	id := uint32(0)
	if kind != "settings" && kind != "ping" && kind != "raw" {
		id = uint32(number(t, args[0]))
		args = args[1:]
	}
	end := len(args) > 0 && args[0] == "end"
	if end {
		args = args[1:]
	}
	switch kind {
	case "headers":
		p.encBuf.Reset()
		for _, field := range args {
			i := strings.IndexByte(field[1:], '=') + 1
			p.enc.WriteField(hpack.HeaderField{Name: field[:i], Value: unescape(field[i+1:])})
		}
		return h2.AppendHeaders(out, id, end, p.encBuf.Bytes(), h2.MaxFrame)
	case "data":
		return h2.AppendData(out, id, end, []byte(unescape(strings.Join(args, " "))))
	case "reset":
		return h2.AppendReset(out, id, http2.ErrCode(number(t, args[0])))
	case "window":
		return h2.AppendWindowUpdate(out, id, uint32(number(t, args[0])))
	case "goaway":
		return h2.AppendGoAway(out, id, http2.ErrCode(number(t, args[0])), "")
	case "ping":
		return h2.AppendPing(out, false, [8]byte{'p', 'i', 'n', 'g'})
	case "settings":
		var all []http2.Setting
		for _, a := range args {
			k, v, _ := strings.Cut(a, "=")
			all = append(all, http2.Setting{ID: http2.SettingID(number(t, k)), Val: uint32(number(t, v))})
		}
		return h2.AppendSettings(out, all...)
	}
	t.Fatalf("unknown frame %q", kind)
	return nil
}

func number(t *testing.T, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func unescape(s string) string {
	u, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return u
}

// frames reads what a layer has sent.
func (p *h2Peer) frames(t *testing.T, data []byte, windows bool) (lines []string) {
	t.Helper()
	p.in = append(p.in, data...)
	p.in = bytes.TrimPrefix(p.in, []byte(h2.Preface))
	for {
		f, n, err := p.reader.Next(p.in)
		if err != nil {
			t.Fatal("the layer has sent ", err)
		}
		if n == 0 {
			return lines
		}
		if line := p.describe(t, f, windows); line != "" {
			lines = append(lines, line)
		}
		p.in = p.in[n:]
	}
}

func (p *h2Peer) describe(t *testing.T, f http2.Frame, windows bool) string {
	end := ""
	if f.Header().Flags.Has(http2.FlagDataEndStream) {
		end = "end "
	}
	id := f.Header().StreamID
	switch f := f.(type) {
	case *http2.HeadersFrame:
		fields, err := p.dec.DecodeFull(f.HeaderBlockFragment())
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("headers %d %s", id, end)
		for _, h := range fields {
			line += h.Name + "=" + strings.ReplaceAll(h.Value, " ", "%20") + " "
		}
		return strings.TrimSpace(line)
	case *http2.DataFrame:
		return strings.TrimSpace(fmt.Sprintf("data %d %s%s", id, end, f.Data()))
	case *http2.RSTStreamFrame:
		return fmt.Sprintf("reset %d %s", id, f.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Sprintf("goaway %d %s %s", f.LastStreamID, f.ErrCode, f.DebugData())
	case *http2.PingFrame:
		if f.IsAck() {
			return "pong"
		}
		return "ping"
	case *http2.WindowUpdateFrame:
		if windows && id != 0 {
			return fmt.Sprintf("window %d %d", id, f.Increment)
		}
	case *http2.SettingsFrame:
		if v, ok := f.Value(http2.SettingEnableConnectProtocol); ok {
			return fmt.Sprintf("settings ENABLE_CONNECT_PROTOCOL=%d", v)
		}
	}
	return ""
}

func matchFront(got, want string) bool {
	front, _, any := strings.Cut(want, "…")
	return got == want || any && strings.HasPrefix(got, front)
}

func itoa(n int) string { return strconv.Itoa(n) }

func unquote(t *testing.T, s string) string {
	t.Helper()
	u, err := strconv.Unquote(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
