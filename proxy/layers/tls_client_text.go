package layers

import (
	"log/slog"
	"strings"
)

// The texts of client failures that are told apart later.
const (
	closedEarly        = "connection closed early"
	clientOldVersion   = "unsupported protocol version"
	clientDistrust     = "the client refused the certificate"
	clientHelloGarbled = "Cannot parse ClientHello"
)

// clientText says why a handshake with the client failed.
func clientText(err error) string {
	switch {
	case isAlert(err, alertUnknownCA, alertBadCertificate, alertCertificateUnknown):
		return clientDistrust + ": " + alertText(err)
	case isVersionError(err):
		return clientOldVersion + ": " + plainError(err)
	}
	return plainError(err)
}

// alertText is the name of the alert that the peer has sent.
func alertText(err error) string {
	return strings.TrimPrefix(err.Error(), "remote error: tls: ")
}

// failureLine puts a client's failure into words and says how much it matters.
func (t *ClientTLS) failureLine(text string) (slog.Level, string) {
	dest := t.session.ctx.Client.SNI
	if dest == "" {
		dest = t.session.ctx.Server.Address.String()
	}
	switch {
	case strings.HasPrefix(text, clientHelloGarbled):
		return slog.LevelWarn, text
	case strings.HasPrefix(text, clientOldVersion):
		return slog.LevelWarn, "Client and sluice have no TLS version in common (" + text +
			"): tls_version_client_min may allow an older one."
	case strings.HasPrefix(text, clientDistrust):
		return slog.LevelWarn, "The client does not trust the proxy's certificate for " + dest + " (" + text +
			"): install sluice's CA certificate in the client."
	case text == errConnectionClosed.Error():
		return slog.LevelInfo, "The client disconnected during the handshake. If this happens consistently for " + dest +
			", this may indicate that the client does not trust the proxy's certificate."
	}
	return slog.LevelWarn, "The client may not trust the proxy's certificate for " + dest + " (" + text + ")."
}
