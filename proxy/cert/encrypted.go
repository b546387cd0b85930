package cert

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"hash"
)

var (
	errNoPassphrase    = errors.New("it is encrypted: give its passphrase with --cert-passphrase")
	errWrongPassphrase = errors.New("it is encrypted and the passphrase does not fit: check --cert-passphrase")
	errKeyCipher       = errors.New("it is encrypted in an unknown way: " +
		"convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc`")
)

// decryptKey returns the DER of a key block, decrypted if need be.
func decryptKey(block *pem.Block, passphrase string) ([]byte, error) {
	legacy := block.Headers["DEK-Info"] != ""
	switch {
	case !legacy && block.Type != pemEncrypted:
		return block.Bytes, nil
	case passphrase == "":
		return nil, errNoPassphrase
	case !legacy:
		return decryptPKCS8(block.Bytes, passphrase)
	}
	//lint:ignore SA1019 weak as it is, it is what existing key files are encrypted with (RFC 1423)
	der, err := x509.DecryptPEMBlock(block, []byte(passphrase))
	if errors.Is(err, x509.IncorrectPasswordError) {
		return nil, errWrongPassphrase
	}
	return der, err
}

// The structures of RFC 5958 §3 and RFC 8018 §A.2 and §A.4.
type (
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Data      []byte
	}
	pbes2Params  struct{ KDF, Cipher pkix.AlgorithmIdentifier }
	pbkdf2Params struct {
		Salt       []byte
		Iterations int
		KeyLength  int                      `asn1:"optional"`
		PRF        pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

// A key file is the user's own, but a typo in it shall not hang the start.
const maxIterations = 50_000_000

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// decryptPKCS8 undoes PBES2 with PBKDF2, the only scheme for PKCS#8 that OpenSSL has written for many years.
func decryptPKCS8(der []byte, passphrase string) ([]byte, error) {
	var (
		k    encryptedKey
		p    pbes2Params
		kdf  pbkdf2Params
		iv   []byte
		read = func(b []byte, v any) bool { _, err := asn1.Unmarshal(b, v); return err == nil }
	)
	ok := read(der, &k) && k.Algorithm.Algorithm.Equal(oidPBES2) && read(k.Algorithm.Parameters.FullBytes, &p) &&
		p.KDF.Algorithm.Equal(oidPBKDF2) && read(p.KDF.Parameters.FullBytes, &kdf) &&
		read(p.Cipher.Parameters.FullBytes, &iv) && kdf.Iterations > 0 && kdf.Iterations <= maxIterations
	prf, size, newBlock := prfs[kdf.PRF.Algorithm.String()], 0, (func([]byte) (cipher.Block, error))(nil)
	if c, known := keyCiphers[p.Cipher.Algorithm.String()]; known {
		size, newBlock = c.size, c.newBlock
	}
	if !ok || prf == nil || newBlock == nil {
		return nil, errKeyCipher
	}
	key, err := pbkdf2.Key(prf, passphrase, kdf.Salt, kdf.Iterations, size)
	if err != nil {
		return nil, err
	}
	block, err := newBlock(key)
	if err != nil {
		return nil, err
	}
	n := block.BlockSize()
	if len(iv) != n || len(k.Data) == 0 || len(k.Data)%n != 0 {
		return nil, errKeyCipher
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(k.Data, k.Data)
	return unpad(k.Data, n)
}

// unpad removes the padding of RFC 8018 §6.1.1. Wrong padding, and what is no
// DER sequence, means a wrong passphrase.
func unpad(b []byte, n int) ([]byte, error) {
	pad := int(b[len(b)-1])
	if pad == 0 || pad > n || b[0] != 0x30 {
		return nil, errWrongPassphrase
	}
	data, tail := b[:len(b)-pad], b[len(b)-pad:]
	if !bytes.Equal(tail, bytes.Repeat(tail[pad-1:], pad)) {
		return nil, errWrongPassphrase
	}
	return data, nil
}

// prfs by object identifier; the absent one is HMAC-SHA-1 (RFC 8018 §A.2).
var prfs = map[string]func() hash.Hash{
	"":                    sha1.New,
	"1.2.840.113549.2.7":  sha1.New,
	"1.2.840.113549.2.9":  sha256.New,
	"1.2.840.113549.2.10": sha512.New384,
	"1.2.840.113549.2.11": sha512.New,
}

type keyCipher struct {
	size     int // of its key, in bytes
	newBlock func([]byte) (cipher.Block, error)
}

var keyCiphers = map[string]keyCipher{
	"2.16.840.1.101.3.4.1.2":  {16, aes.NewCipher},
	"2.16.840.1.101.3.4.1.22": {24, aes.NewCipher},
	"2.16.840.1.101.3.4.1.42": {32, aes.NewCipher},
	"1.2.840.113549.3.7":      {24, des.NewTripleDESCipher},
}
