package layers

import (
	"crypto/tls"
	"errors"
	"net"
	"strings"
)

// handshakeText says why a handshake failed. Explain may be nil.
func handshakeText(err error, explain func(error) string) string {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errConnectionClosed):
		return err.Error()
	case errors.As(err, &cert):
		why := ""
		if explain != nil {
			why = explain(err)
		}
		if why == "" {
			why = cert.Err.Error()
		}
		return "Certificate verify failed: " + why
	case errors.As(err, &record) && isASCII(record.RecordHeader[:4]):
		return "The remote server does not speak TLS."
	case isVersionError(err):
		return "the server and sluice have no TLS version in common: tls_version_server_min may allow an older one"
	}
	return plainError(err)
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
	alertBadCertificate     = 42
	alertCertificateUnknown = 46
	alertUnknownCA          = 48
	alertProtocolVersion    = 70
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
