package addon

import (
	"errors"
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
	disk    *Disk
	log     *slog.Logger
}

type localRule struct {
	urlRule
	path string
	dir  bool
}

// NewMapLocal returns the addon, which follows map_local from now on.
func NewMapLocal(opts *option.Options, disk *Disk, log *slog.Logger) (*MapLocal, error) {
	m := &MapLocal{disk: disk, log: log}
	return m, opts.Follow(func() error {
		rules, err := readRules(opts, "map_local", parseLocalRule)
		if err == nil {
			m.rules.Store(&rules)
		}
		return err
	}, "map_local")
}

func parseLocalRule(source string) (l localRule, err error) {
	l.urlRule, err = parseURLRule("map_local", source, "/url-regex/path or /filter/url-regex/path, with another separator than / if the path has one")
	if err != nil {
		return l, err
	}
	if l.path, err = filepath.Abs(option.ExpandHome(l.Replacement)); err != nil || l.Replacement == "" {
		return l, l.BadReplacement("give the path of a file or a directory")
	}
	info, err := os.Stat(l.path)
	if err != nil {
		return l, l.BadReplacement("%v: give the path of a file or a directory that is there", err)
	}
	if l.dir = info.IsDir(); !l.dir && !info.Mode().IsRegular() {
		return l, l.BadReplacement("%s is neither a file nor a directory: give the path of one", l.path)
	}
	return l, nil
}

// Handle answers at the headers, or when the request is whole if a filter has to know its body.
func (m *MapLocal) Handle(h layer.Hook) <-chan layer.Verdict { return m.waiting.decide(h, m) }

func (m *MapLocal) active() bool { return len(*m.rules.Load()) > 0 }

func (m *MapLocal) known(f *flow.Flow) bool {
	for _, r := range *m.rules.Load() {
		if !r.known(f) {
			return false
		}
	}
	return true
}

// apply answers with the first file that there is. If rules are for the request and there is none, that is a 404.
func (m *MapLocal) apply(f *flow.Flow) <-chan layer.Verdict {
	at := f.Request.PrettyURL()
	var rules []localRule
	for _, r := range *m.rules.Load() {
		if r.url.Match(at) && r.For(f) {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return nil
	}
	var name string
	var data []byte
	return m.disk.Read(func() (err error) {
		name, data, err = m.find(rules, at)
		return err
	}, func(err error) {
		if !unanswered(f) {
			return
		}
		if err != nil {
			m.log.Info("map_local has no file for "+at+", which is answered with 404", "err", err)
			answer(f, http.StatusNotFound, "", nil)
			return
		}
		answer(f, http.StatusOK, contentType(name), data)
	})
}

// find reads the first file that there is. Its error names those that there are not.
func (m *MapLocal) find(rules []localRule, at string) (name string, data []byte, err error) {
	var missing []string
	for _, r := range rules {
		for _, name := range r.candidates(at) {
			data, err := r.read(name)
			if err == nil {
				return name, data, nil
			}
			path := r.path
			if r.dir {
				path = filepath.Join(r.path, name)
			}
			if missing = append(missing, path); !os.IsNotExist(err) {
				m.log.Warn("map_local cannot read a file", "file", path, "err", err)
			}
		}
	}
	if len(missing) == 0 {
		return "", nil, errors.New("the path leads out of the directory")
	}
	return "", nil, errors.New("looked for " + strings.Join(missing, ", "))
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
