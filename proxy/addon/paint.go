package addon

// An ink is an SGR sequence of the terminal (ECMA-48 §8.3.117).
type ink string

// The inks of what is printed without the terminal program, by meaning.
const (
	inkFaint    ink = "\x1b[2m"
	inkClient   ink = "\x1b[2;33m"
	inkTime     ink = "\x1b[2;36m"
	inkMethod   ink = "\x1b[1m"
	inkName     ink = "\x1b[36m"
	inkGood     ink = "\x1b[1;32m"
	inkRedirect ink = "\x1b[1;34m"
	inkBad      ink = "\x1b[1;31m"
	inkError    ink = "\x1b[31m"
	inkWarn     ink = "\x1b[33m"
	inkAlert    ink = "\x1b[35m"
	inkPlain    ink = ""
)

// A brush colours text if it is on.
type brush bool

// paint returns text, which must be clean, in an ink.
func (b brush) paint(i ink, text string) string {
	if !b || i == inkPlain || text == "" {
		return text
	}
	return string(i) + text + "\x1b[0m"
}
