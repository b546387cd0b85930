package addon

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"os"
	"strings"
	"sync"

	htpasswd "github.com/tg123/go-htpasswd"
	"golang.org/x/crypto/bcrypt"

	"sluice/proxy/option"
)

// A userCheck says whether a user may log in with a password.
type userCheck func(user, password string) bool

// parseLogins reads the option proxyauth: any, @htpasswd, or user:pass.
func parseLogins(spec string) (userCheck, error) {
	switch {
	case spec == "any":
		return func(string, string) bool { return true }, nil
	case len(spec) > 1 && spec[0] == '@':
		return readPasswords(option.ExpandHome(spec[1:]))
	case spec == "ldap", strings.HasPrefix(spec, "ldap:"), strings.HasPrefix(spec, "ldaps:"):
		return nil, fmt.Errorf("proxyauth: logins through LDAP are not available yet; use @FILE with an htpasswd file")
	}
	user, password, ok := strings.Cut(spec, ":")
	if !ok || user == "" {
		return nil, fmt.Errorf("proxyauth: %q is not possible: give user:pass, any, or @FILE with an htpasswd file", spec)
	}
	want := sha256.Sum256([]byte(user + ":" + password))
	return func(user, password string) bool {
		got := sha256.Sum256([]byte(user + ":" + password))
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1
	}, nil
}

// hashes are the kinds of password that an htpasswd file may hold.
var hashes = []htpasswd.PasswdParser{htpasswd.AcceptMd5, htpasswd.AcceptSha, htpasswd.AcceptSsha, acceptBcrypt}

func acceptBcrypt(s string) (htpasswd.EncodedPasswd, error) {
	p, err := htpasswd.AcceptBcrypt(s)
	if p != nil {
		_, err = bcrypt.Cost([]byte(s))
	}
	return p, err
}

// readPasswords reads an htpasswd file. What it says is known until the option is set again.
func readPasswords(path string) (userCheck, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("proxyauth: %w", err)
	}
	users := map[string]htpasswd.EncodedPasswd{}
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		user, hash, _ := strings.Cut(line, ":")
		if users[user] = parseHash(hash); user == "" || users[user] == nil {
			return nil, fmt.Errorf("proxyauth: line %d of %s is not a user with a password that is hashed with bcrypt, SHA or apr1: write it with htpasswd -B", n, path)
		}
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("proxyauth: there is no user in %s: add one with htpasswd -B", path)
	}
	return remember(func(user, password string) bool {
		p := users[user]
		return p != nil && p.MatchesPassword(password)
	}), nil
}

func parseHash(hash string) htpasswd.EncodedPasswd {
	for _, accept := range hashes {
		if p, err := accept(hash); p != nil || err != nil {
			if err != nil {
				return nil
			}
			return p
		}
	}
	return nil
}

// maxRemembered bounds the logins whose slow check is done once only.
const maxRemembered = 4096

// remember makes a check that takes long quick when it is repeated. It keeps no passwords.
func remember(check userCheck) userCheck {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	var mu sync.Mutex
	known := map[[32]byte]bool{}
	return func(user, password string) bool {
		id := sha256.Sum256(fmt.Appendf(key[:len(key):len(key)], "%d:%s%s", len(user), user, password))
		mu.Lock()
		ok, found := known[id]
		mu.Unlock()
		if found {
			return ok
		}
		ok = check(user, password)
		mu.Lock()
		defer mu.Unlock()
		if len(known) >= maxRemembered {
			clear(known)
		}
		known[id] = ok
		return ok
	}
}
