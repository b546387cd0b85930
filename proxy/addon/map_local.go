package addon

import (
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"

	"sluice/proxy/addon/rule"
	"sluice/proxy/filter"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// maxLocal bounds a file that is served, in bytes.
const maxLocal = 256 << 20

// MapLocal answers from a file or a directory: [/filter]/url-regex/path.
type MapLocal struct {
	rules   atomic.Pointer[[]localRule]
	waiting waitlist
	log     *slog.Logger
}

type localRule struct {
	*rule.Rule
	url  *filter.Regexp
	path string
	dir  bool
}

// NewMapLocal returns the addon, which follows map_local from now on.
func NewMapLocal(opts *option.Options, log *slog.Logger) (*MapLocal, error) {
	m := &MapLocal{log: log}
	return m, follow(opts, func() error {
		var rules []localRule
		for _, source := range opts.Strs("map_local") {
			r, err := parseLocalRule(source)
			if err != nil {
				return err
			}
			rules = append(rules, r)
		}
		m.rules.Store(&rules)
		return nil
	}, "map_local")
}

func parseLocalRule(source string) (l localRule, err error) {
	if l.Rule, err = rule.Parse("map_local", source, "/url-regex/path or /filter/url-regex/path, with another separator than / if the path has one"); err != nil {
		return l, err
	}
	if l.url, err = l.Regexp(false); err != nil {
		return l, err
	}
	if l.path, err = filepath.Abs(option.ExpandHome(l.Replacement)); err != nil || l.Replacement == "" {
		return l, l.BadReplacement("give the path of a file or a directory")
	}
	info, err := os.Stat(l.path)
	if err != nil {
		return l, l.BadReplacement("%v: give the path of a file or a directory that is there", err)
	}
	l.dir = info.IsDir()
	return l, nil
}

// Handle answers at the headers, or when the request is whole if a filter has to know its body.
func (m *MapLocal) Handle(h layer.Hook) <-chan layer.Verdict {
	switch h := h.(type) {
	case *layer.RequestHeaders:
		f := h.Flow
		if len(*m.rules.Load()) > 0 && unanswered(f) && m.waiting.head(f, &f.Request.HTTPMessage, m.known(f)) {
			m.apply(f)
		}
	case *layer.Request:
		if m.waiting.whole(h.Flow, &h.Flow.Request.HTTPMessage) && unanswered(h.Flow) {
			m.apply(h.Flow)
		}
	case *layer.Error:
		m.waiting.take(h.Flow.ID)
	}
	return nil
}

func (m *MapLocal) known(f *flow.Flow) bool {
	for _, r := range *m.rules.Load() {
		if _, ok := r.Filter.MatchHead(f); !ok && r.url.Match(f.Request.PrettyURL()) {
			return false
		}
	}
	return true
}

// apply answers with the first file that there is. If rules are for the request and there is none, that is a 404.
func (m *MapLocal) apply(f *flow.Flow) {
	at := f.Request.PrettyURL()
	tried := false
	for _, r := range *m.rules.Load() {
		if !r.url.Match(at) || !r.For(f) {
			continue
		}
		tried = true
		for _, name := range r.candidates(at) {
			data, err := r.read(name)
			if err == nil {
				answer(f, http.StatusOK, contentType(name), data)
				return
			}
			if !os.IsNotExist(err) {
				m.log.Warn("map_local cannot read a file", "file", filepath.Join(r.path, name), "err", err)
			}
		}
	}
	if tried {
		m.log.Info("map_local has no file for " + at + ", which is answered with 404")
		answer(f, http.StatusNotFound, "", nil)
	}
}

// candidates returns the names, below a directory, of the files that may be meant by a URL; of a rule for a file its name.
func (l *localRule) candidates(at string) []string {
	if !l.dir {
		return []string{filepath.Base(l.path)}
	}
	m := l.url.FindAll(at, 1)[0]
	var name string
	if len(m) > 2 && m[2] >= 0 {
		name = at[m[2]:m[3]]
	} else {
		name, _, _ = strings.Cut(at[m[1]:], "?")
		name = strings.Trim(name, "/")
	}
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	if name = strings.TrimPrefix(name, "/"); name == "" {
		return []string{"index.html"}
	}
	names := []string{name, name + "/index.html"}
	if safe := strings.Map(plainChar, name); safe != name {
		names = append(names, safe, safe+"/index.html")
	}
	var inside []string
	for _, n := range names {
		if filepath.IsLocal(n) && !strings.ContainsRune(n, 0) {
			inside = append(inside, n)
		}
	}
	return inside
}

// plainChar replaces what file names are often written without.
func plainChar(c rune) rune {
	if c < 0x80 && (strings.ContainsRune("-_.=(),/", c) || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z') {
		return c
	}
	return '_'
}

// read reads a file of the rule. No name, and no link below the directory, leads out of it.
func (l *localRule) read(name string) ([]byte, error) {
	dir := l.path
	if !l.dir {
		dir = filepath.Dir(l.path)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = os.ErrNotExist
	}
	if err == nil && info.Size() > maxLocal {
		err = fmt.Errorf("it is larger than %d MiB", maxLocal>>20)
	}
	if err != nil {
		return nil, err
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxLocal))
}

// contentTypes are those of files that a browser has to know, whatever the system says.
var contentTypes = map[string]string{
	".html": "text/html", ".htm": "text/html", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
	".json": "application/json", ".map": "application/json", ".svg": "image/svg+xml", ".wasm": "application/wasm", ".txt": "text/plain",
}

// contentType guesses what a file is by its name; "" if that is not known.
func contentType(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if t, ok := contentTypes[ext]; ok {
		return t
	}
	return mime.TypeByExtension(ext)
}
