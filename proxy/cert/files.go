package cert

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

const (
	prefix        = name
	foreignPrefix = "mitmproxy"
)

// What stands beside the CA file, as prefix + suffix.
const (
	suffixCA      = "-ca.pem"
	suffixCAP12   = "-ca.p12"
	suffixCert    = "-ca-cert.pem"
	suffixCertCER = "-ca-cert.cer" // the same PEM: Android asks for this ending
	suffixCertP12 = "-ca-cert.p12"
)

// p12 is how PKCS#12 files are written. Their password is empty, so no cipher
// protects them and what counts is that every device reads them: 3DES and SHA-1
// do, also in Windows before 2019 and old macOS and Android, and OpenSSL 3
// needs no legacy provider for them.
var p12 = pkcs12.LegacyDES

// Load reads the CA from dir, or makes one there if dir holds none. A
// mitmproxy-ca.pem is used as it is when there is no sluice-ca.pem, so that
// devices that trust it still do. Any number of processes may Load at once:
// they end up with the same CA. Errors are one line and say what to do.
func Load(dir string, now time.Time) (*Authority, error) {
	return LoadConfig(Config{Dir: dir}, now)
}

// Config says where the CA is and what it is like.
type Config struct {
	Dir string
	// Passphrase is that of the CA's private key, which may be encrypted (see SetCustom for the kinds).
	// A key that is not ignores it.
	Passphrase string
	// KeySize is the number of bits of RSA keys. A CA that is made has such a key then; 0: it has
	// one of ECDSA, and RSA keys of leaves have 2048 bits.
	KeySize int
}

// LoadConfig is Load for a CA that is not like most.
func LoadConfig(c Config, now time.Time) (*Authority, error) {
	dir := c.Dir
	path, err := find(dir)
	created := false
	if err == nil && path == "" {
		path = filepath.Join(dir, prefix+suffixCA)
		created, err = create(c, path, now)
	}
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w: make %s usable, or "+elsewhere, err, dir)
	}
	a, err := open(path, c, now)
	if err != nil {
		return nil, err
	}
	if err := a.export(dir, created); err != nil && created {
		return nil, fmt.Errorf("certificate authority: %w: make room in %s, or "+elsewhere, err, dir)
	}
	return a, nil
}

const elsewhere = "choose another folder with --set confdir=DIR"

// find returns the path of the CA file in dir, "" if there is none.
func find(dir string) (string, error) {
	for _, p := range []string{prefix, foreignPrefix} {
		path := filepath.Join(dir, p+suffixCA)
		_, err := os.Stat(path)
		if err == nil {
			return path, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", nil
}

// create makes a CA at path, unless another process is faster.
func create(c Config, path string, now time.Time) (bool, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return false, err
	}
	data, err := generate(c.KeySize, now)
	if err != nil {
		return false, err
	}
	err = writeAtomic(path, data, 0o600, linkNew)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

func open(path string, c Config, now time.Time) (*Authority, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificate authority: %w: make the file readable, or "+elsewhere, err)
	}
	b, err := parsePEM(data, c.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", path, err)
	}
	a, err := newAuthority(b, path, c.KeySize, now)
	if err != nil {
		return nil, fmt.Errorf("certificate authority %s: %w", path, err)
	}
	return a, nil
}

// export writes the files for devices. A CA that was there before gets only the
// public ones, and only if they are missing or speak of another CA: its key may be
// encrypted, and its folder read-only. Nothing is written beside a foreign CA.
func (a *Authority) export(dir string, created bool) error {
	if filepath.Base(a.source) != prefix+suffixCA {
		return nil
	}
	base, cert := filepath.Join(dir, prefix), a.CertPEM()
	if created {
		both, err := p12.Encode(a.key, a.cert, nil, "")
		if err != nil {
			return err
		}
		if err := writeAtomic(base+suffixCAP12, both, 0o600, os.Rename); err != nil {
			return err
		}
	} else if has, err := os.ReadFile(base + suffixCert); err == nil && bytes.Equal(has, cert) {
		return nil
	}
	bag, err := a.CertP12()
	if err != nil {
		return err
	}
	if err := writeAtomic(base+suffixCertP12, bag, 0o644, os.Rename); err != nil {
		return err
	}
	if err := writeAtomic(base+suffixCertCER, cert, 0o644, os.Rename); err != nil {
		return err
	}
	return writeAtomic(base+suffixCert, cert, 0o644, os.Rename)
}

// CertP12 returns the CA's certificate, without its key, as PKCS#12 with an empty password.
func (a *Authority) CertP12() ([]byte, error) {
	return p12.EncodeTrustStoreEntries([]pkcs12.TrustStoreEntry{{Cert: a.cert, FriendlyName: name}}, "")
}

// CertFile returns the path of the PEM file that a client has to trust, whether it exists or not.
func (a *Authority) CertFile() string {
	return a.source[:max(0, len(a.source)-len(suffixCA))] + suffixCert
}

// writeAtomic writes a temporary file beside path and hands it to place, so
// that path never holds a part of data nor, for a moment, wider permissions.
func writeAtomic(path string, data []byte, mode fs.FileMode, place func(from, to string) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { // after a rename there is nothing left to remove
		if rm := os.Remove(f.Name()); err == nil && !errors.Is(rm, fs.ErrNotExist) {
			err = rm
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return place(f.Name(), path)
}

// linkNew puts a file in its place unless there is one, which is fs.ErrExist.
func linkNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// The file system knows no links. Two first starts within the same moment
	// may then differ until the next start; the file itself is always whole.
	if _, e := os.Stat(to); e == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}
