package addon

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sluice/proxy/cert"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// maxSessions is how many servers' TLS sessions are kept to be resumed.
const maxSessions = 4096

// readTLSSettings reads the options and the files they name. The client's ticket keys are not set.
func readTLSSettings(o *option.Options) (*tlsSettings, error) {
	s := &tlsSettings{http2: o.Bool("http2"), upstreamCert: o.Bool("upstream_cert"), addChain: o.Bool("add_upstream_certs_to_client_chain")}
	if s.addChain && !s.upstreamCert {
		return nil, errors.New("add_upstream_certs_to_client_chain needs upstream_cert: set that too, or neither")
	}
	var err error
	if s.client, err = newConfig(o, "client"); err != nil {
		return nil, err
	}
	if s.server, err = newConfig(o, "server"); err != nil {
		return nil, err
	}
	if o.Bool("request_client_cert") {
		s.client.ClientAuth = tls.RequestClientCert
	}
	s.server.ClientSessionCache = tls.NewLRUClientSessionCache(maxSessions)
	s.server.InsecureSkipVerify = o.Bool("ssl_insecure")
	s.server.RootCAs, err = trusted(o.Str("ssl_verify_upstream_trusted_ca"), o.Str("ssl_verify_upstream_trusted_confdir"))
	if err != nil {
		return nil, err
	}
	return s, s.readClientCerts(o.Str("client_certs"))
}

// needsRSA reports whether a client can speak only with who has an RSA key: TLS 1.2 or older, and no cipher with ECDSA
// among those of both sides.
func needsRSA(h *layer.ClientHello, c *tls.Config) bool {
	if h == nil || len(h.CipherSuites) == 0 ||
		slices.Contains(h.Versions, tls.VersionTLS13) && (c.MaxVersion == 0 || c.MaxVersion >= tls.VersionTLS13) {
		return false
	}
	return !slices.ContainsFunc(h.CipherSuites, func(id uint16) bool {
		return option.IsECDSA(id) && (c.CipherSuites == nil || slices.Contains(c.CipherSuites, id))
	})
}

// newConfig returns a base for all connections of one side, "client" or "server". The size of records
// is not adapted: bytes come in pieces that are worth one.
func newConfig(o *option.Options, side string) (*tls.Config, error) {
	oldest, newest := "tls_version_"+side+"_min", "tls_version_"+side+"_max"
	c := &tls.Config{
		MinVersion: option.TLSVersion(o.Str(oldest)), MaxVersion: option.TLSVersion(o.Str(newest)),
		DynamicRecordSizingDisabled: true,
	}
	if c.MinVersion == 0 {
		c.MinVersion = tls.VersionTLS10
	}
	if c.MaxVersion != 0 && c.MaxVersion < c.MinVersion {
		return nil, fmt.Errorf("%s=%s is newer than %s=%s: no version is left", oldest, o.Str(oldest), newest, o.Str(newest))
	}
	list := o.Str("ciphers_" + side)
	if list == "" && c.MinVersion < tls.VersionTLS12 { // who asks for old versions needs their ciphers
		list = "ALL"
	}
	var err error
	if list != "" {
		if c.CipherSuites, err = option.ParseCiphers(list); err != nil {
			return nil, err
		}
	}
	if name := o.Str("tls_ecdh_curve_" + side); name != "" {
		id, err := option.ParseCurve(name)
		if err != nil {
			return nil, err
		}
		c.CurvePreferences = []tls.CurveID{id}
	}
	return c, nil
}

// trusted reads authorities from a PEM file and from the files of a directory. It returns nil, the system's, if there is neither.
func trusted(file, dir string) (*x509.CertPool, error) {
	if file == "" && dir == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	if file != "" {
		pem, err := os.ReadFile(option.ExpandHome(file))
		if err != nil {
			return nil, fmt.Errorf("ssl_verify_upstream_trusted_ca: %w", err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ssl_verify_upstream_trusted_ca: there is no PEM certificate in %s", file)
		}
	}
	if dir == "" {
		return pool, nil
	}
	dir = option.ExpandHome(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("ssl_verify_upstream_trusted_confdir: %w", err)
	}
	found := false
	for _, e := range entries {
		if pem, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil && pool.AppendCertsFromPEM(pem) {
			found = true
		}
	}
	if !found {
		return nil, fmt.Errorf("ssl_verify_upstream_trusted_confdir: there is no PEM certificate in %s", dir)
	}
	return pool, nil
}

// readClientCerts reads a PEM file for all servers, or a directory of files that are named after servers.
func (s *tlsSettings) readClientCerts(path string) error {
	if path == "" {
		return nil
	}
	path = option.ExpandHome(path)
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("client_certs: %w", err)
	}
	if !info.IsDir() {
		s.clientCert, err = readKeyPair(path)
		return err
	}
	files, err := filepath.Glob(filepath.Join(path, "*.pem"))
	if err != nil {
		return fmt.Errorf("client_certs: %w", err)
	}
	s.clientCerts = make(map[string]*tls.Certificate, len(files))
	for _, f := range files {
		pair, err := readKeyPair(f)
		if err != nil {
			return err
		}
		s.clientCerts[strings.ToLower(strings.TrimSuffix(filepath.Base(f), ".pem"))] = pair
	}
	return nil
}

func readKeyPair(file string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(file, file)
	if err != nil {
		return nil, fmt.Errorf("client_certs: %s must hold a certificate and its unencrypted key in PEM: %w", file, err)
	}
	return &pair, nil
}

// setCustom gives the authority the certificates of the option certs. What is only a warning is logged.
func (t *TLSConfig) setCustom(specs []string, passphrase string) error {
	err := t.ca.SetCustom(specs, passphrase)
	if errors.Is(err, cert.ErrCustomCA) {
		t.log.Warn("certs", "warning", err)
		return nil
	}
	return err
}

// openKeyLog opens the file for session secrets that the environment names; nil if it names none.
func openKeyLog(env func(string) string) (io.Writer, error) {
	path := env("MITMPROXY_SSLKEYLOGFILE")
	if path == "" {
		path = env("SSLKEYLOGFILE")
	}
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the key log file that SSLKEYLOGFILE names: %w", err)
	}
	return f, nil
}
