package addon

import (
	"log/slog"
	"strings"
	"sync/atomic"

	"sluice/proxy/addon/rule"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// ModifyHeaders sets and removes header fields: [/filter]/name/[@]value. It is about requests and responses
// alike; the filter says which of them, as ~q and ~s do.
type ModifyHeaders struct {
	rules               atomic.Pointer[[]*rule.Rule]
	requests, responses waitlist // wait until they are whole
	disk                *Disk
	log                 *slog.Logger
}

// NewModifyHeaders returns the addon, which follows modify_headers from now on.
func NewModifyHeaders(opts *option.Options, disk *Disk, log *slog.Logger) (*ModifyHeaders, error) {
	m := &ModifyHeaders{disk: disk, log: log}
	return m, opts.Follow(func() error {
		rules, err := readRules(opts, "modify_headers", parseHeaderRule)
		if err == nil {
			m.rules.Store(&rules)
		}
		return err
	}, "modify_headers")
}

func parseHeaderRule(source string) (*rule.Rule, error) {
	r, err := rule.Parse("modify_headers", source, "/name/value or /filter/name/value; an empty value removes the header")
	if err == nil {
		err = checkField(r)
	}
	return r, err
}

// checkField refuses what would not be a field (RFC 9110 §5.1, §5.5).
func checkField(r *rule.Rule) error {
	if r.Subject == "" || strings.Trim(r.Subject, tokenChars) != "" {
		return r.BadSubject("a header name has letters, digits and !#$%%&'*+-.^_`|~ only")
	}
	if _, ok := r.Path(); ok {
		return r.CheckFile()
	}
	value, err := r.Text()
	if err == nil && strings.ContainsAny(value, "\r\n\x00") {
		return r.BadReplacement("a header value is one line")
	}
	return err
}

const tokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// Handle changes a head before it is sent.
func (m *ModifyHeaders) Handle(h layer.Hook) <-chan layer.Verdict {
	rules := *m.rules.Load()
	switch h := h.(type) {
	case *layer.RequestHeaders:
		return m.head(&m.requests, rules, h.Flow, &h.Flow.Request.HTTPMessage)
	case *layer.ResponseHeaders:
		return m.head(&m.responses, rules, h.Flow, &h.Flow.Response.HTTPMessage)
	case *layer.Request:
		if r := &h.Flow.Request.HTTPMessage; m.requests.whole(h.Flow, r) {
			return m.apply(rules, h.Flow, r)
		}
	case *layer.Response:
		if r := &h.Flow.Response.HTTPMessage; m.responses.whole(h.Flow, r) {
			return m.apply(rules, h.Flow, r)
		}
	case *layer.Error:
		m.requests.take(h.Flow.ID)
		m.responses.take(h.Flow.ID)
	}
	return nil
}

func (m *ModifyHeaders) head(w *waitlist, rules []*rule.Rule, f *flow.Flow, msg *flow.HTTPMessage) <-chan layer.Verdict {
	if len(rules) > 0 && w.head(f, msg, known(rules, f)) {
		return m.apply(rules, f, msg)
	}
	return nil
}

// apply sets what the rules for the flow say, when their files have been read if they have any.
func (m *ModifyHeaders) apply(rules []*rule.Rule, f *flow.Flow, msg *flow.HTTPMessage) <-chan layer.Verdict {
	var fit []*rule.Rule
	files := false
	for _, r := range rules {
		if r.For(f) {
			fit = append(fit, r)
			_, file := r.Path()
			files = files || file
		}
	}
	if !files {
		set(msg, fit, m.values(fit))
		return nil
	}
	var values []string
	return m.disk.Read(func() error {
		values = m.values(fit)
		return nil
	}, func(err error) {
		if err != nil {
			m.log.Warn("modify_headers cannot read the values of headers, which stay as they are", "err", err)
			return
		}
		set(msg, fit, values)
	})
}

// oneLine makes a header value of what is in a file.
var oneLine = strings.NewReplacer("\r\n", " ", "\r", " ", "\n", " ", "\x00", "")

// values returns what each rule sets, "" for nothing.
func (m *ModifyHeaders) values(rules []*rule.Rule) []string {
	values := make([]string, len(rules))
	for i, r := range rules {
		if _, ok := r.Path(); !ok {
			values[i], _ = r.Text() // checkField has tried it
			continue
		}
		b, err := r.ReadFile()
		if err != nil {
			m.log.Warn("modify_headers cannot read the value of a header, which is left out", "rule", r.Source, "err", err)
		}
		values[i] = strings.TrimSpace(oneLine.Replace(string(b)))
	}
	return values
}

// set removes all fields that rules name, and then adds those that have a value, so that
// several rules with one name make several fields.
func set(msg *flow.HTTPMessage, rules []*rule.Rule, values []string) {
	for _, r := range rules {
		msg.Headers = msg.Headers.Del(r.Subject)
	}
	for i, r := range rules {
		if values[i] != "" {
			msg.Headers = msg.Headers.Add(r.Subject, values[i])
		}
	}
}
