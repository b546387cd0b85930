package layers

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"sluice/proxy/layer"
)

// serverTrouble says why a handshake with a server failed. Start is what it was begun with.
func serverTrouble(err error, start *layer.TLSStart) trouble {
	const pass = "to let the connection through untouched, add the host to ignore_hosts"
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errConnectionClosed):
		return trouble{serverLeft, "the server closed the connection during the TLS handshake", "it may want other versions or ciphers " +
			"(tls_version_server_min, ciphers_server); " + pass}
	case errors.Is(err, errSilent):
		return trouble{"server is silent", "the server has not done its side of the TLS handshake in " + handshakeTime.String(),
			"check that it speaks TLS on this port; " + pass}
	case errors.As(err, &cert):
		return certificateTrouble(err, cert, start.Explain)
	case errors.As(err, &record) && (isASCII(record.RecordHeader[:4]) || strings.Contains(record.Msg, "first record") || strings.Contains(record.Msg, "SSLv2")):
		return trouble{"server has no TLS", "The remote server does not speak TLS", "ask it with http:// or another port; " + pass}
	case isVersionError(err):
		return serverVersionTrouble(start.Config)
	case isAlert(err, alertHandshakeFailure, alertInsufficientSecurity) && len(start.Config.CurvePreferences) == 1:
		return trouble{"no common curve", "the server accepts none of the ciphers that sluice offers, or not the one curve that " +
			"tls_ecdh_curve_server leaves (" + alertText(err) + ")", "set tls_ecdh_curve_server to one that the server knows, or unset it; " +
			"ciphers_server=ALL offers old ciphers too"}
	case isAlert(err, alertHandshakeFailure, alertInsufficientSecurity):
		return trouble{"no common cipher", "the server accepts none of the ciphers that sluice offers (" + alertText(err) + ")",
			"set ciphers_server=ALL to offer old ones too, and tls_version_server_min=TLS1 if the server is old; " + pass}
	case strings.Contains(err.Error(), "unconfigured cipher suite"):
		return trouble{"no common cipher", "the server chose a cipher that ciphers_server does not have", "add the server's ciphers to ciphers_server, or unset it"}
	case isAlert(err, alertUnrecognizedName):
		return trouble{"unknown name", "the server does not know the name " + start.Config.ServerName, "check the host of the request"}
	case isAlert(err, alertNoApplicationProtocol):
		return trouble{noProtocol, "the server speaks none of the protocols that it was offered (" + strings.Join(start.Conn.ALPNOffers, ", ") + ")",
			"with http2 on, a client that offers h2 has it offered to the server; " + pass}
	case isAlert(err, alertCertificateRequired), isDistrust(err):
		return lateTrouble(err)
	}
	return trouble{"handshake broken", plainError(err), pass}
}

// noProtocol is the label of the trouble with a server that takes no offer of a protocol (RFC 7301 §3.2).
const noProtocol = "no common protocol"

// serverLeft is the label of the trouble with a server that closes the connection in the middle of a handshake.
const serverLeft = "server left"

func wantsCertificate(err error) trouble {
	return trouble{"client certificate", "the server wants a certificate of its client (" + alertText(err) + ")", "give one in the option client_certs"}
}

// lateTrouble says why TLS with a server has ended after the handshake. A TLS 1.3 server looks at its client's certificate only then.
func lateTrouble(err error) trouble {
	switch {
	case isAlert(err, alertCertificateRequired):
		return wantsCertificate(err)
	case isDistrust(err):
		return trouble{"client certificate", "the server does not accept the client's certificate, or wants one (" + alertText(err) + ")",
			"give one that it knows in the option client_certs"}
	}
	return trouble{"TLS error", "TLS error: " + plainError(err), ""}
}

func certificateTrouble(err error, c *tls.CertificateVerificationError, explain func(error) (string, string)) trouble {
	t := trouble{label: "server certificate"}
	if explain != nil {
		t.cause, t.remedy = explain(err)
	}
	if t.cause == "" {
		t.cause = c.Err.Error()
	}
	t.cause = "Certificate verify failed: " + t.cause
	return t
}

// serverVersionTrouble says which option leaves room for more versions.
func serverVersionTrouble(cfg *tls.Config) trouble {
	t := trouble{"no common version", "the server and sluice have no TLS version in common", "the server is older than any that sluice knows; " +
		"to let the connection through untouched, add the host to ignore_hosts"}
	low, high := cmp.Or(cfg.MinVersion, tls.VersionTLS12), cmp.Or(cfg.MaxVersion, tls.VersionTLS13)
	t.cause += ", sluice takes " + span(low, high)
	switch {
	case low > tls.VersionTLS10 && high < tls.VersionTLS13:
		t.remedy = "set tls_version_server_min to an older one or tls_version_server_max to a newer one"
	case low > tls.VersionTLS10:
		t.remedy = "tls_version_server_min may allow an older one, such as TLS1"
	case high < tls.VersionTLS13:
		t.remedy = "set tls_version_server_max to a newer one, or UNBOUNDED"
	}
	return t
}

// isAlert reports whether the peer has sent one of these alerts (RFC 8446 §6.2).
func isAlert(err error, codes ...uint8) bool {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" {
		return false
	}
	for _, c := range codes {
		if op.Err.Error() == tls.AlertError(c).Error() {
			return true
		}
	}
	return false
}

// The alerts that are looked for.
const (
	alertHandshakeFailure       = 40
	alertBadCertificate         = 42
	alertUnsupportedCertificate = 43
	alertCertificateRevoked     = 44
	alertCertificateExpired     = 45
	alertCertificateUnknown     = 46
	alertUnknownCA              = 48
	alertProtocolVersion        = 70
	alertInsufficientSecurity   = 71
	alertUnrecognizedName       = 112
	alertCertificateRequired    = 116
	alertNoApplicationProtocol  = 120
)

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c < ' ' && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}

func isVersionError(err error) bool {
	return isAlert(err, alertProtocolVersion) || strings.Contains(err.Error(), "unsupported protocol version") ||
		strings.Contains(err.Error(), "only unsupported versions")
}

// plainError is an error of crypto/tls without its package's name in front.
func plainError(err error) string { return strings.TrimPrefix(err.Error(), "tls: ") }
