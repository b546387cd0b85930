package command

import (
	"context"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sluice/proxy/file"
	"sluice/proxy/filter"
)

// CompletionStart returns the offset of the part that ends at the cursor, which
// is the cursor itself behind whitespace. A candidate of Complete replaces what
// lies between the two.
func CompletionStart(line string, cursor int) int {
	head := line[:clamp(cursor, len(line))]
	tokens := Split(head)
	if len(tokens) == 0 || tokens[len(tokens)-1].Space {
		return len(head)
	}
	return tokens[len(tokens)-1].Pos
}

// Complete returns, sorted, what the part that ends at the cursor can become:
// texts that start like it, quoted where they must be. The cursor is a byte
// offset; what is right of it does not matter. A path may be looked up on disk
// and a list of choices asked for, so it can block as long as they do.
func (r *Registry) Complete(line string, cursor int) []string {
	head := line[:clamp(cursor, len(line))]
	parsed := r.Parse(head)
	param, word := parsed.next, ""
	if n := len(parsed.Parts); n > 0 && parsed.Parts[n-1].Type != NoResult {
		param, word = parsed.Parts[n-1].Param, openWord(parsed.Parts[n-1].Text)
	}
	found := slices.DeleteFunc(r.candidates(param, word), func(c string) bool { return !strings.HasPrefix(c, word) })
	slices.Sort(found)
	for i, c := range found {
		found[i] = quoteCandidate(c, param.Type)
	}
	return found
}

func clamp(n, most int) int { return min(max(n, 0), most) }

// openWord strips the quote at the front of a text that may not be closed yet.
func openWord(text string) string {
	if word := Unquote(text); word != text {
		return word
	}
	if text != "" && strings.IndexByte(quotes, text[0]) >= 0 {
		return text[1:]
	}
	return text
}

// quoteCandidate quotes c. The quote behind a directory stays open, so that its
// entries can be typed.
func quoteCandidate(c string, t Type) string {
	q := Quote(c)
	if t == Path && q != c && strings.HasSuffix(c, "/") {
		return q[:len(q)-1]
	}
	return q
}

// candidates returns at least those values of a parameter that start with word.
func (r *Registry) candidates(p Param, word string) []string {
	switch p.Type {
	case Cmd:
		return slices.Collect(maps.Keys(r.commands))
	case Bool:
		return []string{"false", "true"}
	case Path:
		return r.Paths(word)
	case Choice:
		choices, err := r.choices(context.Background(), p)
		if err != nil {
			return nil
		}
		return slices.Clone(choices)
	case Marker:
		return append(markerNames(), "false", "true")
	case CutSpec:
		return cutCandidates(word)
	case Flow, FlowSeq:
		return specCandidates(word)
	}
	return nil
}

// Paths lists the entries of the directory that word names the start of an entry of, with the + in front that appends
// if word has one. It reads the directory.
func (r *Registry) Paths(word string) []string {
	if rest, plus := strings.CutPrefix(word, "+"); plus {
		found := r.Paths(rest)
		for i := range found {
			found[i] = "+" + found[i]
		}
		return found
	}
	if word == "" {
		word = "./"
	}
	if word == "~" {
		return []string{"~/"}
	}
	dir, base := word[:strings.LastIndexByte(word, '/')+1], word[strings.LastIndexByte(word, '/')+1:]
	where := file.ExpandHome(dir)
	if where == "" {
		where = "."
	}
	entries, err := r.ReadDir(where)
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, base) || base == "" && strings.HasPrefix(name, ".") {
			continue
		}
		if r.isDir(where, e) {
			name += "/"
		}
		found = append(found, dir+name)
	}
	return found
}

// isDir reports whether an entry of dir is a directory or a link to one.
func (r *Registry) isDir(dir string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	_, err := r.ReadDir(filepath.Join(dir, e.Name()))
	return err == nil
}

// specMarkers are the flow specs that name flows by their place.
var specMarkers = []string{"@all", "@focus", "@shown", "@hidden", "@marked", "@unmarked"}

// specCandidates completes a flow spec: a marker, or the last operator of a filter.
func specCandidates(word string) []string {
	head := word[:strings.LastIndexAny(word, " ()!&|")+1]
	var found []string
	if head == "" {
		found = append(found, specMarkers...)
	}
	for _, op := range filter.Operators() {
		if op.Name != "" {
			found = append(found, head+op.Name)
		}
	}
	return found
}

// checkSpec says why a flow spec is not valid. Filters are parsed, not matched.
func (r *Registry) checkSpec(p Param, spec string) error {
	if strings.HasPrefix(spec, "@") {
		_, err := r.parseFlows(p.Type, spec)
		return err
	}
	_, err := filter.Parse(spec)
	return err
}

// cuts are what can be cut out of a flow. header[ goes on with a name and a ].
var cuts = []string{
	"request.method", "request.scheme", "request.host", "request.http_version", "request.port", "request.path",
	"request.url", "request.text", "request.content", "request.raw_content", "request.timestamp_start",
	"request.timestamp_end", "request.header[",
	"response.status_code", "response.reason", "response.text", "response.content", "response.timestamp_start",
	"response.timestamp_end", "response.raw_content", "response.header[",
	"client_conn.peername.port", "client_conn.peername.host", "client_conn.tls_version", "client_conn.sni",
	"client_conn.tls_established",
	"server_conn.address.port", "server_conn.address.host", "server_conn.ip_address.host", "server_conn.tls_version",
	"server_conn.sni", "server_conn.tls_established",
	"client_conn.alpn", "client_conn.cipher", "client_conn.error", "client_conn.proxy_mode", "client_conn.timestamp_start",
	"server_conn.alpn", "server_conn.certificate_list", "server_conn.cipher", "server_conn.error", "server_conn.peername.host",
	"server_conn.timestamp_start", "server_conn.timestamp_tcp_setup", "server_conn.timestamp_tls_setup",
	"id", "type", "marked", "comment", "error", "is_replay", "timestamp_created",
}

// cutCandidates completes the last of the cuts that commas separate.
func cutCandidates(word string) []string {
	head := word[:strings.LastIndexByte(word, ',')+1]
	found := make([]string, len(cuts))
	for i, cut := range cuts {
		found[i] = head + cut
	}
	return found
}
