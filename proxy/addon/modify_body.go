package addon

import (
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"

	"sluice/proxy/addon/rule"
	"sluice/proxy/content"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/flow/coding"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// ModifyBody replaces in bodies: [/filter]/regex/[@]replacement. It is about requests and responses alike. Bodies
// are decoded for it and encoded again. Those it may change are held until they are whole.
type ModifyBody struct {
	rules atomic.Pointer[[]bodyRule]
	disk  *Disk
	log   *slog.Logger
}

type bodyRule struct {
	*rule.Rule
	find *filter.Regexp
	put  *rule.Template // nil: what is in the file
}

// NewModifyBody returns the addon, which follows modify_body from now on.
func NewModifyBody(opts *option.Options, disk *Disk, log *slog.Logger) (*ModifyBody, error) {
	m := &ModifyBody{disk: disk, log: log}
	return m, opts.Follow(func() error {
		rules, err := readRules(opts, "modify_body", parseBodyRule)
		if err != nil {
			return err
		}
		m.rules.Store(&rules)
		if len(rules) > 0 && opts.Str("stream_large_bodies") != "" {
			log.Warn("modify_body does not change bodies that stream_large_bodies lets pass")
		}
		return nil
	}, "modify_body", "stream_large_bodies")
}

func parseBodyRule(source string) (b bodyRule, err error) {
	if b.Rule, err = rule.Parse("modify_body", source, "/regex/replacement or /filter/regex/replacement"); err != nil {
		return b, err
	}
	if b.find, err = b.Regexp(true); err != nil {
		return b, err
	}
	if _, ok := b.Path(); ok {
		return b, b.CheckFile()
	}
	b.put, err = b.Template(b.find)
	return b, err
}

// Handle asks at the headers for messages that may be changed, and changes them when they are whole.
func (m *ModifyBody) Handle(h layer.Hook) <-chan layer.Verdict {
	rules := *m.rules.Load()
	if len(rules) == 0 {
		return nil
	}
	switch h := h.(type) {
	case *layer.RequestHeaders:
		h.Flow.Request.Hold = h.Flow.Request.Hold || may(rules, h.Flow)
	case *layer.ResponseHeaders:
		if r := h.Flow.Response; may(rules, h.Flow) {
			if !r.Hold && !r.Stream && strings.HasPrefix(strings.ToLower(r.Headers.Get("Content-Type")), "text/event-stream") {
				m.log.Warn("modify_body holds an event stream until it ends: leave such out with a filter like !~ts event-stream", "url", h.Flow.Request.PrettyURL())
			}
			r.Hold = true
		}
	case *layer.Request:
		return m.apply(rules, h.Flow, &h.Flow.Request.HTTPMessage)
	case *layer.Response:
		return m.apply(rules, h.Flow, &h.Flow.Response.HTTPMessage)
	}
	return nil
}

// may reports whether some rule is for a flow, or may be once its body is known.
func may(rules []bodyRule, f *flow.Flow) bool {
	for _, r := range rules {
		if ok, _ := r.May(f); ok {
			return true
		}
	}
	return false
}

// apply applies all rules for a flow to a message that is whole and has not been sent, when their files have been read if they have any.
func (m *ModifyBody) apply(rules []bodyRule, f *flow.Flow, msg *flow.HTTPMessage) <-chan layer.Verdict {
	switch {
	case !msg.Hold || msg.Body.Len() == 0:
		return nil
	case msg.Stream || msg.Body.Gap() != flow.Whole:
		m.missed(rules, f, msg)
		return nil
	}
	var fit []bodyRule
	files := false
	for _, r := range rules {
		if r.For(f) {
			fit = append(fit, r)
			files = files || r.put == nil
		}
	}
	switch {
	case len(fit) == 0:
		return nil
	case !files:
		m.change(fit, f, msg)
		return nil
	}
	return m.disk.Read(func() error {
		m.readFiles(fit)
		return nil
	}, func(err error) {
		if err != nil {
			m.log.Warn("modify_body cannot read what to put into a body, which stays as it is", "url", f.Request.PrettyURL(), "err", err)
			return
		}
		m.change(fit, f, msg)
	})
}

// missed says in the log and with the flow that a body passed which a rule may be for.
func (m *ModifyBody) missed(rules []bodyRule, f *flow.Flow, msg *flow.HTTPMessage) {
	if !may(rules, f) {
		return
	}
	text := "modify_body did not act on " + sized(f, msg) + ": it " + passed
	note(f, missedKey, text)
	m.log.Warn(text+". The filter ~meta "+missedKey+" shows all such flows", "url", f.Request.PrettyURL())
}

// readFiles sets what rules put into a body that have it in a file. Those whose file cannot be read put nothing into it.
func (m *ModifyBody) readFiles(rules []bodyRule) {
	for i, r := range rules {
		if r.put != nil {
			continue
		}
		b, err := r.ReadFile()
		if err != nil {
			m.log.Warn("modify_body cannot read what to put into a body, which stays as it is", "rule", r.Source, "err", err)
			continue
		}
		rules[i].put = rule.Literal(string(b))
	}
}

// change applies rules to a message, all to what the one before has made of it.
func (m *ModifyBody) change(rules []bodyRule, f *flow.Flow, msg *flow.HTTPMessage) {
	plain, coded := content.Decode(msg.Headers, msg.Body.Bytes())
	if strings.HasSuffix(coded, " in part]") || coded == "[cannot decode]" {
		m.log.Warn("modify_body cannot decode a body, which stays as it is", "url", f.Request.PrettyURL())
		return
	}
	text, n := string(plain), 0
	for _, r := range rules {
		if r.put == nil {
			continue
		}
		var k int
		text, k = r.put.Replace(r.find, text)
		n += k
	}
	if n == 0 {
		return
	}
	body := []byte(text)
	if coded != "" {
		var err error
		if body, err = coding.Encode(strings.Join(msg.Headers.Values("Content-Encoding"), ", "), body); err != nil {
			m.log.Warn("modify_body cannot encode a body again, which stays as it is", "url", f.Request.PrettyURL(), "err", err)
			return
		}
	}
	msg.Body = flow.BodyOf(body)
	if msg.Headers.Has("Content-Length") {
		msg.Headers = msg.Headers.Set("Content-Length", strconv.Itoa(len(body)))
	}
}
