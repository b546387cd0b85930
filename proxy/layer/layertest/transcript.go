package layertest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
)

// wildcard stands for any text in an expected line.
const wildcard = "…"

// A line is one piece of output. Adjacent sends to one connection are one line.
type line struct {
	sendTo, data string
	text         string
}

func (l line) String() string {
	if l.sendTo != "" {
		return fmt.Sprintf("send %s %s", l.sendTo, strconv.Quote(l.data))
	}
	return l.text
}

// Run plays a transcript and compares what comes out with its << lines. Blank lines and lines that begin with # say nothing.
func (p *Playbook) Run(transcript string) {
	p.t.Helper()
	var want []string
	for raw := range strings.Lines(transcript) {
		text := strings.TrimSpace(raw)
		switch {
		case text == "" || text[0] == '#':
		case strings.HasPrefix(text, "<<"):
			want = append(want, strings.TrimSpace(text[2:]))
		case strings.HasPrefix(text, ">>"):
			p.Expect(want...)
			want = nil
			p.Do(strings.TrimSpace(text[2:]))
		default:
			p.t.Fatalf("%q: a line begins with >> or <<", text)
		}
	}
	p.Expect(want...)
}

// Do plays one incoming line, without the >>.
func (p *Playbook) Do(ev string) {
	p.t.Helper()
	p.shown = append(p.shown, ">> "+ev)
	if err := p.play(ev); err != nil {
		p.t.Fatalf("%s: %v\n%s", ev, err, p.transcript(nil))
	}
}

// Expect compares all output since the last Expect with lines as they follow << in a transcript.
func (p *Playbook) Expect(want ...string) {
	p.t.Helper()
	p.Start()
	want = mergeSends(want)
	got := p.unread()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = matches(want[i], got[i][len("<< "):])
	}
	if !ok {
		p.t.Fatalf("%s", p.difference(want, got))
	}
	p.shown = append(p.shown, got...)
	p.lines = nil
}

func (p *Playbook) play(ev string) error {
	verb, arg, _ := strings.Cut(ev, " ")
	switch verb {
	case "start":
		p.Start()
	case "opened":
		p.Opened(nil)
	case "refused":
		why, err := strconv.Unquote(arg)
		if err != nil {
			return fmt.Errorf("read the reason: %w", err)
		}
		p.Opened(errors.New(why))
	case "answer":
		p.Answer(arg)
	case "wakeup":
		p.Wake()
	default:
		return p.playConn(verb, arg)
	}
	return nil
}

func (p *Playbook) playConn(name, arg string) error {
	c := p.find(name)
	if c == nil {
		return fmt.Errorf("there is no connection %q", name)
	}
	if arg == "drained" {
		p.Event(&layer.Drained{Conn: c})
		return nil
	}
	if arg == "closed" {
		p.Closed(c)
		return nil
	}
	text, err := strconv.Unquote(arg)
	if err != nil {
		return fmt.Errorf("read the data: %w", err)
	}
	p.Data(c, []byte(text))
	return nil
}

func (p *Playbook) find(name string) *flow.Conn {
	if name == "client" {
		return &p.ctx.Client.Conn
	}
	if name == "server" && len(p.servers) == 0 {
		p.serverName(p.ctx.Server)
	}
	for i, s := range p.servers {
		if serverN(i) == name {
			return &s.Conn
		}
	}
	return nil
}

func (p *Playbook) unread() []string {
	var out []string
	for _, l := range p.lines {
		out = append(out, "<< "+l.String())
	}
	return out
}

func (p *Playbook) transcript(more []string) string {
	return "\t" + strings.Join(append(p.shown[:len(p.shown):len(p.shown)], more...), "\n\t")
}

// difference shows what has happened, then both continuations, with a mark where they part.
func (p *Playbook) difference(want, got []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "the dialogue goes another way:\n%s\n", p.transcript(nil))
	i := 0
	for i < len(want) && i < len(got) && matches(want[i], got[i][len("<< "):]) {
		fmt.Fprintf(&b, "\t%s\n", got[i])
		i++
	}
	for _, w := range want[i:] {
		fmt.Fprintf(&b, "want\t<< %s\n", w)
	}
	for _, g := range got[i:] {
		fmt.Fprintf(&b, "got\t%s\n", g)
	}
	return b.String()
}

// mergeSends joins adjacent sends to one connection, as the output's are.
func mergeSends(want []string) []string {
	var out []string
	for _, w := range want {
		if n := len(out); n > 0 {
			if to, text, ok := parseSend(w); ok {
				if to0, text0, ok := parseSend(out[n-1]); ok && to == to0 {
					out[n-1] = line{sendTo: to, data: text0 + text}.String()
					continue
				}
			}
		}
		out = append(out, w)
	}
	return out
}

func parseSend(s string) (to, text string, ok bool) {
	s, ok = strings.CutPrefix(s, "send ")
	if !ok {
		return "", "", false
	}
	to, quoted, _ := strings.Cut(s, " ")
	text, err := strconv.Unquote(quoted)
	return to, text, err == nil
}

// matches compares a line with a pattern in which … is any text. Data compares by value, however it is quoted.
func matches(pattern, s string) bool {
	if to, text, ok := parseSend(pattern); ok && !strings.Contains(text, wildcard) {
		pattern = line{sendTo: to, data: text}.String()
	}
	parts := strings.Split(pattern, wildcard)
	if len(parts) == 1 {
		return pattern == s
	}
	if !strings.HasPrefix(s, parts[0]) {
		return false
	}
	s = s[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return strings.HasSuffix(s, parts[len(parts)-1])
}
