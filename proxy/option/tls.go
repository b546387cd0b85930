package option

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tlsVersions are the TLS versions that can be spoken, by their names in options.
var tlsVersions = map[string]uint16{"TLS1": tls.VersionTLS10, "TLS1_1": tls.VersionTLS11, "TLS1_2": tls.VersionTLS12, "TLS1_3": tls.VersionTLS13}

// TLSVersion returns the number of a version's name; 0 is UNBOUNDED.
func TLSVersion(name string) uint16 { return tlsVersions[name] }

// curves are the groups of key exchange that can be chosen, by OpenSSL's names and NIST's.
var curves = map[string]tls.CurveID{
	"prime256v1": tls.CurveP256, "secp256r1": tls.CurveP256, "p-256": tls.CurveP256,
	"secp384r1": tls.CurveP384, "p-384": tls.CurveP384, "secp521r1": tls.CurveP521, "p-521": tls.CurveP521,
	"x25519": tls.X25519, "x25519mlkem768": tls.X25519MLKEM768,
	"secp256r1mlkem768": tls.SecP256r1MLKEM768, "secp384r1mlkem1024": tls.SecP384r1MLKEM1024,
}

// ParseCurve reads the name of an elliptic curve, in either case.
func ParseCurve(name string) (tls.CurveID, error) {
	if c, ok := curves[strings.ToLower(name)]; ok {
		return c, nil
	}
	return 0, fmt.Errorf("%q is no curve that sluice can use: choose one of prime256v1, secp384r1, secp521r1, "+
		"X25519, X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024", name)
}

// opensslNames are the ciphers of TLS 1.0 to 1.2 by OpenSSL's names.
var opensslNames = map[string]uint16{
	"ECDHE-ECDSA-AES128-GCM-SHA256": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-ECDSA-AES256-GCM-SHA384": tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-ECDSA-CHACHA20-POLY1305": tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-ECDSA-AES128-SHA256":     tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-ECDSA-AES128-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	"ECDHE-ECDSA-AES256-SHA":        tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	"ECDHE-ECDSA-RC4-SHA":           tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA,
	"ECDHE-RSA-AES128-GCM-SHA256":   tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"ECDHE-RSA-AES256-GCM-SHA384":   tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	"ECDHE-RSA-CHACHA20-POLY1305":   tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	"ECDHE-RSA-AES128-SHA256":       tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	"ECDHE-RSA-AES128-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	"ECDHE-RSA-AES256-SHA":          tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	"ECDHE-RSA-DES-CBC3-SHA":        tls.TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA,
	"ECDHE-RSA-RC4-SHA":             tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA,
	"AES128-GCM-SHA256":             tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
	"AES256-GCM-SHA384":             tls.TLS_RSA_WITH_AES_256_GCM_SHA384,
	"AES128-SHA256":                 tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
	"AES128-SHA":                    tls.TLS_RSA_WITH_AES_128_CBC_SHA,
	"AES256-SHA":                    tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	"DES-CBC3-SHA":                  tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	"RC4-SHA":                       tls.TLS_RSA_WITH_RC4_128_SHA,
}

// ParseCiphers reads an OpenSSL cipher string: names separated by colons, also
// blanks or commas. ALL and DEFAULT stand for what they say; - or ! before a name takes it
// out again. IANA's names are understood too. @SECLEVEL and @STRENGTH, and the names
// of TLS 1.3, whose ciphers are always on, have no effect. The result is in no order that counts.
func ParseCiphers(s string) ([]uint16, error) {
	var chosen, banned []uint16
	for _, name := range strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == ',' || r == ' ' || r == ';' }) {
		bare := strings.TrimLeft(name, "-!")
		ids, err := cipherNamed(bare)
		switch {
		case err != nil:
			return nil, err
		case bare == name:
			chosen = append(chosen, ids...)
			continue
		case name[0] == '!':
			banned = append(banned, ids...)
		}
		chosen = slices.DeleteFunc(chosen, func(id uint16) bool { return slices.Contains(ids, id) })
	}
	chosen = slices.DeleteFunc(chosen, func(id uint16) bool { return slices.Contains(banned, id) })
	slices.Sort(chosen)
	if chosen = slices.Compact(chosen); len(chosen) == 0 {
		return nil, errors.New("no cipher of TLS 1.0 to 1.2 is left, and those of TLS 1.3 are always on: " + choosable)
	}
	return chosen, nil
}

var choosable = "choose from ALL, DEFAULT, " + strings.Join(slices.Sorted(maps.Keys(opensslNames)), ", ")

// cipherNamed returns the ciphers that one word of a cipher string stands for.
func cipherNamed(name string) ([]uint16, error) {
	upper := strings.ToUpper(name)
	if id, ok := opensslNames[upper]; ok {
		return []uint16{id}, nil
	}
	if upper == "" || upper[0] == '@' {
		return nil, nil
	}
	var safe, all []uint16
	for _, c := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		old := c.SupportedVersions[0] < tls.VersionTLS13
		switch {
		case c.Name == upper && old:
			return []uint16{c.ID}, nil
		case c.Name == upper:
			return nil, nil
		case old && !c.Insecure:
			safe = append(safe, c.ID)
		}
		if old {
			all = append(all, c.ID)
		}
	}
	switch upper {
	case "ALL":
		return all, nil
	case "DEFAULT":
		return safe, nil
	}
	return nil, fmt.Errorf("sluice has no cipher %q: %s", name, choosable)
}

// IsECDSA reports whether a cipher needs a server with an ECDSA key.
func IsECDSA(id uint16) bool { return strings.Contains(tls.CipherSuiteName(id), "_ECDSA_") }

func ciphers(v any) error {
	_, err := ParseCiphers(v.(string))
	return err
}

func curve(v any) error {
	_, err := ParseCurve(v.(string))
	return err
}
