package actions

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"sluice/proxy/flow"
)

// maxWord is the longest body, in bytes, that is a word of a command line. Systems take no words of more than 128 KiB.
const maxWord = 64 << 10

func exportCurl(f *flow.Flow, preserveIP bool) ([]byte, error) {
	o, err := outlineOf(f)
	if err != nil {
		return nil, err
	}
	args := []string{"curl"}
	if preserveIP {
		args = append(args, curlAddress(o.request, f.Server.Peer)...)
	}
	if strings.ContainsAny(o.request.Path, "[]{}") { // which curl takes for a set of URLs
		args = append(args, "--globoff")
	}
	if path, _, _ := strings.Cut(o.request.Path, "?"); strings.Contains(path+"/", "/./") || strings.Contains(path+"/", "/../") {
		args = append(args, "--path-as-is")
	}
	if o.request.Path == "*" || strings.Contains(o.request.Path, "#") { // of which no URL has room
		args = append(args, "--request-target", o.request.Path)
	}
	if o.compressed {
		args = append(args, "--compressed")
	}
	for _, h := range o.headers {
		args = append(args, "-H", curlHeader(h))
	}
	args = append(append(args, o.curlMethod()...), o.request.PrettyURL())
	switch {
	case len(o.body) == 0:
		return join(args)
	case !utf8.Valid(o.body) || bytes.IndexByte(o.body, 0) >= 0 || len(o.body) > maxWord:
		return pipe(o.body, append(args, "--data-binary", "@-"))
	case o.body[0] == '@': // which -d takes for the name of a file
		return join(append(args, "--data-raw", string(o.body)))
	}
	return join(append(args, "-d", string(o.body)))
}

// curlAddress returns what has curl connect to an address, whatever it may know of the host's own.
func curlAddress(r *flow.Request, to netip.AddrPort) []string {
	host, port, ip := r.PrettyHost(), r.PrettyPort(), to.Addr()
	switch {
	case !ip.IsValid() || ip.String() == host:
		return nil
	case strings.Contains(host, ":"): // --resolve takes no IPv6 address for a name
		return []string{"--connect-to", fmt.Sprintf("[%s]:%d:[%s]:", host, port, ip)}
	}
	return []string{"--resolve", fmt.Sprintf("%s:%d:[%s]", host, port, ip)}
}

// curlMethod returns what has curl use the method of a request, with the fields that it would add otherwise.
func (o *outline) curlMethod() (args []string) {
	m := o.request.Method
	if len(o.body) == 0 {
		switch m {
		case "GET":
			return nil
		case "HEAD": // with -X it waits for a body
			return []string{"--head"}
		}
		return []string{"-H", "content-length: 0", "-X", m}
	}
	args = []string{"-X", m}
	if !o.headers.Has("Content-Type") {
		args = append(args, "-H", "content-type:") // else it is a form's
	}
	return args
}

// curlHeader writes a header; curl sends one without a value only if it ends in a semicolon.
func curlHeader(h flow.Header) string {
	if h.Value == "" {
		return h.Name + ";"
	}
	return h.Name + ": " + h.Value
}

func exportHTTPie(f *flow.Flow) ([]byte, error) {
	o, err := outlineOf(f)
	if err != nil {
		return nil, err
	}
	args := []string{"http", o.request.Method, o.request.PrettyURL()}
	for _, h := range o.all {
		args = append(args, curlHeader(h)) // which is HTTPie's form, too
	}
	for _, a := range args {
		if !utf8.ValidString(a) {
			return nil, fmt.Errorf("HTTPie takes no %q, which is not UTF-8: export it as curl instead", Text([]byte(a)))
		}
	}
	if len(o.body) == 0 {
		return join(args)
	}
	return pipe(o.body, args) // a here-string would put a newline behind it
}

// pipe writes a command that is given input.
func pipe(input []byte, args []string) ([]byte, error) {
	line, err := join(args)
	if err != nil {
		return nil, err
	}
	return append([]byte("printf '"+printf(string(input))+"' | "), line...), nil
}

// join writes words as one line for a POSIX shell.
func join(args []string) ([]byte, error) {
	var line []byte
	for i, a := range args {
		if strings.ContainsRune(a, 0) {
			return nil, fmt.Errorf("no command line has room for the zero byte in %q: export it as raw_request instead", Text([]byte(a)))
		}
		if i > 0 {
			line = append(line, ' ')
		}
		line = append(line, quote(a)...)
	}
	return line, nil
}

const shellSafe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-"

// quote writes text without zero bytes as one word for a POSIX shell. What a screen cannot show is written as escapes.
func quote(text string) string {
	if text != "" && strings.Trim(text, shellSafe) == "" {
		return text
	}
	if utf8.ValidString(text) && !strings.ContainsFunc(text, isControl) {
		return "'" + strings.ReplaceAll(text, "'", `'"'"'`) + "'"
	}
	front := strings.TrimRight(text, "\n") // as $() would
	word := `"$(printf '` + printf(front) + `')"`
	if ending := text[len(front):]; ending != "" {
		word += "'" + ending + "'"
	}
	return word
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// printf writes text as the format, between single quotes, with which the command printf prints it.
func printf(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case isControl(r) || r == '\'' || r == utf8.RuneError && n == 1 || r == '-' && i == 0: // lest it be taken for an option
			fmt.Fprintf(&b, `\%03o`, text[i]) // which every printf knows, unlike \x
		case r == '\\':
			b.WriteString(`\\`)
		case r == '%':
			b.WriteString("%%")
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}
