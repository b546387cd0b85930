package external

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"sluice/proxy/content"
)

// editors and hexEditors are looked for when the environment names none.
var (
	editors    = []string{"sensible-editor", "nano", "vim"}
	hexEditors = []string{"ghex", "hexedit", "hxd", "hexer", "hexcurse"}
)

// editor returns the command line of the program that edits some data:
// $SLUICE_EDITOR, $MITMPROXY_EDITOR, $EDITOR or the first editor there is; for
// data that is mostly binary, a hex editor if there is one.
func editor(data []byte) ([]string, error) {
	if content.Binary(data) {
		if name := firstFound(hexEditors); name != "" {
			return []string{name}, nil
		}
	}
	line, name := fromEnv("SLUICE_EDITOR", "MITMPROXY_EDITOR", "EDITOR")
	if line == "" {
		return []string{cmp.Or(firstFound(editors), "vi")}, nil
	}
	return words(line, name)
}

// viewer returns the command line of the program that shows some data.
func viewer() ([]string, error) {
	line, name := fromEnv("SLUICE_EDITOR", "MITMPROXY_EDITOR", "PAGER", "EDITOR")
	if line == "" {
		return []string{"less"}, nil
	}
	return words(line, name)
}

// fromEnv returns the first variable that is not blank, and its name.
func fromEnv(names ...string) (value, name string) {
	for _, name := range names {
		if v := strings.TrimSpace(os.Getenv(name)); v != "" {
			return v, name
		}
	}
	return "", ""
}

func firstFound(names []string) string {
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			return name
		}
	}
	return ""
}

func words(line, name string) ([]string, error) {
	args, err := split(line)
	if err == nil && len(args) == 0 {
		err = errors.New("it names no program")
	}
	if err != nil {
		return nil, fmt.Errorf("read $%s: %w", name, err)
	}
	return args, nil
}

// split cuts a command line into words as a POSIX shell does, with quotes and
// backslashes and without expansions (POSIX Shell Command Language §2.2).
func split(line string) ([]string, error) {
	var args []string
	var word strings.Builder
	var quote byte // the one that is open
	begun := false // a word, if only an empty one
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			if quote == '"' && !strings.ContainsRune("\\\"$`", rune(line[i])) {
				word.WriteByte('\\')
			}
			word.WriteByte(line[i])
			begun = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, begun = c, true
		case c == ' ' || c == '\t' || c == '\n':
			if begun {
				args = append(args, word.String())
				word.Reset()
			}
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a %c is not closed", quote)
	}
	if begun {
		args = append(args, word.String())
	}
	return args, nil
}

// suffixes are the ends of file names by media type.
var suffixes = map[string]string{
	"application/json": ".json", "application/xml": ".xml", "application/javascript": ".js",
	"application/x-www-form-urlencoded": ".txt", "application/pdf": ".pdf", "application/zip": ".zip",
	"application/wasm": ".wasm", "application/xhtml+xml": ".xhtml", "application/yaml": ".yaml",
	"text/html": ".html", "text/css": ".css", "text/javascript": ".js", "text/xml": ".xml",
	"text/csv": ".csv", "text/markdown": ".md", "text/yaml": ".yaml",
	"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp",
	"image/svg+xml": ".svg", "image/x-icon": ".ico", "image/bmp": ".bmp", "image/avif": ".avif",
	"audio/mpeg": ".mp3", "audio/ogg": ".ogg", "video/mp4": ".mp4", "video/webm": ".webm",
	"font/woff": ".woff", "font/woff2": ".woff2",
}

// suffix returns what the name of a file of a content type ends in, or "".
func suffix(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	switch s := suffixes[media]; {
	case s != "":
		return s
	case strings.HasSuffix(media, "+json"):
		return ".json"
	case strings.HasSuffix(media, "+xml"):
		return ".xml"
	case strings.HasPrefix(media, "text/"):
		return ".txt"
	}
	return ""
}
