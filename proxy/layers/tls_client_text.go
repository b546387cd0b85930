package layers

import (
	"cmp"
	"crypto/tls"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"sluice/proxy/layer"
)

// The texts of client failures.
const (
	clientOldVersion = "unsupported protocol version"
	clientDistrust   = "the client refused the certificate"
)

// A garbledHello is the bytes that were to be a ClientHello, in hex.
type garbledHello string

func (g garbledHello) Error() string { return "Cannot parse ClientHello: " + string(g) }

var (
	errClosedEarly   = errors.New("connection closed early")
	errNoCertificate = errors.New("no TLS configuration was provided")
)

// clientText says why a handshake with the client failed, for those who know TLS.
func clientText(err error) string {
	switch {
	case isDistrust(err):
		return clientDistrust + ": " + alertText(err)
	case isVersionError(err):
		return clientOldVersion + ": " + plainError(err)
	}
	return plainError(err)
}

// isDistrust reports whether the client does not like our certificate.
func isDistrust(err error) bool {
	return isAlert(err, alertUnknownCA, alertBadCertificate, alertUnsupportedCertificate, alertCertificateRevoked,
		alertCertificateExpired, alertCertificateUnknown)
}

// alertText is the name of the alert that the peer has sent.
func alertText(err error) string {
	return strings.TrimPrefix(err.Error(), "remote error: tls: ")
}

// clientLevel is how much a failure of a client matters.
func clientLevel(err error) slog.Level {
	if errors.Is(err, errConnectionClosed) {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// trouble says what a failure means and what to do. Start is nil where it had not come so far.
func (t *ClientTLS) trouble(err error, start *layer.TLSStart) trouble {
	dest, trust, pass := t.dest(), t.trust(start), t.pass()
	var garbled garbledHello
	switch {
	case errors.As(err, &garbled):
		return trouble{"no ClientHello", err.Error(), onlyIf("if this is another protocol than TLS: ", pass)}
	case errors.Is(err, errNoCertificate):
		return trouble{"no certificate", "sluice has no certificate for " + dest, "the event log says why"}
	case errors.Is(err, errClosedEarly):
		return trouble{"client left", "The client disconnected before it was answered",
			"if it does so each time, the server is too slow for it: set connection_strategy=lazy to answer the client first"}
	case start == nil && errors.Is(err, errSilent):
		return trouble{"client is silent", "The client has sent only a part of its ClientHello in " + handshakeTime.String(),
			onlyIf("if this is another protocol than TLS: ", pass)}
	case errors.Is(err, errSilent):
		return trouble{"client is silent", "The client has not done its side of the handshake for " + dest + " in " + handshakeTime.String(),
			"if it does so each time, it may not trust the certificate: " + trust}
	case start == nil && errors.Is(err, errConnectionClosed):
		return trouble{"client left", "The client disconnected in the middle of its ClientHello", ""}
	case errors.Is(err, errConnectionClosed):
		return trouble{"client left", "The client disconnected during the handshake for " + dest,
			"if it does so each time, it does not trust the certificate: " + trust}
	case isDistrust(err):
		return trouble{"CA not trusted", "The client does not trust the proxy's certificate for " + dest + " (" + alertText(err) + ")", trust}
	case isVersionError(err):
		return versionTrouble(start, pass)
	case strings.Contains(err.Error(), "no cipher suite supported"), strings.Contains(err.Error(), "no key exchanges supported"),
		strings.Contains(err.Error(), "signature algorithms"):
		return cipherTrouble(err, start, pass)
	}
	return trouble{"handshake broken", "The handshake with the client for " + dest + " failed (" + plainError(err) + ")",
		"if the client does not trust the certificate: " + trust}
}

// trust says how the client comes to accept the certificate that it was shown.
func (t *ClientTLS) trust(start *layer.TLSStart) string {
	what := "sluice's CA certificate"
	if start != nil && start.Trust != "" {
		what = start.Trust
	}
	return "install " + what + " in the client as a trusted CA" +
		onlyIf("; if it is there already, the client accepts only certificates that it knows: ", t.pass())
}

// pass says how to leave the client alone; "" if that cannot be, as it speaks to the proxy itself.
func (t *ClientTLS) pass() string {
	if t.session.ctx.Server.Address.IsZero() {
		return ""
	}
	return "to let " + t.dest() + " through untouched, add it to ignore_hosts"
}

// onlyIf returns a text behind its lead, or nothing if there is no text.
func onlyIf(lead, text string) string {
	if text == "" {
		return ""
	}
	return lead + text
}

// dest names what the client wants to reach.
func (t *ClientTLS) dest() string {
	switch ctx := t.session.ctx; {
	case ctx.Client.SNI != "":
		return ctx.Client.SNI
	case !ctx.Server.Address.IsZero():
		return ctx.Server.Address.String()
	}
	return "the proxy itself"
}

// versionTrouble names the versions of both sides.
func versionTrouble(start *layer.TLSStart, pass string) trouble {
	tr := trouble{"no common version", "Client and sluice have no TLS version in common", pass}
	if start == nil || start.Hello == nil {
		return tr
	}
	offered := slices.DeleteFunc(slices.Clone(start.Hello.Versions), func(v uint16) bool { return v>>8 != 3 }) // RFC 8701
	if len(offered) == 0 {
		return tr
	}
	slices.Sort(offered)
	oldest, newest := offered[0], offered[len(offered)-1]
	low, high := cmp.Or(start.Config.MinVersion, tls.VersionTLS12), cmp.Or(start.Config.MaxVersion, tls.VersionTLS13)
	tr.cause += ": it offers " + span(oldest, newest) + ", sluice takes " + span(low, high)
	switch {
	case newest < tls.VersionTLS10:
		tr.remedy = "sluice knows none that is so old" + onlyIf("; ", pass)
	case newest < low:
		tr.remedy = "to take it, set tls_version_client_min=" + optionName(newest)
	case oldest > high:
		tr.remedy = "to take it, set tls_version_client_max=" + optionName(oldest)
	}
	return tr
}

func span(oldest, newest uint16) string {
	if oldest == newest {
		return tls.VersionName(newest)
	}
	return tls.VersionName(oldest) + " to " + tls.VersionName(newest)
}

// optionName is a version as the options call it.
func optionName(v uint16) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(tls.VersionName(v), "TLS 1", "TLS1"), ".0"), ".", "_")
}

// cipherTrouble tells apart whether an option, or another kind of certificate, would help.
func cipherTrouble(err error, start *layer.TLSStart, pass string) trouble {
	tr := trouble{"no common cipher", "Client and sluice have no cipher in common", pass}
	if start == nil || start.Hello == nil {
		return tr
	}
	var offered, known []string
	for _, id := range start.Hello.CipherSuites {
		if id&0x0f0f == 0x0a0a || id == 0x00ff || id == 0x5600 { // RFC 8701, RFC 5746, RFC 7507
			continue
		}
		offered = append(offered, tls.CipherSuiteName(id))
		if isKnown(id) {
			known = append(known, tls.CipherSuiteName(id))
		}
	}
	const shown = 4
	if len(offered) > 0 {
		tr.cause += ": it offers " + strings.Join(offered[:min(shown, len(offered))], ", ")
	}
	if n := len(offered) - shown; n > 0 {
		tr.cause += " and others"
	}
	ecdsa := slices.IndexFunc(known, func(name string) bool { return strings.Contains(name, "_ECDSA_") })
	switch {
	case strings.Contains(err.Error(), "signature"):
		tr.label, tr.cause = "certificate kind", "The client takes no certificate with an ECDSA key"
		tr.remedy = "give one with an RSA key in the option certs" + onlyIf("; ", pass)
	case start.Config.CurvePreferences != nil:
		tr.cause += "; tls_ecdh_curve_client leaves only one curve"
		tr.remedy = "set tls_ecdh_curve_client to one that the client knows, or unset it"
	case len(known) > 0 && start.Config.CipherSuites == nil:
		tr.remedy = "set ciphers_client=ALL, which takes in old ones" + onlyIf("; ", pass)
	case ecdsa >= 0:
		tr.remedy = "add " + known[ecdsa] + " to ciphers_client"
	case len(known) > 0:
		tr.remedy = "add " + known[0] + " to ciphers_client, and if the option certs gives the certificate, one with an RSA key there" + onlyIf("; ", pass)
	}
	return tr
}

// isKnown reports whether crypto/tls has a cipher suite of a version before 1.3.
func isKnown(id uint16) bool {
	is := func(s *tls.CipherSuite) bool { return s.ID == id && s.SupportedVersions[0] < tls.VersionTLS13 }
	return slices.ContainsFunc(tls.CipherSuites(), is) || slices.ContainsFunc(tls.InsecureCipherSuites(), is)
}
