package option

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"
)

func TestParseCiphers(t *testing.T) {
	const gcm, chacha = tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
	for s, want := range map[string][]uint16{
		"ECDHE-RSA-AES128-GCM-SHA256":                                        {gcm},
		"ecdhe-rsa-aes128-gcm-sha256, ECDHE-ECDSA-CHACHA20-POLY1305":         {gcm, chacha},
		"@SECLEVEL=0:TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256":                  {gcm},
		"TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256":                 {gcm},
		"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256":            {gcm},
		"ECDHE-RSA-AES128-GCM-SHA256:AES128-SHA:-AES128-SHA":                 {gcm},
		"!AES128-SHA:AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256":                 {gcm},
		"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:!RC4-SHA": {gcm, chacha},
	} {
		if got, err := ParseCiphers(s); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %x, %v", s, got, err)
		}
	}
	all, err := ParseCiphers("ALL")
	if err != nil || len(all) != len(opensslNames) {
		t.Errorf("ALL has %d ciphers of %d, %v", len(all), len(opensslNames), err)
	}
	for name, id := range opensslNames {
		if !slices.Contains(all, id) {
			t.Errorf("%s is no cipher of crypto/tls", name)
		}
	}
	safe, err := ParseCiphers("DEFAULT")
	if err != nil || len(safe) == 0 || slices.Contains(safe, tls.TLS_RSA_WITH_RC4_128_SHA) {
		t.Error("DEFAULT:", safe, err)
	}
	for s, want := range map[string]string{
		"DHE-RSA-AES128-SHA":     "no cipher \"DHE-RSA-AES128-SHA\": choose from ALL, DEFAULT, AES128-GCM-SHA256",
		"TLS_AES_128_GCM_SHA256": "always on",
		"AES128-SHA:!AES128-SHA": "no cipher of TLS 1.0 to 1.2 is left",
		":":                      "no cipher",
	} {
		if _, err := ParseCiphers(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestTLSOptionsAreRefusedInWords(t *testing.T) {
	for set, want := range map[string]string{
		"ciphers_client=CAMELLIA128-SHA":  "ECDHE-ECDSA-AES128-GCM-SHA256",
		"tls_ecdh_curve_server=secp256k1": "choose one of prime256v1",
		"tls_version_client_max=SSL3":     "choose one of UNBOUNDED, TLS1,",
		"tls_passthrough_after=-1":        "at least 0",
	} {
		if err := New().Set(set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", set, err)
		}
	}
	if err := New().Set("ciphers_client=ALL", "tls_ecdh_curve_client=X25519", "tls_ecdh_curve_server=P-384"); err != nil {
		t.Error(err)
	}
}
